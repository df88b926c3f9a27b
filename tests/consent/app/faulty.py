"""A proxy between a client and the consent service that does what networks do: loses, delays, damages."""

import asyncio
import contextlib
from types import TracebackType
from typing import Self

CUT_BEFORE = "cut before"  # the connection ends, and the service has heard nothing
CUT_AFTER = "cut after"  # the service has answered, and the connection ends
LOST_BEFORE = "lost before"  # silence, and the service has heard nothing
LOST_AFTER = "lost after"  # the service has answered, and silence
HALF = "half"  # the answer breaks off in the middle
DAMAGED = "damaged"  # a bit of the answer is another one
GARBAGE = "garbage"  # something that is no HTTP
PAGE = "page"  # an answer of somebody in between
SLOW = "slow"  # a byte at a time, for ever
_PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 9\r\n\r\n<p>Hi</p>"
BEFORE = (CUT_BEFORE, LOST_BEFORE)
AFTER = (CUT_AFTER, LOST_AFTER, HALF, DAMAGED, GARBAGE, PAGE, SLOW)
SILENT = (LOST_BEFORE, LOST_AFTER, SLOW)  # only patience that ends tells of them


class Proxy:
    """Listens on a port of its own and hands on to `target`. `fault` is what it does with the next `count`
    requests (0: with all)."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.fault = ""
        self.count = 0
        self.done = asyncio.Event()  # the fault has come about; the service had answered, if it was asked
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def fail(self, fault: str, count: int = 1) -> None:
        """Do so with the next `count` requests."""
        self.fault, self.count = fault, count
        self.done.clear()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            # the end of the test ends it, which the stream's own call-back does not bear otherwise
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await self._carry(reader, writer)
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        try:
            while request := await _message(reader):
                fault = self._due()
                if fault in BEFORE:
                    self.done.set()
                if fault == CUT_BEFORE:
                    return
                if fault == LOST_BEFORE:
                    await asyncio.Event().wait()
                if there is None:
                    there = await asyncio.open_connection("127.0.0.1", self.target)
                there[1].write(request)
                answer = await _message(there[0])
                if fault:
                    self.done.set()
                if fault and not await self._spoil(fault, answer, writer):
                    return
                if not fault:
                    writer.write(answer)
                    await writer.drain()
        finally:
            if there is not None:
                there[1].close()

    def _due(self) -> str:
        fault = self.fault
        if fault and self.count:
            self.count -= 1
            if not self.count:
                self.fault = ""
        return fault

    async def _spoil(self, fault: str, answer: bytes, writer: asyncio.StreamWriter) -> bool:
        """Do it; whether the connection goes on."""
        if fault == LOST_AFTER:
            await asyncio.Event().wait()
        elif fault == HALF:
            writer.write(answer[:-3])
        elif fault == DAMAGED:
            place = answer.index(b"\r\n\r\n") + 4
            place += (len(answer) - place) // 2
            writer.write(answer[:place] + bytes([answer[place] ^ 1]) + answer[place + 1 :])
            await writer.drain()
            return True
        elif fault == GARBAGE:
            writer.write(b"\x16\x03\x01 no HTTP at all\r\n\r\n")
        elif fault == PAGE:
            writer.write(_PAGE)
            await writer.drain()
            return True
        elif fault == SLOW:
            for byte in answer:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0.05)
        await writer.drain()
        return False


async def _message(reader: asyncio.StreamReader) -> bytes:
    """A whole request or answer; empty at the end of the connection."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""
    length = 0
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return head + await reader.readexactly(length)
