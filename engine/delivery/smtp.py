"""One pipelined connection to the mail server (RFC 5321, 2920, 6152, 3461).

A state machine fed by the event loop, without a task or a future per mail. The envelope of the next mail goes
out together with the final dot of the present one; its content only after the present one's reply. So at any
moment at most one mail of a connection is begun without a reply. Content and dot go to the kernel in one call
where it takes all of both; where it does not, the dot waits until the content has left, and is checked anew.
"""

import asyncio
import base64
import os
import ssl
from collections.abc import Awaitable, Callable
from typing import TypeAlias, cast

from consent.contract import Outcome
from engine.delivery.deadline import Deadline
from engine.delivery.job import Account, Job
from engine.delivery.login import Login, Refused, ServerFault, expect, why_of
from engine.delivery.replies import Garbled, Replies, Reply

Dial: TypeAlias = Callable[[asyncio.Protocol, str, int], Awaitable[object]]
"""Connects a protocol to a host and a port. Raises `OSError`."""


async def by_tcp(protocol: asyncio.Protocol, host: str, port: int) -> None:
    """The usual way to a mail server."""
    await asyncio.get_running_loop().create_connection(lambda: protocol, host, port)


_ENVELOPE, _CONTENT, _IDLE = "envelope", "content", "idle"

_LOOK_AGAIN = 0.01
"""Seconds between looks whether encrypted bytes have left: TLS does not tell when they have."""

_PROMPT = 1.0
"""Seconds within which a server should answer: else it gets no envelope ahead, and no permits are claimed for
it."""


