"""The words of a line as they are spelled in canonical form, and which of them stand close together."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dsl.read.tree import Token

_CLOSE_BEHIND = frozenset((",", ".", ")", "]"))
_CLOSE_BEFORE = frozenset((".", "(", "["))
_COUNTED = {"_EMAILS": "email", "_TIMES": "time", "_CONTACTS": "contact"}
"""Words that agree with the number before them."""
_LENGTH = re.compile(r"(\d+) *([a-z]+?)s?\b")
_AMOUNT = re.compile(r"([\d.]+) *([A-Z]+)")


@dataclass(frozen=True, slots=True)
class Word:
    """The word at a `place` (from 0) of its logical line; `line` is where it stands in the file (from 1).

    `close` words follow the one before without a blank. `openers` are the places of the brackets around it.
    A word that `ties` is the `and` of a `between`: no place to break a line.
    """

    text: str
    place: int
    line: int
    close: bool
    openers: tuple[int, ...]
    ties: bool

    @property
    def depth(self) -> int:
        return len(self.openers)

    @property
    def opener(self) -> int:
        """The place of the innermost bracket around it, -1 if there is none."""
        return self.openers[-1] if self.openers else -1


def words_of(tokens: Sequence[Token], lines: Sequence[int], negatives: frozenset[int]) -> list[Word]:
    """The words of one logical line. `lines` are the lines of the file in which the tokens stand; in the
    columns `negatives` (from 1) stands a minus that makes a number negative."""
    found: list[Word] = []
    openers: tuple[int, ...] = ()
    betweens = [0]
    before = ""
    for place, (token, line) in enumerate(zip(tokens, lines, strict=True)):
        text = token.text
        close = not found or text in _CLOSE_BEHIND or before in _CLOSE_BEFORE
        if text in (")", "]"):
            openers = openers[:-1]
            betweens.pop()
        ties = token.type == "_AND" and betweens[-1] > 0
        betweens[-1] += (token.type == "_BETWEEN") - ties
        spelled = _spelled(token, found[-1].text if found else "")
        found.append(Word(spelled, place, line, close, openers, ties))
        if text in ("(", "["):
            openers = (*openers, place)
            betweens.append(0)
        before = "(" if token.column in negatives else text
    return found


def _spelled(token: Token, before: str) -> str:
    text = token.text
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
