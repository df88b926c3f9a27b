"""Lines of a flow whose first line is not there, below another declaration."""

from dsl.found.finding import Finding
from dsl.found.source import error
from dsl.read.belonging import NATIVE
from dsl.read.layout import Chunk, Logical
from dsl.read.signs import HOLE

_SMALL = ("topic", "limits", "coupon", "webhook", "segment")


def astray(chunk: Chunk, index: int, place: str, findings: list[Finding]) -> bool:
    """Tell of a line of a flow that stands below a small declaration, once for all lines of that flow; False:
    it may be meant for this one."""
    logical, pair = chunk.lines[index], chunk.lines[index : index + 2]
    first = logical.words.split(" ")[0]
    if place not in _SMALL or first in NATIVE.get(place, ()) or logical.holed:
        return False
    if len(pair) < 2 or not all(map(_of_a_flow, pair)):
        return False
    span = chunk.span(index, logical.indent, logical.indent + len(first))
    message = f"`{first}` is a line of a flow, and no flow stands above it."
    findings.append(error("E102", span, message, "Write `flow NAME` above it."))
    del chunk.lines[index + 1 :]
    logical.replace(logical.indent, len(logical.text), HOLE)
    logical.holed = True
    return True


def _of_a_flow(line: Logical) -> bool:
    return line.words.split(" ")[0] in NATIVE["flow"]
