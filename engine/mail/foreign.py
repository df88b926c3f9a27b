"""Reads a mail that anybody may have written: whatever is odd in it is shown as well as it can be.

The standard library's own reading of headers and bodies raises for many an odd mail, and of several kinds; so
only its plainest parts are used here.
"""

import codecs
import re
from binascii import Error as NoBase64
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.parser import BytesHeaderParser, BytesParser
from email.utils import parsedate_to_datetime

from msgspec import Struct

_FOLD = re.compile(r"\r?\n[ \t]+|\s+")
_HALF = re.compile("[\ud800-\udfff]")
_EARLIEST, _LATEST = datetime(1970, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)


class Foreign(Struct, frozen=True):
    """What a mail says. Headers are decoded and stand in one line, empty where there is none; `at` is its
    Date in ms UTC, None where that is no moment; `plain` and `html` are its bodies, None where it has none,
    with LF at line ends."""

    subject: str
    sender: str
    recipient: str
    date: str
    message_id: str
    at: int | None
    plain: str | None
    html: str | None


def read_foreign(content: bytes) -> Foreign:
    """The mail in `content`, which may be anything at all."""
    try:
        mail = BytesParser().parsebytes(content)
        plain, html = _part(mail, "text/plain"), _part(mail, "text/html")
    except RecursionError:  # parts in parts in parts
        mail = BytesHeaderParser().parsebytes(content)
        plain, html = None, None
    date = _header(mail, "date")
    return Foreign(
        _header(mail, "subject"),
        _header(mail, "from"),
        _header(mail, "to"),
        date,
        _header(mail, "message-id"),
        _moment(date),
        plain,
        html,
    )


def _header(mail: Message, name: str) -> str:
    raw = next((value for given, value in mail.raw_items() if given.lower() == name), "")
    text = str(raw).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    try:
        parts = decode_header(text)
    except (HeaderParseError, NoBase64, ValueError):
        parts = [(text, None)]
    joined = "".join(
        part if isinstance(part, str) else _decoded(part, charset or "raw-unicode-escape")
        for part, charset in parts
    )
    return _FOLD.sub(" ", joined).strip()


def _part(mail: Message, kind: str) -> str | None:
    """The first part of this kind that is no attachment."""
    for part in mail.walk():
        if part.get_content_type() != kind or part.get_content_disposition() == "attachment":
            continue
        content = part.get_payload(decode=True)
        if isinstance(content, bytes):
            return _decoded(content, part.get_content_charset() or "utf-8").replace("\r\n", "\n")
    return None


def _decoded(content: bytes, charset: str) -> str:
    """In UTF-8 where there is no such character set. Half characters, which no page holds, are replaced."""
    try:
        codec = codecs.lookup(charset)
        text = content.decode(codec.name, "replace")
    except (LookupError, ValueError):
        text = content.decode("utf-8", "replace")
    return _HALF.sub("\ufffd", text)


def _moment(date: str) -> int | None:
    try:
        found = parsedate_to_datetime(date)
        zoned = found if found.tzinfo is not None else found.replace(tzinfo=UTC)
        return int(zoned.timestamp()) * 1000 if _EARLIEST <= zoned <= _LATEST else None
    except (ValueError, OverflowError, IndexError, TypeError):
        return None