class Connection(asyncio.Protocol):
    """Open by `open`, once. `kick` makes an idle connection look for work."""

    def __init__(self, login: Login, account: Account, dial: Dial = by_tcp) -> None:
        self.eight_bit = False
        self.served = False  # whether any mail was answered, one way or the other
        self.left = False  # whether it was we who hung up, for a permit that ran out
        self._login = login
        self._bounce_to = login.bounce_to.encode("ascii")
        self._dial = dial
        self._account = account
        self._transport: asyncio.Transport | None = None
        self._under: asyncio.Transport | None = None  # TLS: the transport below
        self._place: Callable[[], int] | None = None  # the number of what an unencrypted transport writes to
        self._replies = Replies()
        self._dead = False
        self._why = ""
        self._asked: asyncio.Future[Reply] | None = None  # while opening
        self._pipelining = False
        self._notices = False
        self._prompt = True
        self._state = _IDLE
        self._job: Job | None = None
        self._next: Job | None = None  # its envelope is on the way, behind the present content
        self._expired = False  # the envelope on the way has lost its mail
        self._owed: list[bytes] = []  # commands not written yet, for servers without PIPELINING
        self._answers: list[Reply] = []  # to the present envelope: MAIL, RCPT, DATA
        self._begun = False
        self._resetting = False
        self._deadline = Deadline(self._missed)
        self._look: asyncio.TimerHandle | None = None

    # opening

    async def open(self) -> None:
        """Connect, greet, secure and log in. Raises `ServerFault`."""
        login = self._login
        place = f"The mail server at {login.host}:{login.port}"
        opened = False
        try:
            async with asyncio.timeout(login.timeout):
                await self._open()
            opened = True
        except TimeoutError:
            raise ServerFault(f"{place} does not answer.") from None
        except OSError as fault:
            raise ServerFault(f"{place} cannot be reached: {why_of(fault)}.") from None
        except UnicodeError:
            raise ServerFault(f"{place} cannot be reached: this is no name of a host.") from None
        except Refused as fault:
            raise ServerFault(f"{place} {fault}") from None
        finally:
            if not opened:
                self.abort("the connection was not opened")
            if self._asked is not None and self._asked.done() and not self._asked.cancelled():
                self._asked.exception()  # it has been said by other means
            self._asked = None

    async def _open(self) -> None:
        login, loop = self._login, asyncio.get_running_loop()
        self._asked = loop.create_future()
        await self._dial(self, login.host, login.port)
        if login.tls == "implicit":
            await self._secure()
        expect(await self._asked, 220, "greeting")
        await self._hello()
        if login.tls == "starttls":
            expect(await self._ask(b"STARTTLS\r\n"), 220, "encryption (STARTTLS)")
            await self._secure()
            await self._hello()
        if login.user:
            secret = base64.b64encode(f"\0{login.user}\0{login.password}".encode())
            expect(await self._ask(b"AUTH PLAIN " + secret + b"\r\n"), 235, "login")

    async def _secure(self) -> None:
        transport = self._transport
        if transport is None or self._dead:
            raise Refused(f"hung up: {self._why or 'without a word'}.")
        login, context = self._login, ssl.create_default_context()
        # what was said before encryption is not to be believed (CVE-2011-0411)
        self._under, self._place, self._replies = transport, None, Replies()
        new = await asyncio.get_running_loop().start_tls(transport, self, context, server_hostname=login.host)
        if new is None:
            raise Refused("hung up while encryption was agreed.")
        self._transport = new
        new.set_write_buffer_limits(high=0, low=0)

    async def _hello(self) -> None:
        reply = await self._ask(b"EHLO " + self._login.name.encode("ascii") + b"\r\n")
        expect(reply, 250, "EHLO")
        words = {line.split(" ")[0].upper() for line in reply.lines[1:]}
        self._pipelining = "PIPELINING" in words
        self.eight_bit = "8BITMIME" in words
        self._notices = self._login.notices and "DSN" in words

    async def _ask(self, command: bytes) -> Reply:
        if self._transport is None or self._dead:
            raise Refused(f"hung up: {self._why or 'without a word'}.")
        self._asked = asyncio.get_running_loop().create_future()
        self._write(command)
        return await self._asked

    # working

    @property
    def idle(self) -> bool:
        open_ = self._transport is not None and not self._dead and self._asked is None
        return open_ and self._state is _IDLE and not self._resetting

    @property
    def stuck(self) -> bool:
        """Whether the server has owed an answer for longer than it should."""
        since = self._deadline.since
        return since is not None and asyncio.get_running_loop().time() - since > _PROMPT

    def kick(self) -> None:
        """Take the next mail, if idle."""
        if self.idle and (job := self._account.next_job(self.eight_bit)) is not None:
            self._job, self._state, self._answers = job, _ENVELOPE, []
            self._owed = self._envelope(job)
            self._write_owed()

    def expire(self) -> None:
        """Give back mails that are not begun and whose permits have run out."""
        job = self._next
        if job is not None and not self._account.may_begin(job.permit):
            self._next, self._expired = None, self._begun  # its envelope goes with the dot
            self._account.ended(job.permit, Outcome.RELEASED, 0, "the server was too slow")
        job = self._job
        if job is not None and not self._begun and not self._account.may_begin(job.permit):
            self.abort("a permit ran out before the final dot", left=True)

    def quit(self) -> None:
        """Say goodbye and close. An idle connection loses nothing by it."""
        if self._transport is not None:
            self._write(b"QUIT\r\n")
            self._transport.close()

    def abort(self, why: str, left: bool = False) -> None:
        """Break the connection off. What was begun without a reply is unknown."""
        self._why, self.left = self._why or why, left
        self._dead = True
        if self._transport is not None:
            self._transport.abort()

    def _envelope(self, job: Job) -> list[bytes]:
        body = b" BODY=8BITMIME" if job.eight_bit else b""
        notify = b""
        if self._notices:
            # the key comes back as Original-Envelope-Id, and the head with the Message-ID (RFC 3461 4.3, 4.4)
            body += b" RET=HDRS ENVID=" + job.permit.key.encode("ascii")
            notify = b" NOTIFY=SUCCESS,FAILURE"
        return [
            b"MAIL FROM:<%b>%b\r\n" % (self._bounce_to, body),
            b"RCPT TO:<%b>%b\r\n" % (job.recipient, notify),
            b"DATA\r\n",
        ]

    def _write_owed(self) -> None:
        """Write what may be written now: all of a group, or one command where the server wants that."""
        part = self._owed if self._pipelining else self._owed[:1]
        self._owed = self._owed[len(part) :]
        self._write(b"".join(part))
        self._arm(self._login.timeout)

    def _answered(self, reply: Reply) -> None:
        """One whole reply has come."""
        if self._asked is not None and not self._asked.done():
            self._asked.set_result(reply)
        elif self._resetting:
            self._resetting = False
            self._go_on()
        elif self._state is _ENVELOPE:
            self._answers.append(reply)
            self._envelope_answered()
        elif self._begun:
            self._content_answered(reply)
        else:
            self.abort(f"the server said, unasked: {reply.text}")

    def _envelope_answered(self) -> None:
        """An answer to MAIL, RCPT or DATA. A refusal is acted on when nothing more is to come."""
        job, answers = self._job, self._answers
        assert job is not None
        refused = next((answer for answer in answers[:2] if answer.code // 100 != 2), None)
        if answers[-1].code == 421:
            self._end(job, refused or answers[-1])
            self.abort(f"the server closes: {answers[-1].text}")
        elif len(answers) < 3 and (refused is None or self._pipelining):
            if self._owed:
                self._write_owed()
        elif refused is None and answers[2].code == 354:
            self._send_content(job)
        elif self._end(job, refused or answers[2]):
            go_ahead = len(answers) == 3 and answers[2].code == 354
            # A server that wants content although it took no recipient is given none (RFC 2920 3.1).
            self._write(b".\r\n" if go_ahead else b"RSET\r\n")
            self._owed, self._resetting = [], True
            self._arm(self._login.timeout)

    def _send_content(self, job: Job) -> None:
        self._state = _CONTENT
        closing = self._transport is None or self._transport.is_closing()
        if self._place is not None and not closing and not self._unsent():
            self._send_whole(job, self._place())
        else:
            self._write(job.data)
            self._arm(self._login.timeout)
            self._send_dot()

    def _send_whole(self, job: Job, place: int) -> None:
        """Write content and dot in one call, past the transport: that would keep what the kernel does not
        take, and write it whenever it can. Unless all of the content is taken, the dot has not left."""
        group = self._begin(job)
        if not group:
            return
        try:
            taken = os.writev(place, (job.data, group))
        except OSError:  # the kernel has no room, or the connection is broken, which the transport will find
            taken = 0
        left = taken - len(job.data)
        if left > 0:
            if left < len(group):
                self._write(group[left:])
            return
        self._begun = False
        self._account.holds(job.permit)
        self._write(job.data[taken:])
        self._arm(self._login.timeout)
        self._send_dot()

    def _send_dot(self) -> None:
        """Write the final dot once all of the content has left, so that it comes right after the check."""
        job = self._job
        if job is None or self._state is not _CONTENT or self._begun or self._dead:
            return
        if self._transport is None or self._transport.is_closing():
            return  # what broke here has not begun: it is released when the connection is lost
        if self._unsent():
            if self._under is not None:
                self._look = asyncio.get_running_loop().call_later(_LOOK_AGAIN, self._send_dot)
            return
        if group := self._begin(job):
            self._write(group)

    def _begin(self, job: Job) -> bytes:
        """The final dot, with the envelope of the next mail, to be written as soon as this returns; empty if
        the mail may not go any more."""
        if not self._account.may_begin(job.permit):
            # content without a dot is no mail; the only way out of DATA is to hang up (RFC 5321 4.1.1.4)
            self.abort("a permit ran out before the final dot", left=True)
            return b""
        if self._next is None and self._pipelining and self._prompt:
            self._next = self._account.next_job(self.eight_bit)
        envelope = self._envelope(self._next) if self._next is not None else []
        self._arm(self._login.final_timeout)
        self._begun = True
        self._account.begins(job.permit)
        return b"".join((b".\r\n", *envelope))

    def _unsent(self) -> int:
        """Bytes that have not left for the kernel."""
        return sum(
            transport.get_write_buffer_size()
            for transport in (self._transport, self._under)
            if transport is not None
        )

    def _content_answered(self, reply: Reply) -> None:
        job = self._job
        assert job is not None
        self._prompt = not self.stuck
        if not self._end(job, reply):
            return
        if reply.code == 421:
            self.abort(f"the server closes: {reply.text}")
        elif self._expired:
            self.abort("a permit ran out behind a slow reply", left=True)
        else:
            self._go_on()

    def _end(self, job: Job, reply: Reply) -> bool:
        """The server has judged the present mail. False if it is no judgement: then the connection is
        over, and what became of the mail follows from how far it got."""
        outcome = _judge(reply.code)
        if outcome is None or (outcome is Outcome.ACCEPTED and not self._begun):
            self.abort(f"the server said what fits nothing: {reply.text}")
            return False
        self._begun, self._job, self._state, self.served = False, None, _IDLE, True
        self._account.ended(job.permit, outcome, reply.code, reply.text)
        return True

    def _go_on(self) -> None:
        if self._next is not None:
            self._job, self._next = self._next, None
            self._state, self._answers, self._owed = _ENVELOPE, [], []
            self._arm(self._login.timeout)
        else:
            self._disarm()
            self.kick()

    # wire

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        plain = cast(asyncio.Transport, transport)  # other loops' transports are none by inheritance
        # so that `resume_writing` means: everything has left for the kernel
        plain.set_write_buffer_limits(high=0, low=0)
        under = plain.get_extra_info("socket")
        self._transport, self._place = plain, under.fileno if under is not None else None

    def resume_writing(self) -> None:
        # not from within: a transport that is aborted in this call loses its connection twice (CPython 3.11)
        asyncio.get_running_loop().call_soon(self._send_dot)

    def data_received(self, data: bytes) -> None:
        try:
            for reply in self._replies.feed(data):
                if self._dead:
                    return
                self._answered(reply)
        except Garbled as fault:
            self.abort(str(fault))

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport, self._place, self._dead = None, None, True
        self._look_no_more()
        self._deadline.close()
        why = self._why = self._why or (str(exc) if exc else "the server closed the connection")
        if self._asked is not None and not self._asked.done():
            self._asked.set_exception(Refused(f"hung up: {why}."))
        for job in (self._job, self._next):
            if job is not None:
                begun = self._begun and job is self._job
                self._account.ended(job.permit, Outcome.UNKNOWN if begun else Outcome.RELEASED, 0, why)
        self._job = self._next = None
        self._account.lost(self, why)

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def _arm(self, seconds: float) -> None:
        self._look_no_more()
        self._deadline.set(seconds)

    def _disarm(self) -> None:
        self._look_no_more()
        self._deadline.lift()

    def _look_no_more(self) -> None:
        if self._look is not None:
            self._look.cancel()
            self._look = None

    def _missed(self, seconds: float) -> None:
        self.abort(f"no reply within {seconds:g} seconds")


def _judge(code: int) -> Outcome | None:
    return {2: Outcome.ACCEPTED, 4: Outcome.DEFERRED, 5: Outcome.REFUSED}.get(code // 100)
