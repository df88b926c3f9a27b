"""Header fields of a mail, checked and encoded (RFC 5322, RFC 2047)."""

import base64
from email.utils import formatdate

_WORD_BYTES = 42
"""UTF-8 bytes in one encoded word: with `=?utf-8?b?…?=` it stays below 75 characters."""

_ATOM = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-/=?^_`{|}~ ")


class HeaderFault(ValueError):
    """A value that cannot stand in a header; the message names the header."""


def field(name: str, value: str) -> bytes:
    """One header line, CRLF included. A line break or another control character in `value` raises
    `HeaderFault`: nothing may smuggle a header in."""
    if not value.isprintable():
        raise HeaderFault(f"the header {name} holds a line break or a control character")
    if value.isascii():
        return _fold(name, value)
    return _fold(name, encoded_words(value))


def unfolded(name: str, value: str) -> bytes:
    """A header that must stay on one line (RFC 8058 readers break on folded `List-Unsubscribe`)."""
    if not value.isprintable() or not value.isascii():
        raise HeaderFault(f"the header {name} holds a character that it must not hold")
    return f"{name}: {value}\r\n".encode("ascii")


def mailbox(name: str, address: str) -> str:
    """`Name <address>` as a header value, the name quoted or encoded where it must be."""
    if not name:
        return address
    if not name.isascii():
        return f"{encoded_words(name)} <{address}>"
    if all(character in _ATOM for character in name):
        return f"{name} <{address}>"
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}" <{address}>'


def encoded_words(value: str) -> str:
    """`value` as RFC 2047 encoded words, split between characters, separated by blanks."""
    words: list[str] = []
    word = b""
    for character in value:
        encoded = character.encode("utf-8", "replace")
        if len(word) + len(encoded) > _WORD_BYTES:
            words.append(_word(word))
            word = b""
        word += encoded
    words.append(_word(word))
    return " ".join(words)


def date(instant: int) -> str:
    """The value of `Date` for an instant in ms UTC."""
    return formatdate(instant / 1000, usegmt=False)


def _word(data: bytes) -> str:
    return f"=?utf-8?b?{base64.b64encode(data).decode('ascii')}?="


def _fold(name: str, value: str) -> bytes:
    """Break before blanks so that lines stay at 76 characters where a blank allows it."""
    lines: list[str] = []
    line = f"{name}:"
    for word in value.split(" "):
        if len(line) + 1 + len(word) > 76 and line.strip() and not line.endswith(":"):
            lines.append(line)
            line = ""
        line += " " + word
    lines.append(line)
    return ("\r\n".join(lines) + "\r\n").encode("ascii")
