"""Lines that close a block in other tools; here a block ends where its lines end."""

import re

from dsl.found.finding import Finding
from dsl.found.source import error
from dsl.read.layout import Chunk

_CLOSES = re.compile(
    r"(?:(?:end|close)[ _-]?(?:if|else|split|repeat|loop|for|while|wait|on|send|flow)|fi|esac|[})\]]+);?"
)
_MAY_CLOSE = re.compile(r"(?:end|done)\b[.;]?")
"""At the end of a flow, or where no block ends, `end` is meant for `finish`."""


def closer(chunk: Chunk, index: int) -> Finding | None:
    """The finding for a line that only closes the block above it."""
    logical = chunk.lines[index]
    may = _MAY_CLOSE.fullmatch(logical.words) and (not logical.indent or _behind_a_block(chunk, index))
    if not may and not _CLOSES.fullmatch(logical.words):
        return None
    message = f"`{logical.words}` closes nothing: a block ends where its lines are no longer indented."
    return error("E102", chunk.whole(index), message, "Leave this line out.")


def _behind_a_block(chunk: Chunk, index: int) -> bool:
    before = chunk.above if index == 1 and chunk.above else chunk.lines[:index]
    return bool(before) and before[-1].indent > chunk.lines[index].indent
