"""Places in a text: the protocol counts UTF-16 units in the text as it stands in the editor, the language
counts signs of its lines in NFC."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property

from lsprotocol.types import Position, Range

from dsl.found.finding import Span

_BOM = "\ufeff"
_LINE_END = re.compile("\r\n|\n|\r")


@dataclass(frozen=True)
class Text:
    """The text of a file as an editor holds it, byte order mark and line ends included."""

    whole: str

    @cached_property
    def rows(self) -> list[str]:
        """The lines as the language reads them, not yet in NFC."""
        return [row.removesuffix("\r") for row in self.whole.removeprefix(_BOM).split("\n")]

    def range_of(self, span: Span) -> Range:
        """The range of a place that the language names."""
        return Range(self.position(span.line, span.column), self.position(span.end_line, span.end_column))

    def position(self, line: int, column: int) -> Position:
        """Where a line and column of the language (from 1) stand in the editor."""
        line = min(max(line, 1), len(self.rows))
        row = self.rows[line - 1]
        before = row[: _index(row, column - 1)]
        _, parted, rest = before.rpartition("\r")
        marked = len(_BOM) if line == 1 and not parted and self.whole.startswith(_BOM) else 0
        return Position(self._first_lines[line - 1] + before.count("\r"), _units(rest) + marked)

    def place(self, position: Position) -> tuple[int, int]:
        """The line and column of the language (from 1) of a position; one behind a line's end is the end."""
        line = max((i for i, first in enumerate(self._first_lines) if first <= position.line), default=0)
        pieces = self.rows[line].split("\r")
        within = min(position.line - self._first_lines[line], len(pieces) - 1)
        piece = pieces[within]
        units = position.character
        if not line and not within and self.whole.startswith(_BOM):
            units = max(units - len(_BOM), 0)
        index = 0
        while index < len(piece) and units > 0:
            units -= _units(piece[index])
            index += 1
        before = "\r".join([*pieces[:within], piece[:index]])
        return line + 1, len(unicodedata.normalize("NFC", before)) + 1

    def offset(self, position: Position) -> int:
        """Where in the whole text a position stands."""
        starts = [0, *(end.end() for end in _LINE_END.finditer(self.whole))]
        if position.line >= len(starts):
            return len(self.whole)
        index, units = starts[position.line], position.character
        while units > 0 and index < len(self.whole) and self.whole[index] not in "\r\n":
            units -= _units(self.whole[index])
            index += 1
        return index

    @property
    def everything(self) -> Range:
        """The range of the whole text."""
        ends = list(_LINE_END.finditer(self.whole))
        last = self.whole[ends[-1].end() if ends else 0 :]
        return Range(Position(0, 0), Position(len(ends), _units(last)))

    @cached_property
    def _first_lines(self) -> list[int]:
        """The line in the editor on which each row begins: a lone CR ends a line there, and none here."""
        found, line = [], 0
        for row in self.rows:
            found.append(line)
            line += row.count("\r") + 1
        return found


def _units(text: str) -> int:
    return len(text) + sum(sign > "\uffff" for sign in text)


def _index(row: str, column: int) -> int:
    """The index in a row of a column (from 0) of its NFC, behind all signs that make up the one before."""
    if row.isascii() or unicodedata.is_normalized("NFC", row):
        return max(min(column, len(row)), 0)
    for index in range(len(row), 0, -1):
        if len(unicodedata.normalize("NFC", row[:index])) <= column:
            return index
    return 0
