"""Header fields of a mail, checked and encoded (RFC 5322, RFC 2047)."""

import base64
import re
from email.utils import formatdate

from email_validator import EmailNotValidError, validate_email

LONGEST_LINE = 998
"""Bytes in a line of a mail, CRLF apart (RFC 5322 2.1.1)."""

_WORD_BYTES = 42
"""UTF-8 bytes in one encoded word: with `=?utf-8?b?…?=` it stays below 75 characters."""

_LINE = 76
_PLAIN_WORD = re.compile(r"[!-~]{1,60}\Z")
_ATOM = re.compile(r"[\w!#$%&'*+/=?^`{|}~ -]+\Z", re.ASCII)
# control characters, line and paragraph separators, halves of characters
_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_MAILBOX = re.compile(r"\s*(?P<name>[^<>]*?)\s*<(?P<address>[^<>]*)>\s*\Z")
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}\Z")
_DOMAIN = re.compile(r"[A-Za-z0-9.-]{1,253}\Z")


class HeaderFault(ValueError):
    """A value that cannot stand in a header; the message names the header or the value."""


def text(name: str, value: str) -> bytes:
    """A header line of free text, CRLF included: as it is where every reader takes it so, else in encoded
    words. A line break or another control character raises `HeaderFault`: nothing may smuggle a header in."""
    if _FORBIDDEN.search(value):
        raise HeaderFault(f"the header {name} holds a line break or a control character")
    return _fold(name, value if _is_plain(value) else encoded_words(value))


def field(name: str, value: str) -> bytes:
    """A header line whose value has a structure (a mailbox, an id, a date): ASCII, folded at its blanks."""
    _check_ascii(name, value)
    return _fold(name, value)


def unfolded(name: str, value: str) -> bytes:
    """A header that must stay on one line (RFC 8058 readers break on folded `List-Unsubscribe`)."""
    _check_ascii(name, value)
    line = f"{name}: {value}\r\n".encode("ascii")
    if len(line) > LONGEST_LINE + 2:
        raise HeaderFault(f"the header {name} is longer than a line may be")
    return line


def mailbox(written: str, name: str = "") -> str:
    """An address, or `Name <address>`, as a header value; `name` stands in where none is written. The name is
    quoted or encoded where it must be. Raises `HeaderFault` for what is no address."""
    found = _MAILBOX.match(written)
    if found:
        name, written = found["name"].strip('"') or name, found["address"]
    checked = address(written.strip())
    if _FORBIDDEN.search(name):
        raise HeaderFault(f"the name beside {checked} holds a line break or a control character")
    name = " ".join(name.split())
    if not name:
        return checked
    if not _is_plain(name):
        return f"{encoded_words(name)} <{checked}>"
    if _ATOM.match(name):
        return f"{name} <{checked}>"
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}" <{checked}>'


def address(written: str) -> str:
    """An address in ASCII, its domain in IDNA where it must be. Raises `HeaderFault`."""
    local, _, domain = written.rpartition("@")
    if not domain.isascii():
        try:
            domain = validate_email(f"a@{domain}", check_deliverability=False).ascii_domain
        except EmailNotValidError:
            domain = ""
    if not (_LOCAL.match(local) and _DOMAIN.match(domain)):
        raise HeaderFault(f"`{_FORBIDDEN.sub('?', written[:80])}` is no address that this mail server takes")
    return f"{local}@{domain}"


def encoded_words(value: str) -> str:
    """`value` as RFC 2047 encoded words, split between characters, separated by blanks."""
    words: list[str] = []
    word = b""
    for character in value:
        encoded = character.encode()
        if len(word) + len(encoded) > _WORD_BYTES:
            words.append(_word(word))
            word = b""
        word += encoded
    words.append(_word(word))
    return " ".join(words)


def date(instant: int) -> str:
    """The value of `Date` for an instant in ms UTC."""
    return formatdate(instant // 1000, usegmt=False)


def _is_plain(value: str) -> bool:
    """ASCII words of moderate length, single blanks between them, none that a reader takes for encoded."""
    return "=?" not in value and all(map(_PLAIN_WORD.match, value.split(" ")))


def _check_ascii(name: str, value: str) -> None:
    if not (value.isascii() and value.isprintable()):
        raise HeaderFault(f"the header {name} holds a character that it must not hold")


def _word(data: bytes) -> str:
    return f"=?utf-8?b?{base64.b64encode(data).decode('ascii')}?="


def _fold(name: str, value: str) -> bytes:
    """Break before blanks so that lines stay at 76 characters where a blank allows it."""
    lines: list[str] = []
    line = f"{name}:"
    for word in value.split(" "):
        if len(line) + 1 + len(word) > _LINE and line.strip() and not line.endswith(":"):
            lines.append(line)
            line = ""
        line += " " + word
    lines.append(line)
    if max(map(len, lines)) > LONGEST_LINE:
        raise HeaderFault(f"the header {name} is longer than a line may be")
    return ("\r\n".join(lines) + "\r\n").encode("ascii")
