"""One pipelined connection to the mail server (RFC 5321, 2920, 6152).

A state machine fed by the event loop, without a task or a future per mail. The envelope of the next mail goes
out together with the final dot of the present one; its content only after the present one's reply. So at any
moment at most one mail of a connection is begun without a reply.
"""

import asyncio
import base64
import ssl
from collections.abc import Iterable
from typing import Protocol

from msgspec import Struct

from consent.contract import Outcome, Permit


class Job(Struct, frozen=True):
    """The bytes of a mail, without the final dot, and the right to send it."""

    data: bytes
    eight_bit: bool
    permit: Permit


class Account(Protocol):
    """What a connection tells, and asks, whoever owns it."""

    def next_job(self) -> Job | None:
        """The next mail to hand over, if there is one."""

    def may_begin(self, permit: Permit) -> bool:
        """Whether the final dot may still be sent: the deadline has not passed, nothing was withdrawn."""

    def begins(self, permit: Permit) -> None:
        """The final dot is written right after this returns."""

    def ended(self, permit: Permit, outcome: Outcome, code: int, text: str) -> None:
        """The attempt is over."""

    def lost(self, connection: "Connection", why: str) -> None:
        """The connection is gone."""


class ServerFault(Exception):
    """The mail server cannot be used now; the message says why in plain words."""


class Login(Struct, frozen=True):
    """How to reach the server. `tls` is `none`, `starttls` or `implicit`; times are seconds."""

    host: str
    port: int
    tls: str = "none"
    user: str = ""
    password: str = ""
    timeout: float = 30
    final_timeout: float = 600
    name: str = "localhost"  # what we call ourselves in EHLO
    bounce_to: str = ""  # the envelope sender


_ENVELOPE, _CONTENT, _IDLE = "envelope", "content", "idle"


