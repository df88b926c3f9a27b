"""Lines that stand where lines of another declaration begin: that lost its first line or its depth."""

import re

from dsl.belonging import NATIVE
from dsl.finding import Finding
from dsl.layout import HOLE, Chunk, Logical
from dsl.source import error
from dsl.words import DECLARATIONS

_SMALL = ("topic", "limits", "coupon", "webhook", "fields", "segment")
_WORD = re.compile(r"[^\W\d]\w*")


def astray(chunk: Chunk, index: int, place: str, findings: list[Finding]) -> bool:
    """Tell of a line below a small declaration that is one of another, once for all its lines; False: it
    may be meant for this one."""
    logical = chunk.lines[index]
    first = (_WORD.match(logical.words) or [""])[0]
    declares = first in DECLARATIONS and len(logical.words.split()) <= 2 + logical.words.count('"') * 10
    if place not in _SMALL or first in NATIVE.get(place, ()) or logical.holed:
        return False
    pair = chunk.lines[index : index + 2]
    if not declares and (place == "fields" or len(pair) < 2 or not all(map(_of_a_flow, pair))):
        return False
    span = chunk.span(index, logical.indent, logical.indent + len(first))
    if declares:
        message, help = f"A declaration such as `{first}` is indented here.", "Begin it at the left edge."
    else:
        message, help = (
            f"`{first}` is a line of a flow, and no flow stands above it.",
            "Write `flow NAME` above it.",
        )
    findings.append(error("E103" if declares else "E102", span, message, help))
    del chunk.lines[index + 1 :]
    logical.replace(logical.indent, len(logical.text), HOLE)
    logical.holed = True
    return True


def _of_a_flow(line: Logical) -> bool:
    return line.words.split(" ")[0] in NATIVE["flow"]
