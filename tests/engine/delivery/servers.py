"""Mail servers that follow a script, answer by answer, down to how the bytes are cut."""

import asyncio
import re
import socket
import ssl
import struct
from collections import Counter
from collections.abc import Callable, Mapping
from enum import Enum
from types import TracebackType
from typing import Self, cast

from engine.delivery.login import Login


class Act(Enum):
    """What a server may do instead of answering."""

    CLOSE = "close"
    HANG = "hang"
    HOLD = "hold"  # until `say` is called
    CHOKE = "choke"  # answer, and read nothing more until `say` is called
    RESET = "reset"  # answer, and break the connection off


Answer = bytes | Act
Script = Mapping[str, Answer | Callable[[int], Answer | None]]
"""By command (`connect`, `EHLO`, `MAIL`, `RCPT`, `DATA`, `dot`, …) what is answered; a function is told how
often that command came before, and gives None for the usual answer."""

USUAL: dict[str, bytes] = {
    "": b"",
    "connect": b"220 ready\r\n",
    "MAIL": b"250 sender fine\r\n",
    "RCPT": b"250 recipient fine\r\n",
    "DATA": b"354 go ahead\r\n",
    "dot": b"250 taken\r\n",
    "RSET": b"250 forgotten\r\n",
    "QUIT": b"221 bye\r\n",
    "AUTH": b"235 welcome\r\n",
    "STARTTLS": b"220 begin\r\n",
}


