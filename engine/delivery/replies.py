"""The replies of a mail server, put together from the bytes that arrive (RFC 5321 4.2)."""

import re
from collections.abc import Iterator

from msgspec import Struct

LONGEST = 8192
"""Bytes without a line end, or in the lines of one reply: more is not read (RFC 5321 4.5.3.1.5 asks for
512 a line)."""

_ADDRESS = re.compile(r"""(?:"[^"@]*"|[^\s<>"'(),:;\[\]]+)@(?:\[[^\]]*\]|[^\s<>"'(),:;\[\]]*)""")


def without_addresses(text: str) -> str:
    """What a server said, fit for the log: `…@…` stands for whatever looks like an address."""
    return _ADDRESS.sub("…@…", text)


class Reply(Struct, frozen=True):
    """A whole reply: its code and its lines without the code."""

    code: int
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """What the server said, on one line."""
        return " ".join((str(self.code), *self.lines)).strip()


class Garbled(Exception):
    """What came is no reply; the message shows it."""


class Replies:
    """Feed it what arrives, cut anywhere; it gives the replies that are whole."""

    def __init__(self) -> None:
        self._rest = b""
        self._code = 0
        self._lines: list[str] = []
        self._size = 0

    def feed(self, data: bytes) -> Iterator[Reply]:
        """The replies that `data` completes, one at a time. Raises `Garbled`."""
        self._rest += data
        while (end := self._rest.find(b"\n")) >= 0:
            line, self._rest = self._rest[: end + 1], self._rest[end + 1 :]
            reply = self._line(line)
            if reply is not None:
                yield reply
        if len(self._rest) > LONGEST:
            raise Garbled("an endless line")

    def _line(self, line: bytes) -> Reply | None:
        if not self._lines and line[3:4] == b" " and line[:3].isdigit() and len(line) <= LONGEST:
            return Reply(int(line[:3]), (line[4:].rstrip(b"\r\n").decode("utf-8", "replace"),))
        text = line.rstrip(b"\r\n").decode("utf-8", "replace")
        code, sign = text[:3], text[3:4]
        well_formed = len(code) == 3 and code.isascii() and code.isdigit() and sign in ("", " ", "-")
        if not well_formed or (self._lines and int(code) != self._code):
            raise Garbled(f"a reply that is none: {text[:80]!r}")
        self._code = int(code)
        self._lines.append(text[4:])
        self._size += len(line)
        if self._size > LONGEST:
            raise Garbled("an endless reply")
        if sign == "-":
            return None
        reply = Reply(self._code, tuple(self._lines))
        self._lines, self._size = [], 0
        return reply
