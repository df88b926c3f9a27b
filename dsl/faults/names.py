"""Names of declarations that are none: of several words, beginning with a digit, or with more behind them."""

import re

from dsl.faults.mend import Mend
from dsl.found.finding import Finding
from dsl.found.source import error
from dsl.read.layout import Chunk
from dsl.read.signs import HOLE, NAME, SIGN
from dsl.read.words import CONDITION_WORDS

_KIND = r"(event|topic|segment|coupon|webhook|flow)"
_DIGIT = re.compile(rf"{_KIND} +(\d{SIGN}*)(?= *$| +\")")
_SEVERAL = re.compile(rf"{_KIND} +({NAME}(?: +{SIGN}+)+)(?= *:? *$| +\")")
_CONDITION = re.compile(rf"segment +{NAME}(?: *:)? +(?=\S)")
_ASKS = re.compile(r"[<>=.\[(]")
_ASKED = CONDITION_WORDS | {*"in count sum average largest smallest agreed tagged when if where".split()}


def name_fault(chunk: Chunk, index: int) -> tuple[Finding, Mend] | None:
    """The finding for the first line of a declaration whose name is none, and how to read it; None for any
    other line."""
    logical = chunk.lines[index]
    words, indent = logical.words, logical.indent
    if HOLE in words:
        return None
    if asked := _CONDITION.match(words):
        rest = words[asked.end() :]
        if rest.split(" ")[0] in _ASKED - {"and", "or"} or (_ASKS.search(rest) and '"' not in rest[:1]):
            start = indent + asked.end()
            span = chunk.span(index, start, len(logical.text.rstrip()))
            help = "Write it in a line of its own, indented below the name."
            finding = error("E101", span, "The condition of a segment does not stand beside its name.", help)
            return finding, Mend(start, len(logical.text), "")
    if numbered := _DIGIT.match(words):
        message, right = "A name begins with a letter.", f"{numbered[1]}_{numbered[2]}"
    elif (numbered := _SEVERAL.match(words)) and not _titled(numbered[2].split()):
        message, right = "A name is one word.", "_".join(numbered[2].split())
    else:
        return None
    start, end = indent + numbered.start(2), indent + numbered.end(2)
    span = chunk.span(index, start, end)
    return error("E114", span, message, f"Write `{right}`."), Mend(start, end, right)


def _titled(words: list[str]) -> bool:
    """Whether a title without quotes follows a name: it begins with the name or with a capital letter."""
    name, second = words[0], words[1]
    return second.casefold() == name.casefold() or (second[0].isupper() and not name[0].isupper())
