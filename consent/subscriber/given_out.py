"""What of a kept mail is given out to whoever may read evidence.

The mail that asks for a confirmation has the link to confirm in it, and whoever has that could confirm in the
person's name. So its bytes are given out once no link in it works any more: its request is closed, or is
kept no longer. Until then its words are, with each token masked. That the time to confirm is over does not
do, for "this wasn't me" can be said later too. What is kept stays as it is, and gives its commitment."""

import base64
import re
from collections.abc import Callable, Iterator, Mapping
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from html import unescape
from typing import Any

from sqlalchemy import bindparam, select

from consent.contract import LinkRefused
from consent.ledger.tokens import Scope, Tokens
from consent.ledger.transaction import Reading
from consent.store.statement import Statement
from consent.store.tables import requests

WITHHELD = "a link in it still works"
"""What evidence says under `eml_withheld`."""

MASKED = "[masked: this link still works]"
"""What stands in place of a token."""

# A name, perhaps a moment, and 32 signed bytes. Nothing is looked at twice, however long a mail is.
_TOKEN = re.compile(r"(?<![\w-])[\w-]{4,}+(?:\.[\w-]++)?\.[\w-]{43,}+", re.ASCII)
_HEADERS = ("From", "To", "Subject", "Date", "Message-ID")
_OPEN = Statement(select(requests.c.id).where(requests.c.id == bindparam("of"), requests.c.closed == ""))


def mail_of(record: Mapping[str, Any]) -> bytes | None:
    """The bytes of the mail in a piece of evidence; None: there is none."""
    text = record.get("eml")
    if not isinstance(text, str):
        return None
    return base64.b64decode(text) if record.get("eml_as") == "base64" else text.encode()


def given_out(reading: Reading, record: dict[str, Any]) -> dict[str, Any]:
    """A piece of evidence as it is given out. Where a link in its mail still works there is no `eml` but
    `eml_masked`, its words, and `eml_withheld`, that it is so; replies are masked likewise."""
    mail = mail_of(record)
    words = _words(mail) if mail is not None else ""
    said = {name: record[name] for name in ("reply", "why") if isinstance(record.get(name), str)}
    tokens = [found[0] for text in (words, *said.values()) for found in _TOKEN.finditer(text)]
    kept_open = mail is not None and _is_open(reading, str(record.get("request", "")))
    if not kept_open and not any(_works(reading, token) for token in tokens):
        return record
    given = {name: value for name, value in record.items() if name not in ("eml", "eml_as")}
    given |= {name: _TOKEN.sub(MASKED, text) for name, text in said.items()}
    if mail is not None:
        given |= {"eml_masked": _masked(words, str(record.get("request", ""))), "eml_withheld": WITHHELD}
    return given


def _is_open(reading: Reading, request: str) -> bool:
    return _OPEN.first(reading.driver, of=request) is not None


def _works(reading: Reading, token: str) -> bool:
    """Whether a token is signed here, and not one of a request that is over."""
    tokens = reading.parts.tokens
    try:
        return _is_open(reading, tokens.read_request(token, Scope.CONFIRM, Scope.REFUSE))
    except LinkRefused:
        return any(_reads(read, token) for read in _others(tokens))


def _others(tokens: Tokens) -> tuple[Callable[[str], object], ...]:
    return tokens.read_unsubscribe, tokens.read_preferences


def _reads(read: Callable[[str], object], token: str) -> bool:
    try:
        read(token)
    except LinkRefused:
        return False
    return True


def _masked(words: str, request: str) -> str:
    """Nothing at all where a template wrote the token in a way in which it is not found."""
    masked = _TOKEN.sub(MASKED, words)
    payload = base64.urlsafe_b64encode(bytes.fromhex(request)).decode().rstrip("=") if request else ""
    bare = re.sub(r"\s", "", unescape(masked))
    return "" if payload and payload in bare else masked


def _words(mail: bytes) -> str:
    """The usual headers, and each part that is text, decoded: so no way of writing hides a token."""
    message = message_from_bytes(mail)
    heads = [f"{name}: {told}" for name in _HEADERS if (told := _header(message, name))]
    return "\n".join([*heads, "", *_texts(message)])


def _header(message: Message, name: str) -> str:
    try:
        return str(make_header(decode_header(message.get(name, ""))))
    except (HeaderParseError, LookupError, ValueError):
        return ""


def _texts(message: Message) -> Iterator[str]:
    for part in message.walk():
        body = part.get_payload(decode=True)
        if part.get_content_maintype() == "text" and isinstance(body, bytes):
            try:
                yield body.decode(part.get_content_charset("utf-8"), "replace")
            except LookupError:
                yield body.decode("utf-8", "replace")
