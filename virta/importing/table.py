"""A table in text: its separator, its header, its rows with the lines they begin in.

RFC 4180 is what most exports keep to; separators are whatever the exporter's country has."""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from msgspec import Struct

from virta.importing.files import Looked, text_of
from virta.settings import BrokenProject

if TYPE_CHECKING:
    from _csv import Reader

_SEPARATORS = (",", ";", "\t", "|")
_LONGEST_CELL = 1 << 17
_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}


class Fault(Struct, frozen=True):
    """What is wrong with one row: where, why, and what to do. `column` is empty for the row as a whole;
    `address` is whose the row is, where that can be read."""

    file: str
    line: int
    column: str
    why: str
    do: str
    address: str = ""


class Row(Struct, frozen=True, gc=False):
    """A row of a table. `line` is that in which it begins, the header's being 1."""

    line: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Table:
    """A table that has been opened: `rows` can be gone through once."""

    looked: Looked
    header: tuple[str, ...]
    separator: str
    rows: Iterator[Row | Fault]

    @property
    def separator_shown(self) -> str:
        """What stands between the cells, in a word."""
        return _NAMES[self.separator]


@contextmanager
def open_table(looked: Looked) -> Iterator[Table]:
    """The table in a part. Raises `BrokenProject` where there is none, and while its rows are read where the
    rest of the file cannot be made out."""
    name, before = looked.part.shown, 0
    with text_of(looked) as text:
        first = text.readline(_LONGEST_CELL).lstrip("\ufeff")
        if first.lower().startswith("sep="):  # which Excel writes for itself
            first, before = text.readline(_LONGEST_CELL), 1
        separator = max(_SEPARATORS, key=first.count)
        reader = csv.reader(chain([first], text), delimiter=separator, strict=True)
        try:
            header = next(reader, []) if len(first) < _LONGEST_CELL else []
        except csv.Error:
            header = []
        names = tuple(cell.strip() for cell in header)
        if not any(names):
            raise BrokenProject(
                f"{name} has no header that can be read: its first line must name the columns."
            )
        if any("@" in cell for cell in names):
            raise BrokenProject(
                f"{name} has no header: its first line holds an address. Put a line before it that names the "
                "columns."
            )
        yield Table(looked, names, separator, _rows(reader, before, name, separator, len(names)))


def _rows(reader: "Reader", before: int, name: str, separator: str, width: int) -> Iterator[Row | Fault]:
    while True:
        line = before + reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as fault:
            said = str(fault)
            if "end of data" in said or "field limit" in said:
                raise BrokenProject(
                    f"{name}, line {line}: a quote opens there and is not closed, so that all behind it "
                    "would be one cell. Close it, or export anew. Nothing was imported."
                ) from None
            yield Fault(
                name, line, "", "text stands behind a closing quote", "Write a quote inside a cell twice."
            )
            continue
        if not any(cells) or not any(map(str.strip, cells)):
            continue
        if len(cells) > width and any(cells[width:]):
            yield Fault(
                name,
                line,
                "",
                f"the row has {len(cells)} cells, the header {width}",
                f"Put cells that hold a {_NAMES[separator]} or a line break into quotes.",
            )
            continue
        yield Row(line, cells)
