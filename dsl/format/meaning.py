"""What two texts must have in common to be the same: what they declare, and what their comments say."""

from typing import Any

from msgspec import Struct

from dsl.found.finding import Span
from dsl.found.source import Source
from dsl.nodes.scenarios import SceneLine
from dsl.read.layout import code_end

_AS_WRITTEN = frozenset(((SceneLine, "text"),))
"""What repeats the text of a file, for people to read."""


def meaning(node: Any) -> Any:
    """A declaration, or anything in one, without its places: equal for texts that mean the same."""
    if isinstance(node, tuple):
        return tuple(meaning(each) for each in node)
    if isinstance(node, Struct):
        names = [name for name in node.__struct_fields__ if (type(node), name) not in _AS_WRITTEN]
        values = (getattr(node, name) for name in names)
        return (type(node).__name__, *(meaning(value) for value in values if not isinstance(value, Span)))
    return node


def comments(source: Source) -> list[str]:
    """Every comment of a file from its `#` on, in order."""
    cut = (line[code_end(line) :].rstrip() for line in source.lines)
    return [comment for comment in cut if comment]
