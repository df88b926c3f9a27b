"""Of which signs names and texts are made."""

import re

HOLE = "\ufffc"
"""Stands in the parser's text for what could not be read."""

STRING = r'"(?:\\.|\{[^{}"\\\n]*(?:"[^"{}\\\n]*"[^{}"\\\n]*)*\}|[^"\\\n])*"'
LETTER = r"[^\W\d]"
SIGN = r"[^\x00-/:-@\[-^`{-\x7f]"
"""What may follow in a name: letters with their marks (`\\w` has no vowel signs), digits and `_`. It takes
all signs beyond ASCII, as a class of all letters and marks costs more to look for than all other words
together; `readable` hides those that are neither."""
NAME = rf"{LETTER}{SIGN}*"
PATH = rf"{NAME}(?:\.{NAME})*"

_STRING = re.compile(STRING)
_TEXT_OR_NAME = re.compile(rf"{STRING}|{NAME}")
_HIDDEN = "\0"


def goes_on(sign: str) -> bool:
    """Whether a name may go on with this sign (XID_Continue of Unicode, annex 31)."""
    return f"_{sign}".isidentifier()


def readable(text: str) -> str:
    """The text as the grammar is to see it: in names U+0000 for each sign that stands in none, such as `²`
    or `≥`, so that reading ends there. Columns stay."""
    if text.isascii() or _STRING.sub("", text).isascii():
        return text
    return _TEXT_OR_NAME.sub(_shown, text)


def _shown(found: re.Match[str]) -> str:
    text = found.group()
    if text.isidentifier() or text[0] == '"':
        return text
    begins = text[0] if text[0].isidentifier() else _HIDDEN
    return begins + "".join(sign if goes_on(sign) or sign == HOLE else _HIDDEN for sign in text[1:])
