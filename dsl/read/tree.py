"""What reading a declaration gives: words, and the trees that the grammar's rules make of them."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct


class Token(Struct, frozen=True):
    """A word of a text, of one of the grammar's kinds, with its place: lines and columns from 1, the end just
    behind it. What the layout says (a line's end, a block's begin and end) is a token too."""

    text: str
    type: str
    line: int
    column: int
    end_line: int
    end_column: int


class Tree(Struct, frozen=True):
    """A rule with its parts, and the first and the last token that it stands for, which need not be among
    the parts: keywords are left out of these."""

    data: str
    children: list[Tree | Token]
    first: Token
    last: Token

    def subtrees(self) -> Iterator[Tree]:
        """The tree and all that hang from it."""
        yield self
        for each in self.children:
            if isinstance(each, Tree):
                yield from each.subtrees()
