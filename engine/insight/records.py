"""The engine's database, opened for reading, also while another process works with it."""

import sqlite3
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
from msgspec import DecodeError, Struct
from sqlalchemy import Connection, Row, Select, create_engine, func, select, tuple_
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import StaticPool

from dsl.graph import Graph, graph_from_json
from engine.core.bundle import Bundle, Effect, Entry, Journey
from engine.core.trial import Ruling
from engine.store import lines, raw, releases, rows
from engine.store import schema as t
from engine.store.arrivals import INBOX
from engine.store.aside import Aside, aside
from engine.store.control import Instruction, control
from engine.store.database import StoreFault, beside
from engine.store.due import TIMERS_DUE
from engine.store.people import JOURNEY
from engine.store.releases import Head, Release
from engine.store.retries import Retry, retry
from engine.store.server import Place, Server
from engine.store.store import Received
from engine.store.unknown import Unknown, unknown

PATIENCE = 5000
"""How long to wait for a program that holds the database for itself alone, in milliseconds."""

_PART = 1000


class Mark(Struct, frozen=True):
    """Where the tables that only grow end: equal marks, equal journal and events."""

    journal: int
    inbox: int


class Records:
    """One reading transaction: everything in it is of one moment. Instants are ms UTC."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def mark(self) -> Mark:
        """How far the journal and the inbox have grown."""
        ends = [self._connection.scalar(select(func.max(table.c.seq))) for table in (t.journal, t.inbox)]
        return Mark(ends[0] or 0, ends[1] or 0)

    def worked_on(self) -> int:
        """The position in the inbox up to which the engine has worked."""
        value = self._connection.scalar(select(t.note.c.value).where(t.note.c.name == INBOX))
        return int(value) if value else 0

    def newest(self) -> int | None:
        """When the newest of all that is here was written, None if nothing is."""
        ends = [
            self._connection.scalar(select(func.max(column)))
            for column in (t.journal.c.at, t.inbox.c.received)
        ]
        return max((end for end in ends if end is not None), default=None)

    def lines(self, contact: str = "") -> list[Entry]:
        """The journal in order of time, lines of one moment as they were written; of one contact, or all."""
        bodies = self._connection.execute(select(t.journal.c.body).order_by(t.journal.c.seq))
        found = [entry for (body,) in bodies for entry in lines.unpack(body, contact)]
        return sorted(found, key=lambda entry: entry.at)

    def events(self, *kinds: str) -> list[Received]:
        """The events that are kept, in order of time; those of the kinds named, or all."""
        wanted = t.inbox.c.kind.in_(kinds) if kinds else t.inbox.c.kind != ""
        return self._received(select(t.inbox).where(wanted))

    def first(self, kinds: Collection[str]) -> dict[str, int]:
        """The moment of the first record of each of these events of which there is any."""
        return raw.first(self._connection, kinds)

    def events_of(self, contact: str) -> list[Received]:
        """The events of one contact, in order of time."""
        of = t.inbox.c.contact == bytes.fromhex(contact)
        return self._received(select(t.inbox).where(of, t.inbox.c.kind != ""))

    def journeys(self, flow: str = "", due: int | None = None) -> list[Journey]:
        """The journeys under way, by deadline: of one flow or all, with one deadline or any."""
        asked = _JOURNEYS.order_by(t.journey.c.due, t.journey.c.slot)
        if flow:
            asked = asked.where(t.pin.c.flow == flow)
        if due is not None:
            asked = asked.where(t.journey.c.due == due)
        return [_journey(tuple(row)) for row in self._connection.execute(asked)]

    def effects(self) -> Iterator[Effect]:
        """What was asked for and is not done, oldest first."""
        asked = select(t.effect).order_by(t.effect.c.made, t.effect.c.key)
        for row in self._connection.execute(asked):
            yield rows.effect_of(row.key, row.contact, row.body)

    def instructions(self) -> list[Instruction]:
        """All that the engine was told from outside, in order."""
        asked = select(control).order_by(control.c.seq)
        return [Instruction(*row) for row in self._connection.execute(asked)]

    def unknown(self) -> list[Unknown]:
        """The mails of which nobody knows whether they went out, oldest first."""
        asked = select(unknown).order_by(unknown.c.at, unknown.c.key)
        return [
            Unknown(row.at, rows.effect_of(row.key, row.contact, row.body))
            for row in self._connection.execute(asked)
        ]

    def set_aside(self) -> list[Aside]:
        """The people with whom the engine does not get on."""
        asked = select(aside).order_by(aside.c.at, aside.c.contact)
        found = self._connection.execute(asked)
        return [
            Aside(row.contact.hex(), row.at, row.kind, row.error, row.cause, row.flow, row.step)
            for row in found
        ]

    def retries(self) -> dict[str, Retry]:
        """What is tried again, by the key of the effect or the id of the person."""
        found = self._connection.execute(select(retry))
        return {
            row.key.hex(): Retry(row.key.hex(), row.kind, row.tries, row.due, row.attempt) for row in found
        }

    def notes(self) -> dict[str, int]:
        """The engine's cursors, by name."""
        return {row.name: int(row.value) for row in self._connection.execute(select(t.note))}

    def bundle(self, contact: str) -> Bundle:
        """What the engine knows of one contact now; empty if nothing."""
        id_ = bytes.fromhex(contact)
        body = self._connection.scalar(select(t.contact.c.body).where(t.contact.c.id == id_))
        if body is None:
            return Bundle(contact)
        profile = rows.profile_of(body)
        own = _JOURNEYS.where(t.journey.c.slot.in_(profile.slots), t.journey.c.contact == id_)
        return rows.bundle_of(
            contact, profile, [_journey(tuple(row)) for row in self._connection.execute(own)]
        )

    def graphs(self) -> dict[str, Graph]:
        """Every graph that ever ran, by digest."""
        return {
            digest: graph_from_json(body) for digest, body in self._connection.execute(select(t.graph)).all()
        }

    def at(self, places: Collection[tuple[str, str, int]]) -> Iterator[str]:
        """The contacts with a journey at one of these places (flow, graph and node), each once."""
        pins = {
            (row.flow, row.digest): row.number
            for row in self._connection.execute(select(t.pin.c.number, t.pin.c.flow, t.pin.c.digest))
        }
        wanted = [(pins[flow, graph], node) for flow, graph, node in places if (flow, graph) in pins]
        there = tuple_(_journeys.pin, _journeys.node).in_(wanted)
        for row in self._each(select(_journeys.contact).where(there).distinct()):
            yield row.contact.hex()

    def overdue(self, before: int) -> tuple[int, int | None]:
        """How many deadlines of journeys lie before that instant, and the first of them; those of people who
        are set aside are left out."""
        late = TIMERS_DUE.where(t.timer.c.due < before).subquery()
        asked = select(func.count(), func.min(late.c.due)).select_from(late)
        count, first = self._connection.execute(asked).one()
        return count, first

    def people(self) -> Counter[tuple[str, str, int]]:
        """How many journeys are under way, by flow, graph and node. All rows are read once, and the names are
        looked up of the places only: a million of them are counted in less than a second."""
        place = (_journeys.pin, _journeys.node)
        counted = select(*place, func.count().label("people")).group_by(*place).subquery()
        named = (t.pin.c.flow, t.pin.c.digest, counted.c.node, counted.c.people)
        asked = select(*named).join(counted, counted.c.pin == t.pin.c.number)
        return Counter(
            {(flow, graph, node): count for flow, graph, node, count in self._connection.execute(asked)}
        )

    def members(self) -> Iterator[tuple[str, list[str]]]:
        """Every contact with the segments that they are in, one after the other."""
        for row in self._each(select(t.contact.c.id, t.contact.c.body)):
            yield row.id.hex(), rows.segments_of(row.body)

    def bundles(self) -> Iterator[Bundle]:
        """What the engine knows of every contact, journeys aside, one after the other."""
        for row in self._each(select(t.contact.c.id, t.contact.c.body)):
            yield rows.bundle_of(row.id.hex(), rows.profile_of(row.body), ())

    def doers(self, kinds: Collection[str], since: int) -> Iterator[str]:
        """The contacts who had events of these kinds since then, each once."""
        inbox = t.inbox.c
        wanted = select(inbox.contact).where(inbox.kind.in_(sorted(kinds)), inbox.at >= since)
        for row in self._each(wanted.where(inbox.contact.is_not(None)).distinct()):
            yield row.contact.hex()

    def release(self, number: int | None = None) -> Release | None:
        """The release of that number, or the newest. None: there is none; a database that an earlier version
        wrote has none at all."""
        return releases.find(self._connection, number)

    def releases(self) -> list[Head]:
        """All releases, oldest first."""
        return releases.heads(self._connection)

    def backfills_until(self, number: int) -> int:
        """How many starts for the past were asked for by releases up to that one."""
        return sum(each <= number for each, _ in releases.backfills(self._connection))

    def cursors(self) -> dict[str, int]:
        """How far the engine has come with what, by name."""
        return {row.name: int(row.value) for row in self._connection.execute(select(t.note))}

    def rulings(self) -> list[Ruling]:
        """What was found of splits that find out which arm is best, oldest first."""
        bodies = self._connection.execute(
            select(t.ruling.c.body).order_by(t.ruling.c.at, t.ruling.c.mark, t.ruling.c.version)
        )
        return [msgspec.json.decode(body, type=Ruling) for (body,) in bodies]

    def _each(self, query: Select[Any]) -> Iterator[Row[Any]]:
        yield from self._connection.execute(query, execution_options={"yield_per": _PART})

    def _received(self, query: Select[Any]) -> list[Received]:
        found = self._connection.execute(query.order_by(t.inbox.c.at, t.inbox.c.seq))
        return [
            Received(
                row.id or f"inbox-{row.seq}",
                row.kind,
                row.at,
                row.received,
                row.contact.hex() if row.contact else "",
                "",
                rows.data_of(row.data),
                row.seq,
            )
            for row in found
        ]


