"""People read from the tables of an export, one row after the other."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from consent.address import read_address
from consent.contract import InvalidAddress
from dsl.graph import FieldType
from engine.run.declared import Misfit, is_keepable
from engine.run.inbox import check_built_in
from virta.importing.columns import BUILT_IN, CLAIMED, Column, Role, column_of, columns_of, key_of
from virta.importing.files import Looked
from virta.importing.formats.plain import WITH_STATUS
from virta.importing.formats.product import Kind, Product, only
from virta.importing.person import Person, Stood
from virta.importing.table import Fault, Row, open_table
from virta.importing.values import like_a_formula, read_latest, read_list, read_moment, read_value
from virta.settings import BrokenProject

_TEXT = FieldType("text")
_LONGEST_ADDRESS = 254
_LONGEST_CLAIM = 500
_FIRST_MOMENT = 788_918_400_000  # 1995: nobody confirmed anything by e-mail before


@dataclass(slots=True)
class Notes:
    """What is seen on the way and is no fault."""

    formulas: int = 0  # texts with which a spreadsheet would reckon
    dropped: dict[str, int] = field(
        default_factory=dict
    )  # by column: values of the product's that fit nothing
    details: dict[str, Column] = field(default_factory=dict)  # columns inside of JSON


@dataclass(frozen=True, slots=True)
class Source:
    """A table of which it is known what it holds."""

    looked: Looked
    kind: Kind
    columns: tuple[Column, ...]
    separator: str
    notes: Notes


@dataclass(frozen=True, slots=True)
class Meaning:
    """What columns are, for a project: what somebody said of them, and the attributes that it declares."""

    product: Product
    said: Mapping[str, str]
    attributes: Mapping[str, FieldType]


def source_of(looked: Looked, meaning: Meaning, stood: Stood | None = None) -> Source:
    """What a table holds; `stood`: where all people in it stood, as somebody says. Raises `BrokenProject`."""
    name, product = looked.part.shown, meaning.product
    with open_table(looked) as table:
        header, separator = table.header, table.separator_shown
    columns = tuple(columns_of(header, meaning.said, product.columns, meaning.attributes))
    roles = [column.to for column in columns]
    kind: Kind | None
    if stood is not None:
        kind = only(f"people who {_DID[stood]}", stood)
    elif any(column.to == Role.STATUS and column.why == "said" for column in columns):
        kind = WITH_STATUS
    else:
        kind = product.kind(looked.part.name, frozenset(map(key_of, header)))
    if kind is None:
        raise BrokenProject(
            f"{name} is none of {product.title}'s exports, by its columns: {', '.join(header[:12])}. Import "
            "it as `virta import csv`, or say what is in it with --unsubscribed, --bounced or --complained."
        )
    if roles.count(Role.EMAIL) != 1:
        which = "no column" if Role.EMAIL not in roles else "more than one column"
        raise BrokenProject(
            f'{name} has {which} with addresses. Say which it is: --map "COLUMN=@email". It has: '
            f"{', '.join(header[:12])}."
        )
    twice = next((to for to in roles if to not in tuple(Role) and roles.count(to) > 1), None)
    if twice is not None:
        both = " and ".join(f"`{column.name}`" for column in columns if column.to == twice)
        raise BrokenProject(f'{name}: {both} would both be `{twice}`. Leave one out: --map "COLUMN=-".')
    return Source(looked, kind, columns, separator, Notes())


_DID = {
    Stood.UNSUBSCRIBED: "unsubscribed",
    Stood.BOUNCED: "cannot be reached",
    Stood.COMPLAINED: "complained",
}


def people_in(source: Source, meaning: Meaning, now: int) -> Iterator[Person | Fault]:
    """The rows of a table, each as a person or as what is wrong with it. `now` is in ms UTC. What is noted on
    the way is that of the last time."""
    source.notes.formulas = 0
    source.notes.dropped.clear()
    reader = _Reader(source, meaning, now)
    with open_table(source.looked) as table:
        for row in table.rows:
            yield reader.person(row) if isinstance(row, Row) else row


_LEAST = (Stood.COMPLAINED, Stood.BOUNCED, Stood.UNSUBSCRIBED, Stood.NEVER, Stood.SUBSCRIBED)


class _Wrong(Exception):
    def __init__(self, column: str, why: str, do: str) -> None:
        super().__init__(why)
        self.column, self.why, self.do = column, why, do


class _Reader:
    def __init__(self, source: Source, meaning: Meaning, now: int) -> None:
        self._source, self._meaning, self._now = source, meaning, now
        known = [(place, column) for place, column in enumerate(source.columns) if column.to != Role.NOTHING]
        self._all_roles = frozenset(Role)
        self._roles = [one for one in known if one[1].to in self._all_roles]
        self._attributes = [one for one in known if one[1].to not in self._all_roles]

    def person(self, row: Row) -> Person | Fault:
        """What a row says."""
        try:
            return self._person(row)
        except _Wrong as wrong:
            whose = self._whose(row)
            return Fault(self._source.looked.part.shown, row.line, wrong.column, wrong.why, wrong.do, whose)

    def _whose(self, row: Row) -> str:
        place = next(place for place, column in self._roles if column.to == Role.EMAIL)
        try:
            return self._address(row.cells[place].strip() if place < len(row.cells) else "")
        except _Wrong:
            return ""

    def _person(self, row: Row) -> Person:
        cells: dict[str, str] = {}
        statuses: list[str] = []
        names: dict[str, str] = {}
        claimed: dict[str, str] = {}
        width = len(row.cells)
        for place, column in self._roles:
            text = row.cells[place].strip() if place < width else ""
            if text and column.to == Role.STATUS:
                statuses.append(text)
            if text and not cells.get(column.to):
                cells[column.to], names[column.to] = text, column.name
            if text and column.to in CLAIMED:
                claimed[column.name] = text[:_LONGEST_CLAIM]
        inside = self._inside_of(cells.get(Role.DETAILS, ""))
        for column, text in inside:
            if column.to in self._all_roles and not cells.get(column.to):
                cells[column.to], names[column.to] = text, column.name
                if column.to in CLAIMED:
                    claimed[column.name] = text[:_LONGEST_CLAIM]
        address = self._address(cells.get(Role.EMAIL, ""))
        stood = self._stood(cells, statuses)
        if not isinstance(stood, Stood):
            raise _Wrong(names.get(Role.STATUS, ""), stood, "Correct the cell, or leave the row out.")
        if any(not is_keepable(text) for text in claimed.values()):
            raise _Wrong("", "a cell holds characters that are no text", "Export anew, or correct the row.")
        if stood is not Stood.SUBSCRIBED:
            stopped_at = read_latest(cells.get(Role.STOPPED_AT, "")) or 0
            return Person(row.line, address, stood, stopped_at=stopped_at, claimed=claimed)
        attributes = self._values(row, cells, inside)
        return Person(
            row.line,
            address,
            stood,
            str(attributes.get("language", "")),
            self._confirmed(cells.get(Role.CONFIRMED_AT, ""), names.get(Role.CONFIRMED_AT, "")),
            claimed=claimed,
            attributes=attributes,
        )

    def _stood(self, cells: Mapping[str, str], statuses: Sequence[str]) -> Stood | str:
        """Where several columns say it, the one counts by which they get the least."""
        stood = self._source.kind.stood
        found = [stood({**cells, Role.STATUS: text}) for text in statuses or [cells.get(Role.STATUS, "")]]
        unread = next((one for one in found if not isinstance(one, Stood)), None)
        return unread if unread is not None else min(map(Stood, found), key=_LEAST.index)

    def _address(self, text: str) -> str:
        column = next(column.name for column in self._source.columns if column.to == Role.EMAIL)
        if not text:
            raise _Wrong(column, "there is no address", "Leave the row out.")
        try:
            if len(text) <= _LONGEST_ADDRESS and is_keepable(text):
                return read_address(text).typed
        except InvalidAddress:
            pass
        raise _Wrong(
            column, f"`{_shown(text)}` is no e-mail address", "Correct the address, or leave the row out."
        )

    def _confirmed(self, text: str, column: str) -> int:
        if not text:
            return 0
        at = read_moment(text)
        if at is None:
            do = "Write moments as 2026-03-02 09:00:00, in UTC."
            raise _Wrong(column, f"`{_shown(text)}` cannot be read as a moment in one way alone", do)
        if not _FIRST_MOMENT <= at <= self._now:
            do = "Correct the moment, or empty the cell: then the row stays unproven."
            raise _Wrong(column, f"nobody can have confirmed anything on {_shown(text)}", do)
        return at

    def _values(
        self, row: Row, cells: Mapping[str, str], inside: Sequence[tuple[Column, str]]
    ) -> dict[str, Any]:
        found: dict[str, Any] = {}
        width = len(row.cells)
        for place, column in self._attributes:
            text = row.cells[place].strip() if place < width else ""
            if text:
                self._put(found, column, text)
        if tags := read_list(cells.get(Role.TAGS, "")):
            found["tags"] = tags
        for column, text in inside:
            if column.to not in self._all_roles:
                self._put(found, column, text)
        return found

    def _put(self, found: dict[str, Any], column: Column, text: str) -> None:
        kind = self._meaning.attributes.get(column.to, _TEXT)
        try:
            value = read_value(kind, text, column.to)
            if column.to in BUILT_IN:
                check_built_in({column.to: value})
        except Misfit as fault:
            if column.why == "known":  # the product's own guess, as of a time zone: no fault of the list's
                dropped = self._source.notes.dropped
                dropped[column.name] = dropped.get(column.name, 0) + 1
                return
            do = f'Correct the cell, or leave the column out: --map "{column.name}=-".'
            raise _Wrong(column.name, str(fault), do) from None
        if isinstance(value, str) and like_a_formula(value):
            self._source.notes.formulas += 1
        found[column.to] = value

    def _inside_of(self, text: str) -> list[tuple[Column, str]]:
        """JSON in a cell: each of its members is a column of its own."""
        if not text:
            return []
        name = next(column.name for _, column in self._roles if column.to == Role.DETAILS)
        try:
            members = json.loads(text)
        except (ValueError, RecursionError):
            members = None
        if not isinstance(members, dict):
            raise _Wrong(name, "the cell holds no JSON object", "Export anew, or empty the cell.")
        columns = [(self._inside(name, member), value) for member, value in members.items()]
        return [
            (column, value.strip() if isinstance(value, str) else _as_cell(value))
            for column, value in columns
            if column.to != Role.NOTHING and value not in (None, "")
        ]

    def _inside(self, name: str, member: str) -> Column:
        whole = f"{name}.{member}"
        known = self._source.notes.details
        if whole not in known:
            meaning = self._meaning
            column = column_of(whole, meaning.said, {}, meaning.attributes)
            if not column.why:
                column = column_of(member, {}, {}, meaning.attributes)
            known[whole] = Column(whole, column.to, column.why)
        return known[whole]


def _as_cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ",".join(f'"{str(one).replace(chr(34), chr(34) * 2)}"' for one in value)
    return str(value)


def _shown(text: str) -> str:
    return "".join(sign if sign.isprintable() else "�" for sign in text[:60])
