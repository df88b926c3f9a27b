"""The mail server of a scenario: the mailbox's own side of the protocol, without a socket in between."""

import asyncio
import re
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message

from msgspec import Struct

from virta.mailbox.faults import Faults
from virta.mailbox.session import Session

_KEY = re.compile(rb"^Message-ID: <([0-9a-f]{32})@", re.MULTILINE)


class Mail(Struct, frozen=True):
    """A mail as it came in: its key, and the bytes of it."""

    key: str
    content: bytes

    def subject(self) -> str:
        """The subject as people see it."""
        return str(make_header(decode_header(str(self._read()["Subject"] or ""))))

    def text(self) -> str:
        """The text part."""
        return self._part("text/plain")

    def html(self) -> str:
        """The HTML part, empty in a mail without one."""
        return self._part("text/html")

    def _read(self) -> Message:
        return message_from_bytes(self.content)

    def _part(self, kind: str) -> str:
        for part in self._read().walk():
            if part.get_content_type() == kind:
                body = part.get_payload(decode=True)
                return body.decode() if isinstance(body, bytes) else ""
        return ""


class Post:
    """Takes mails from whoever dials; `mails` has them in order."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []

    async def dial(self, protocol: asyncio.Protocol, _host: str, _port: int) -> None:
        """Connect `protocol`, whatever the host is called."""
        _Line(Session(self._keep, Faults()), protocol)

    def _keep(self, _sender: str, _recipients: list[str], content: bytes) -> int:
        found = _KEY.search(content)
        self.mails.append(Mail(found[1].decode() if found is not None else "", content))
        return len(self.mails) - 1


class _Line(asyncio.Transport):
    """What lies between the sender's protocol and the session: the loop, so that nobody answers within a
    call."""

    def __init__(self, session: Session, protocol: asyncio.Protocol) -> None:
        super().__init__()
        self._session = session
        self._protocol = protocol
        self._loop = asyncio.get_running_loop()
        self._closed = False
        protocol.connection_made(self)
        self._say(session.greeting)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not self._closed:
            self._say(self._session.feed(bytes(data)))
            if self._session.over:
                self.close()

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

    def _say(self, replies: bytes) -> None:
        if replies:
            self._loop.call_soon(self._protocol.data_received, replies)