_journeys = t.journey.c
_JOURNEYS = select(*JOURNEY, t.pin.c.flow, t.pin.c.digest).join(t.pin, t.pin.c.number == _journeys.pin)


def _journey(row: Sequence[Any]) -> Journey:
    return rows.journey_of(row[:-2], row[-2], row[-1])


@contextmanager
def open_records(path: Place) -> Iterator[Records]:
    """The records in the database at `path`. Raises `StoreFault` if there is none, or it cannot be read."""
    if isinstance(path, Server):
        with beside(path, writing=False) as connection, connection.begin():
            yield Records(connection)
        return
    if not path.is_file():
        raise StoreFault(f"There is no engine database at {path}: nothing has run here yet.")
    place = f"file:{quote(str(path.absolute()))}?mode={_mode(path)}"
    engine = create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(place, uri=True, check_same_thread=False),
        poolclass=StaticPool,
    )
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql(f"PRAGMA busy_timeout={PATIENCE}")
            connection.exec_driver_sql("PRAGMA query_only=ON")
            connection.exec_driver_sql("BEGIN")
            yield Records(connection)
            connection.exec_driver_sql("ROLLBACK")
    except DatabaseError as fault:
        raise StoreFault(_unreadable(path, str(fault.orig))) from None
    except DecodeError:
        raise StoreFault(_OF_ANOTHER_VERSION.format(path)) from None
    finally:
        engine.dispose()


def _mode(path: Path) -> str:
    """How to open a database so that nothing is left beside it. Without a log there, SQLite makes one to
    read by, and only who may write takes it away again; a log that stands there is another's."""
    return "ro" if path.with_name(f"{path.name}-wal").exists() else "rw"


_OF_ANOTHER_VERSION = "{} was written by another version of Virta. Read it with that one."


def _unreadable(path: Path, reason: str) -> str:
    if reason.startswith("no such "):
        return _OF_ANOTHER_VERSION.format(path)
    if "locked" in reason:
        return f"{path} is locked by another program. Try again when that one is done."
    return f"{path} cannot be read as a database: {reason}."