class Connection(asyncio.Protocol):
    """Open by `connect`. `kick()` makes an idle connection look for work."""

    def __init__(self, login: Login, account: Account) -> None:
        self.eight_bit = False
        self._login = login
        self._account = account
        self._transport: asyncio.Transport | None = None
        self._buffer = b""
        self._lines: list[str] = []  # of the reply that is being read
        self._said: list[str] = []  # the last whole reply
        self._dead = False
        self._pipelining = False
        self._greeted: asyncio.Future[tuple[int, list[str]]] | None = None
        self._state = _IDLE
        self._job: Job | None = None
        self._next: Job | None = None  # its envelope is on the way, behind the present content
        self._owed: list[bytes] = []  # commands not written yet, for servers without PIPELINING
        self._answers: list[tuple[int, str]] = []  # to the present envelope: MAIL, RCPT, DATA
        self._begun = False
        self._resetting = 0
        self._timer: asyncio.TimerHandle | None = None
        self._why = ""

    # opening

    async def open(self) -> None:
        """Connect, greet, secure and log in. Raises `ServerFault`."""
        login, loop = self._login, asyncio.get_running_loop()
        secure = ssl.create_default_context() if login.tls != "none" else None
        place = f"{login.host}:{login.port}"
        try:
            async with asyncio.timeout(login.timeout):
                self._greeted = loop.create_future()
                await loop.create_connection(
                    lambda: self, login.host, login.port, ssl=secure if login.tls == "implicit" else None
                )
                self._expect(await self._greeted, 220, "greeting")
                await self._hello()
                if login.tls == "starttls":
                    self._expect(await self._ask(b"STARTTLS\r\n"), 220, "STARTTLS")
                    transport = self._transport
                    assert transport is not None
                    assert secure is not None
                    new = await loop.start_tls(transport, self, secure, server_hostname=login.host)
                    assert isinstance(new, asyncio.Transport)
                    self._transport, self._buffer, self._lines = new, b"", []
                    await self._hello()
                if login.user:
                    secret = base64.b64encode(f"\0{login.user}\0{login.password}".encode())
                    self._expect(await self._ask(b"AUTH PLAIN " + secret + b"\r\n"), 235, "login")
        except TimeoutError:
            self.abort("no answer in time")
            raise ServerFault(f"The mail server at {place} does not answer.") from None
        except OSError as fault:
            self.abort("cannot connect")
            raise ServerFault(f"The mail server at {place} cannot be reached: {fault}") from None
        except ServerFault:
            self.abort("greeting failed")
            raise
        self._greeted = None

    async def _hello(self) -> None:
        code, lines = await self._ask(b"EHLO " + self._login.name.encode("ascii") + b"\r\n")
        self._expect((code, lines), 250, "EHLO")
        words = {line.split(" ")[0].upper() for line in lines[1:]}
        self._pipelining = "PIPELINING" in words
        self.eight_bit = "8BITMIME" in words

    async def _ask(self, command: bytes) -> tuple[int, list[str]]:
        self._greeted = asyncio.get_running_loop().create_future()
        self._write(command)
        return await self._greeted

    def _expect(self, answer: tuple[int, list[str]], code: int, what: str) -> None:
        if answer[0] != code:
            said = " ".join([str(answer[0]), *answer[1]])
            raise ServerFault(
                f"The mail server at {self._login.host}:{self._login.port} refused the {what}: {said}"
            )

    # working

    @property
    def idle(self) -> bool:
        open_ = self._transport is not None and not self._dead and self._greeted is None
        return open_ and self._state is _IDLE and not self._resetting

    def kick(self) -> None:
        """Take the next mail, if idle."""
        if self.idle and (job := self._account.next_job()) is not None:
            self._begin_envelope(job)
            self._flush()

    def quit(self) -> None:
        """Say goodbye and close. An idle connection loses nothing by it."""
        if self._transport is not None:
            self._write(b"QUIT\r\n")
            self._transport.close()

    def abort(self, why: str) -> None:
        """Break the connection off. What was begun without a reply is unknown."""
        self._why = self._why or why
        self._dead = True
        if self._transport is not None:
            self._transport.abort()

    def _begin_envelope(self, job: Job) -> None:
        self._job, self._state, self._answers = job, _ENVELOPE, []
        self._owed = self._envelope(job)

    def _envelope(self, job: Job) -> list[bytes]:
        body = b" BODY=8BITMIME" if job.eight_bit else b""
        return [
            b"MAIL FROM:<" + self._login.bounce_to.encode("ascii") + b">" + body + b"\r\n",
            b"RCPT TO:<" + job.permit.recipient.encode("ascii") + b">\r\n",
            b"DATA\r\n",
        ]

    def _flush(self) -> None:
        """Write what may be written now: all of a group, or one command where the server wants that."""
        if self._owed:
            part = self._owed if self._pipelining else self._owed[:1]
            self._owed = self._owed[len(part) :]
            self._write(b"".join(part))
        self._arm(self._login.timeout)

    def _answered(self, code: int, text: str) -> None:
        """One whole reply has come."""
        if self._greeted is not None and not self._greeted.done():
            self._greeted.set_result((code, self._said))
            return
        if self._resetting:
            self._resetting -= 1
            self._go_on()
            return
        if code == 421:
            self._why = f"the server closes: {text}"
        if self._state is _ENVELOPE:
            self._answers.append((code, text))
            if len(self._answers) == 3:
                self._envelope_answered()
            else:
                self._flush()
        elif self._state is _CONTENT:
            self._content_answered(code, text)
        else:
            self.abort(f"an answer to nothing: {code} {text}")

    def _envelope_answered(self) -> None:
        job = self._job
        assert job is not None
        refused = next((answer for answer in self._answers[:2] if answer[0] // 100 != 2), None)
        go_ahead = self._answers[2][0] == 354
        if refused is None and go_ahead:
            self._send_content(job)
            return
        code, text = refused or self._answers[2]
        if go_ahead:  # the server wants content although it took no recipient: give it none (RFC 2920 3.1)
            self._write(b".\r\n")
            self._resetting += 1
        self._job, self._state = None, _IDLE
        self._account.ended(job.permit, _judge(code), code, text)
        if not go_ahead:
            self._write(b"RSET\r\n")
            self._resetting += 1
        self._arm(self._login.timeout)

    def _send_content(self, job: Job) -> None:
        transport = self._transport
        assert transport is not None
        transport.write(job.data)
        if transport.get_write_buffer_size() == 0:
            self._send_dot(job)
        else:
            self._state = _CONTENT  # `resume_writing` sends the dot once the server has read the rest
            self._arm(self._login.timeout)

    def resume_writing(self) -> None:
        if self._state is _CONTENT and not self._begun and self._job is not None:
            self._send_dot(self._job)

    def _send_dot(self, job: Job) -> None:
        if not self._account.may_begin(job.permit):
            # content without a dot is no mail; the only way out of DATA is to hang up (RFC 5321 4.1.1.4)
            self.abort("a permit ran out before the final dot")
            return
        self._state = _CONTENT
        if self._pipelining:
            self._next = self._account.next_job()
        group = b".\r\n" + (b"".join(self._envelope(self._next)) if self._next is not None else b"")
        self._begun = True
        self._account.begins(job.permit)
        self._write(group)
        self._arm(self._login.final_timeout)

    def _content_answered(self, code: int, text: str) -> None:
        job = self._job
        if job is None or not self._begun:
            self.abort(f"an answer before the final dot: {code} {text}")
            return
        self._begun, self._job, self._state = False, None, _IDLE
        self._account.ended(job.permit, _judge(code), code, text)
        self._go_on()

    def _go_on(self) -> None:
        self._disarm()
        if self._next is not None:
            job, self._next = self._next, None
            self._job, self._state, self._answers, self._owed = job, _ENVELOPE, [], []
            self._arm(self._login.timeout)
        else:
            self.kick()

    # wire

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        # so that `resume_writing` means: everything has left for the kernel
        transport.set_write_buffer_limits(high=0, low=0)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while not self._dead and (end := self._buffer.find(b"\n")) >= 0:
            line, self._buffer = self._buffer[: end + 1], self._buffer[end + 1 :]
            self._line(line.rstrip(b"\r\n").decode("utf-8", "replace"))
        if len(self._buffer) > 8192:
            self.abort("an endless reply")

    def _line(self, line: str) -> None:
        code = line[:3]
        if not (code.isascii() and code.isdigit() and line[3:4] in ("", " ", "-")):
            self.abort(f"a reply that is none: {line[:80]!r}")
            return
        self._lines.append(line[4:])
        if line[3:4] != "-":
            self._said, self._lines = self._lines, []
            self._answered(int(code), " ".join(self._said))

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._disarm()
        why = self._why or (str(exc) if exc else "the server closed the connection")
        if self._greeted is not None and not self._greeted.done():
            self._greeted.set_exception(ServerFault(f"The mail server hung up: {why}."))
        for job in self._unfinished():
            begun = self._begun and job is self._job
            self._account.ended(job.permit, Outcome.UNKNOWN if begun else Outcome.RELEASED, 0, why)
        self._job = self._next = None
        self._account.lost(self, why)

    def _unfinished(self) -> Iterable[Job]:
        return [job for job in (self._job, self._next) if job is not None]

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def _arm(self, seconds: float) -> None:
        self._disarm()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(seconds, self.abort, f"no reply within {seconds:g} seconds")

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _judge(code: int) -> Outcome:
    if code // 100 == 2:
        return Outcome.ACCEPTED
    return Outcome.DEFERRED if code // 100 == 4 else Outcome.REFUSED
