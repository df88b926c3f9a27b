"""Text from outside, as it may stand among our own: it begins no line and steers no terminal."""

import re
import unicodedata

_BREAKS = re.compile(r"\r\n?|[\v\f\x1c-\x1e\x85\u2028\u2029]")
_NOT_SHOWN = frozenset(("Cc", "Cf", "Cs"))
_JOINERS = "\u200c\u200d"
"""They shape letters in Persian, Hindi and Sinhala, and join pictures; they have no other effect."""


def one_line(text: str) -> str:
    """The text in one line, blanks evened out, without characters that cannot be seen: with them a review
    could write lines of evidence, or a name be read backwards."""
    return " ".join(_shown(" ".join(text.split())).split())


def some_lines(text: str) -> str:
    """The text with its lines and tabs, and without other characters that cannot be seen."""
    return _shown(_BREAKS.sub("\n", text), "\n\t")


def _shown(text: str, kept: str = "") -> str:
    return "".join(
        each
        for each in text
        if unicodedata.category(each) not in _NOT_SHOWN or each in _JOINERS or each in kept
    )
