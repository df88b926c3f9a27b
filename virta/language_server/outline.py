"""The lines of a file by their depth: what each line holds below it."""

from collections.abc import Iterator
from dataclasses import dataclass

from dsl.found.source import Source
from dsl.read.layout import Logical, lay_out


@dataclass(frozen=True, slots=True)
class Block:
    """A line of code with all that hangs on it: its first and its last line in the file (from 1), its words,
    and its depth (0 for a declaration)."""

    first: int
    last: int
    words: str
    depth: int


def blocks_of(source: Source) -> Iterator[Block]:
    """Every line of code of a file, in order; faults of the layout are mended as the parser mends them."""
    chunks, _ = lay_out(source)
    for chunk in chunks:
        open_at: list[int] = []
        for index, logical in enumerate(chunk.lines):
            while open_at and open_at[-1] >= logical.indent:
                open_at.pop()
            below = [logical]
            for other in chunk.lines[index + 1 :]:
                if other.indent <= logical.indent:
                    break
                below.append(other)
            yield Block(_first(logical), max(map(_last, below)), logical.words, len(open_at))
            open_at.append(logical.indent)


def _first(logical: Logical) -> int:
    return min(line for _, line, _ in logical.pieces)


def _last(logical: Logical) -> int:
    return max(line for _, line, _ in logical.pieces)
