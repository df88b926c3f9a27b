"""Addresses: the form to send to, the form to look up by, and the form to show."""

import re
import unicodedata

from email_validator import EmailNotValidError, validate_email
from msgspec import Struct

from consent.contract import InvalidAddress

# What the library would pass unchanged: the plain addresses that most people have, at a fraction of its cost.
_PLAIN = re.compile(
    r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@"
    r"(?:[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?\.){1,3}(?:com|org|net|lv|fi|ee|lt|de|uz|se|example)"
)


class Address(Struct, frozen=True):
    """`typed` is what mail goes to; `folded` is the same for every spelling that means the same mailbox."""

    typed: str
    folded: str

    def domain(self) -> str:
        """The part after the @, as it is looked up."""
        return self.folded.rpartition("@")[2]


def read_address(text: str) -> Address:
    """The address in `text`, without asking the DNS. Tags and dots are kept. Raises `InvalidAddress`."""
    text = text.strip()
    if len(text) <= 60 and "--" not in text and _PLAIN.fullmatch(text):
        return Address(text, text.casefold())
    try:
        valid = validate_email(text, check_deliverability=False)
    except EmailNotValidError as fault:
        raise InvalidAddress(str(fault)) from None
    return Address(valid.normalized, f"{_without_case(valid.local_part)}@{valid.ascii_domain.casefold()}")


def _without_case(local: str) -> str:
    """Letter by letter, where one becomes one: `ß` and `ss`, `ς` and `σ` are other letters, and mailboxes
    of other people (RFC 6531 3.2), which full case folding would make one."""
    small = "".join(sign.lower() if len(sign.lower()) == 1 else sign for sign in local)
    # It may have left the normal form by that.
    return unicodedata.normalize("NFC", small)


def shortened(typed: str) -> str:
    """`a…@example.com`: enough to be recognised by the person whose address it is; empty for an empty one."""
    local, sign, domain = typed.rpartition("@")
    return f"{local[:1]}…@{domain}" if sign else ""