class Server:
    """Runs in the test's own loop. `words` are what EHLO offers; `piece` cuts replies into pieces of so many
    bytes; `tls` is used from the first byte if `implicit`, else after STARTTLS."""

    def __init__(
        self,
        script: Script | None = None,
        *,
        words: tuple[str, ...] = ("PIPELINING", "8BITMIME"),
        piece: int = 0,
        tls: ssl.SSLContext | None = None,
        implicit: bool = False,
    ) -> None:
        self.script = dict(script or {})
        self.words = words
        self.piece = piece
        self.tls = tls
        self.implicit = implicit
        self.mails: list[bytes] = []  # as they stand between DATA and the final dot
        self.commands: list[str] = []
        self.seen: Counter[str] = Counter()
        self.connections = 0
        self.most_at_once = 0  # commands in one piece
        self.open: set[_Session] = set()
        self._changed = asyncio.Event()
        self.port = 0
        self._held: list[tuple[_Session, str]] = []
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        await self.listen(0)
        return self

    async def listen(self, port: int) -> None:
        """Begin to listen; 0 takes any free port."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: _Session(self), "127.0.0.1", port, ssl=self.tls if self.implicit else None
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for session in list(self.open):
            session.transport.abort()
        await self.left()

    async def holding(self, count: int = 1) -> None:
        """Return when so many answers are held back."""
        await self._until(lambda: len(self._held) >= count)

    def say(self, answer: bytes | None = None) -> None:
        """Give the oldest held answer: the usual one, or this."""
        session, command = self._held.pop(0)
        session.say(command, USUAL[command] if answer is None else answer)

    def hold(self, session: "_Session", command: str) -> None:
        """Its answer waits for `say`."""
        self._held.append((session, command))
        self._changed.set()

    async def left(self) -> None:
        """Return when every connection is closed."""
        await self._until(lambda: not self.open)

    async def heard(self, command: str) -> None:
        """Return when that command has come."""
        await self._until(lambda: command in self.seen)

    async def _until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not holds():
                self._changed.clear()
                await self._changed.wait()

    def changed(self) -> None:
        """Something has come or gone."""
        self._changed.set()

    def login(self, **changes: object) -> Login:
        """How to reach it; times are short."""
        given: dict[str, object] = {
            "host": "127.0.0.1",
            "port": self.port,
            "timeout": 5.0,
            "final_timeout": 5.0,
            "name": "kafija.example",
            "bounce_to": "bounces@kafija.example",
        }
        return Login(**(given | changes))  # type: ignore[arg-type]

    def answer(self, command: str) -> Answer:
        """What is to be said to the command that has come."""
        scripted = self.script.get(command)
        if callable(scripted):
            scripted = scripted(self.seen[command])
        self.seen[command] += 1
        if scripted is not None:
            return scripted
        if command == "EHLO":
            lines = ["mail.example", *self.words]
            said = [f"250-{line}" for line in lines[:-1]] + [f"250 {lines[-1]}"]
            return "".join(f"{line}\r\n" for line in said).encode()
        return USUAL[command]


class _Session(asyncio.Protocol):
    def __init__(self, server: Server) -> None:
        self._server = server
        self._buffer = b""
        self._content: bool = False
        self._silent = False
        self._securing = False
        self._waiting = False
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # that of uvloop is none by inheritance
        self._server.connections += 1
        self._server.open.add(self)
        self._say("connect")

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.open.discard(self)
        self._server.changed()

    def data_received(self, data: bytes) -> None:
        if self._silent:
            return
        commands = 0
        self._buffer += data
        if self._securing or self._waiting:
            return
        while not (self._silent or self._waiting):
            if self._content:
                end = self._buffer.find(b"\r\n.\r\n")
                if self._buffer.startswith(b".\r\n"):
                    mail, self._buffer = b"", self._buffer[3:]
                elif end >= 0:
                    mail, self._buffer = self._buffer[: end + 2], self._buffer[end + 5 :]
                else:
                    break
                self._content = False
                self._server.mails.append(mail)
                self._say("dot")
            else:
                end = self._buffer.find(b"\r\n")
                if end < 0:
                    break
                line, self._buffer = self._buffer[:end].decode(), self._buffer[end + 2 :]
                commands += 1
                self._server.most_at_once = max(self._server.most_at_once, commands)
                self._server.commands.append(line)
                self._say(line.split(" ")[0].split(":")[0].upper())

    def _say(self, command: str) -> None:
        answer = self._server.answer(command)
        self._server.changed()
        if answer is Act.HANG:
            self._silent = True
        elif answer in (Act.HOLD, Act.CHOKE):
            self._waiting = True
            self._server.hold(self, "" if answer is Act.CHOKE else command)
            if answer is Act.CHOKE:
                self._write(command, USUAL[command])
                self.transport.pause_reading()
        elif answer is Act.CLOSE:
            self._silent = True
            self.transport.close()
        elif answer is Act.RESET:
            self._silent = True
            self._write(command, USUAL[command])
            at_once = struct.pack("ii", 1, 0)  # without a goodbye
            self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
            self.transport.abort()
        else:
            self._write(command, answer)
        if command == "STARTTLS" and self._server.tls is not None and isinstance(answer, bytes):
            self.transport.pause_reading()
            self._buffer, self._securing = b"", True
            self._task = asyncio.get_running_loop().create_task(self._secure(self._server.tls))

    def say(self, command: str, answer: bytes) -> None:
        """Go on after a pause."""
        self._waiting = False
        if command:
            self._write(command, answer)
        else:
            self.transport.resume_reading()
        self.data_received(b"")

    def _write(self, command: str, answer: bytes) -> None:
        self._content = command == "DATA" and answer.startswith(b"354")
        piece = self._server.piece or len(answer)
        for start in range(0, len(answer), piece):
            self.transport.write(answer[start : start + piece])

    async def _secure(self, context: ssl.SSLContext) -> None:
        try:
            new = await asyncio.get_running_loop().start_tls(self.transport, self, context, server_side=True)
        except OSError:  # the client did not like us
            new = None
        if new is None:
            self.transport.abort()
            self.connection_lost(None)
            return
        self.transport, self._securing = new, False
        self.data_received(b"")


def taken(server: Server) -> list[str]:
    """The keys of the mails that the server has."""
    found = [re.search(rb"Message-ID: <(\w+)@", mail) for mail in server.mails]
    return [one.group(1).decode() for one in found if one]
