"""A finished mail: built by hand from checked parts, in the bytes that go over the wire."""

import binascii
from collections.abc import Callable
from functools import lru_cache

from msgspec import Struct

from engine.mail import headers


class Message(Struct, frozen=True):
    """`head` are header lines without the recipient's and the permit's, `body` all from the empty line on.
    Both end lines by CRLF. `eight_bit` says that the body holds bytes over 127 (RFC 6152), `proved` that what
    passes between mailer and server is told, bytes and all, with how its attempt ended."""

    key: str
    head: bytes
    body: bytes
    eight_bit: bool = False
    proved: bool = False


class Letter(Struct, frozen=True):
    """What a template gives: plain text values, not yet encoded. `kept` is what is kept of the body for its
    link to the browser; empty: it has none."""

    subject: str
    html: str
    text: str
    sender: str  # a mailbox header value
    reply_to: str = ""
    kept: str = ""


def build(key: str, letter: Letter, domain: str, instant: int, eight_bit: bool = False) -> Message:
    """The message of a letter. The Message-ID follows from the key, so it is the same in every attempt.

    `instant` is the Date in ms UTC; `eight_bit` says that the server takes 8BITMIME. Raises `HeaderFault`.
    """
    head = [
        _from(letter.sender),
        headers.text("Subject", letter.subject),
        _date(instant // 1000),
        headers.field("Message-ID", message_id(key, domain)),
        b"MIME-Version: 1.0\r\n",
    ]
    if letter.reply_to:
        head.append(headers.field("Reply-To", headers.mailbox(letter.reply_to)))
    text = _part(b"plain", letter.text, eight_bit)
    if not letter.html:
        return Message(key, b"".join(head), text, eight_bit)
    # nobody who writes a template knows the key, so no part can hold this boundary
    boundary = f"=_{key}".encode("ascii")
    head.append(b'Content-Type: multipart/alternative; boundary="' + boundary + b'"\r\n')
    if eight_bit:  # what holds such parts must say so too (RFC 2045 6.4)
        head.append(b"Content-Transfer-Encoding: 8bit\r\n")
    html = _part(b"html", letter.html, eight_bit)
    line = b"\r\n--" + boundary
    body = b"".join((line, b"\r\n", text, line, b"\r\n", html, line, b"--\r\n"))
    return Message(key, b"".join(head), body, eight_bit)


@lru_cache(maxsize=64)
def _from(sender: str) -> bytes:
    """The same for all mails of a template."""
    return headers.field("From", sender)


@lru_cache(maxsize=4)
def _date(second: int) -> bytes:
    """The same for all mails of a second."""
    return headers.field("Date", headers.date(second * 1000))


@lru_cache(maxsize=16)
def _of_batch(name: str, value: str) -> bytes:
    """The same for all mails of a claim."""
    return headers.unfolded(name, value)


_PART = b"Content-Type: text/%b; charset=utf-8\r\nContent-Transfer-Encoding: %b\r\n\r\n"


def message_id(key: str, domain: str) -> str:
    """`<key@domain>`."""
    return f"<{key}@{domain}>"


def wire(
    message: Message,
    recipient: str,
    permitted: tuple[tuple[str, str], ...],
    sign: Callable[[bytes], bytes] | None = None,
) -> bytes:
    """The bytes after DATA, without the final dot: the permit's headers added, dots doubled (RFC 5321
    4.5.2). They end with CRLF. `sign` gives the header that stands before all, of the whole mail."""
    extra = [headers.field("To", headers.address(recipient))]
    for name, value in permitted:  # a link is its reader's own, and is kept nowhere
        extra.append((headers.unfolded if "://" in value else _of_batch)(name, value))
    end = b"" if message.body.endswith(b"\r\n") else b"\r\n"
    data = b"".join((message.head, *extra, message.body, end))
    if sign is not None:
        data = sign(data) + data
    # hardly a mail has such dots, and this is how Python finds out soonest
    return data.replace(b"\r\n.", b"\r\n..") if data.rfind(b"\r\n.") >= 0 else data


def as_sent(data: bytes) -> bytes:
    """The mail that a server makes of the bytes that `wire` gives: without the dots that are doubled."""
    return data.replace(b"\r\n..", b"\r\n.")


def _part(kind: bytes, text: str, eight_bit: bool) -> bytes:
    """One part with its header. 8bit where server and line lengths allow it (RFC 5322 2.1.1), else base64."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = text.encode("utf-8", "replace")
    data = lines.replace(b"\n", b"\r\n")
    if eight_bit and b"\0" not in lines and not _has_long_line(lines):
        return _PART % (kind, b"8bit") + data
    encoded = binascii.b2a_base64(data, newline=False)
    return _PART % (kind, b"base64") + b"\r\n".join(
        [encoded[start : start + 76] for start in range(0, len(encoded), 76)]
    )


def _has_long_line(lines: bytes) -> bool:
    """Whether a line is longer than it may be: looked for in leaps, each to the last line end in reach."""
    begins = 0
    while len(lines) - begins > headers.LONGEST_LINE:
        ends = lines.rfind(b"\n", begins, begins + headers.LONGEST_LINE + 1)
        if ends < 0:
            return True
        begins = ends + 1
    return False
