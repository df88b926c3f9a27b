"""The mail server of the model: it stops where somebody wants to step in, just before it lets the content of
a mail come and just after it has taken it."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message

from virta.mailbox.faults import Faults
from virta.mailbox.session import Session

_KEY = re.compile(r"<([0-9a-f]{32})@")


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail as it came in. `key` is that of its permit."""

    key: str
    recipient: str
    mail: Message

    @classmethod
    def of(cls, recipient: str, content: bytes) -> "Letter":
        mail = message_from_bytes(content)
        found = _KEY.search(str(mail["Message-ID"]))
        assert found is not None, "a mail without a key"
        return cls(found[1], recipient, mail)

    def text(self) -> str:
        """All that can be read in it."""
        parts = (part.get_payload(decode=True) for part in self.mail.walk() if not part.is_multipart())
        return "\n".join(part.decode() for part in parts if isinstance(part, bytes))


class Wire:
    """`reached(point)` is awaited at `data` and at `arrived`, before the server answers; `took` is told each
    mail at the moment of its final dot, with what `mark` gave when its content was let come."""

    def __init__(
        self,
        reached: Callable[[str], Awaitable[None]],
        mark: Callable[[], int],
        took: Callable[[Letter, int], None],
    ) -> None:
        self.reached = reached
        self.mark = mark
        self.took = took
        self.cut = False
        self._lines: set[_Line] = set()

    async def dial(self, protocol: asyncio.Protocol, _host: str, _port: int) -> None:
        """Connect `protocol`, whatever the host is called."""
        self._lines.add(_Line(self, protocol))

    async def close(self) -> None:
        """Answer nobody any more."""
        self.cut = True
        for line in self._lines:
            line.answering.cancel()
        await asyncio.gather(*(line.answering for line in self._lines), return_exceptions=True)


class _Line(asyncio.Transport):
    def __init__(self, wire: Wire, protocol: asyncio.Protocol) -> None:
        super().__init__()
        self._wire = wire
        self._session = Session(self._keep, Faults())
        self._protocol = protocol
        self._loop = asyncio.get_running_loop()
        self._closed = False
        self._let = 0
        self._came = 0
        self._replies: asyncio.Queue[tuple[bytes, bool]] = asyncio.Queue()
        self.answering = self._loop.create_task(self._answer())
        protocol.connection_made(self)
        self._replies.put_nowait((self._session.greeting, False))

    def _keep(self, _sender: str, recipients: list[str], content: bytes) -> int:
        self._came += 1
        self._wire.took(Letter.of(recipients[0], content), self._let)
        return 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self._closed or self._wire.cut:
            return
        before = self._came
        replies = self._session.feed(bytes(data))
        if replies:
            self._replies.put_nowait((replies, self._came > before))

    async def _answer(self) -> None:
        while True:
            replies, came = await self._replies.get()
            if came:
                await self._wire.reached("arrived")
            if b"354 " in replies:
                await self._wire.reached("data")
                self._let = self._wire.mark()
            if self._closed:
                return
            self._protocol.data_received(replies)

    def is_closing(self) -> bool:
        return self._closed

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._loop.call_soon(self._protocol.connection_lost, None)

    def abort(self) -> None:
        self.close()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Nothing is ever buffered."""

    def get_write_buffer_size(self) -> int:
        return 0
