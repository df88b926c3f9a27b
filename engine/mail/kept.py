"""A mail as it is kept to be seen in the browser: the body alone, without its reader's address."""

from urllib.parse import quote

from markupsafe import escape
from msgspec import Struct

_LOCAL, _DOMAIN = "\U0010fffc", "\U0010fffd"
STAND_IN = f"{_LOCAL}@{_DOMAIN}"
"""What a mail that is kept shows where the mail itself shows its reader's address, which the consent service
alone may keep. Both signs are for private use and of no script, so no filter changes them."""


class Kept(Struct, frozen=True):
    """The body of the mail with key `key`: HTML if `html`, else plain text. `at` is in ms UTC."""

    key: str
    contact: str
    at: int
    html: bool
    text: str


def is_addressed(kept: Kept) -> bool:
    """Whether the reader's own address belongs in it."""
    return any(sign in kept.text or quote(sign) in kept.text for sign in (_LOCAL, _DOMAIN))


def addressed(text: str, html: bool, address: str) -> str:
    """A body with the reader's address where it belongs, written as its surroundings want it."""
    local, _, domain = address.rpartition("@")
    for sign, part in ((_LOCAL, local), (_DOMAIN, domain)):
        text = text.replace(sign, str(escape(part)) if html else part).replace(quote(sign), quote(part))
    return text
