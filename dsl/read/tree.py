"""What reading a declaration gives: words, and the trees that the grammar's rules make of them."""

from __future__ import annotations

from collections.abc import Iterator


class Token(str):
    """A word of a text, of one of the grammar's kinds, with its place: lines and columns from 1, the end just
    behind it. What the layout says (a line's end, a block's begin and end) is a token too."""

    __slots__ = ("column", "end_column", "end_line", "line", "type")

    type: str
    line: int
    column: int
    end_line: int
    end_column: int

    def __new__(cls, text: str, type: str, line: int, column: int, end_line: int, end_column: int) -> Token:
        made = str.__new__(cls, text)
        made.type = type
        made.line = line
        made.column = column
        made.end_line = end_line
        made.end_column = end_column
        return made


class Tree:
    """A rule with its parts, and the first and the last token that it stands for, which need not be among
    the parts: keywords are left out of these."""

    __slots__ = ("children", "data", "first", "last")

    def __init__(self, data: str, children: list[Tree | Token], first: Token, last: Token) -> None:
        self.data = data
        self.children = children
        self.first = first
        self.last = last

    def subtrees(self) -> Iterator[Tree]:
        """The tree and all that hang from it."""
        yield self
        for each in self.children:
            if isinstance(each, Tree):
                yield from each.subtrees()
