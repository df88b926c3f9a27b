"""The words of a line as they are spelled in canonical form, and which of them stand close together."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lark.lexer import Token

_CLOSE_BEHIND = frozenset((",", ".", ")", "]"))
_CLOSE_BEFORE = frozenset((".", "(", "["))
_COUNTED = {"_EMAILS": "email", "_TIMES": "time", "_CONTACTS": "contact"}
"""Words that agree with the number before them."""
_LENGTH = re.compile(r"(\d+) *([a-z]+?)s?\b")
_AMOUNT = re.compile(r"([\d.]+) *([A-Z]+)")


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a line. `line` is where it stands in the file (from 1), `column` where in the joined line
    (from 0); `close` words follow the one before without a blank; `depth` counts the brackets around it."""

    text: str
    line: int
    column: int
    close: bool
    depth: int
    ties: bool = False
    """Whether it is the `and` of a `between`: no place to break a line."""


def words_of(tokens: Sequence[Token], lines: Sequence[int], negatives: frozenset[int]) -> list[Word]:
    """The words of one logical line. `lines` are the lines of the file in which the tokens stand; in the
    columns `negatives` (from 1) stands a minus that makes a number negative."""
    found: list[Word] = []
    depth, open_betweens = 0, [0]
    before = ""
    for token, line in zip(tokens, lines, strict=True):
        text = str(token)
        close = not found or text in _CLOSE_BEHIND or before in _CLOSE_BEFORE
        if text in (")", "]"):
            depth -= 1
            open_betweens.pop()
        ties = token.type == "_AND" and open_betweens[-1] > 0
        if ties:
            open_betweens[-1] -= 1
        assert token.column
        number = found[-1].text if found else ""
        found.append(Word(_spelled(token, number), line, token.column - 1, close, depth, ties))
        if text in ("(", "["):
            depth += 1
            open_betweens.append(0)
        if token.type == "_BETWEEN":
            open_betweens[-1] += 1
        before = "(" if token.column in negatives else text
    return found


def _spelled(token: Token, before: str) -> str:
    text = str(token)
    match token.type:
        case "STRING":
            return text
        case "DURATION":
            return " ".join(_counted(count, unit) for count, unit in _LENGTH.findall(text))
        case "MONEY":
            return _AMOUNT.sub(r"\1 \2", text)
        case "PERCENT":
            return "".join(text.split())
    if token.type in _COUNTED and before.isdecimal():
        return _counted(before, _COUNTED[token.type]).partition(" ")[2]
    return " ".join(text.split())


def _counted(count: str, unit: str) -> str:
    return f"{count} {unit}{'' if int(count) == 1 else 's'}"
