"""To which declaration a line belongs, told by its first words."""

import re

from dsl.read.signs import NAME
from dsl.read.words import DECLARATIONS, FIELD_TYPES, HEADS, STEPS

NATIVE = {
    "topic": ("for", "consent", "at"),
    "limits": ("at", "quiet"),
    "coupon": ("code", "codes", "valid", "free"),
    "webhook": ("url", "secret"),
    "flow": tuple(word for word in (*HEADS, *STEPS) if word not in DECLARATIONS),
}
"""How the lines of each declaration begin, where words tell it."""

_FIELD = re.compile(rf"{NAME} +(?:{'|'.join(FIELD_TYPES)}|one +of|list +of)\b")
_DECLARATION = re.compile(
    rf"(?:limits|scenario|(?:flow|segment|coupon|topic|webhook|event) +{NAME})(?P<title> +\".*)? *$"
)
_WORD = re.compile(NAME)


def belongs_above(head: str, words: str) -> bool:
    """Whether a line at the left edge is one of the declaration above, which begins with `head`."""
    kind = (_WORD.match(head) or [""])[0]
    first = (_WORD.match(words) or [""])[0]
    if first in DECLARATIONS:
        return False
    if kind in ("contact", "event"):
        return bool(_FIELD.match(words))
    if kind == "coupon" and re.match(r"\d", words):
        return True
    return first in NATIVE.get(kind, ())


def declares(head: str, words: str) -> bool:
    """Whether an indented line begins a declaration of its own, and cannot be one of that of `head`."""
    found = _DECLARATION.match(words)
    if found is None:
        return False
    kind = (_WORD.match(head) or [""])[0]
    if kind == "scenario":
        return False
    return found["title"] is not None or kind in ("topic", "limits", "coupon", "webhook", "segment")
