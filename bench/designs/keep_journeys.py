"""Four ways to keep journeys that start together and wait, by Python's `sqlite3` alone: what each costs a
journey of seven timers, with nothing decided and no journal written. Every batch of a thousand is one commit
that is synced.

A row for each journey is what Virta does; the columns that a timer changes are written by one statement for
all who go the same way. The journey within its person's row saves a table, and has every timer write the
whole row. A cohort's row names all who stand at one place until one moment, and a timer writes only that: but
whoever an event concerns must be looked for in the cohorts, and taken out of one. A log alone is the least
that is durable: all that is known stands in memory, which grows with the people.

    python bench/designs/keep_journeys.py [PEOPLE]
"""

import json
import os
import sqlite3
import struct
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path

from virta.bench.result import agreed

AIM = "journey_cpu_us"

PEOPLE = 20_000
TOGETHER = 1_000
TIMERS = 7
_SPLIT = 2
"""Behind this timer the people part in two."""
_PERSON, _JOURNEY = os.urandom(77), os.urandom(110)
"""As long as rows are for people of whom no more is known, and for their journeys."""

Moves = int
"""How many timers were worked on."""
Design = Callable[[sqlite3.Connection, int], Moves]


def row_for_each(connection: sqlite3.Connection, people: int) -> Moves:
    """A row for each"""
    connection.executescript(
        "CREATE TABLE contact (id BLOB PRIMARY KEY, body BLOB);"
        "CREATE TABLE journey (slot INTEGER PRIMARY KEY, contact BLOB, node INT, epoch INT, due INT,"
        " body BLOB);"
        "CREATE TABLE timer (due INT, slot INT, PRIMARY KEY (due, slot)) WITHOUT ROWID;"
    )
    arm = "INSERT INTO timer SELECT ?, value FROM json_each(?)"
    for first in _batches(connection, people):
        slots = range(first, first + TOGETHER)
        ids = [os.urandom(16) for _ in slots]
        connection.executemany("INSERT INTO contact VALUES (?, ?)", [(id_, _PERSON) for id_ in ids])
        connection.executemany(
            "INSERT INTO journey VALUES (?, ?, 0, 1, ?, ?)",
            [(slot, id_, first, _JOURNEY) for slot, id_ in zip(slots, ids, strict=True)],
        )
        connection.execute(arm, (first, json.dumps(list(slots))))
    moves = 0
    for node, due in _rounds(people):
        for _ in _one(connection):
            found = connection.execute(
                "SELECT timer.slot, contact, node, epoch FROM timer JOIN journey USING (slot) "
                "WHERE timer.due = ? ORDER BY timer.slot LIMIT ?",
                (due, TOGETHER),
            ).fetchall()
            moves += len(found)
            came = [slot for slot, *_ in found]
            connection.execute(
                "DELETE FROM timer WHERE due = ? AND slot IN (SELECT value FROM json_each(?))",
                (due, json.dumps(came)),
            )
            if node == TIMERS - 1:
                listed = json.dumps(came)
                connection.execute(
                    "DELETE FROM journey WHERE slot IN (SELECT value FROM json_each(?))", (listed,)
                )
                continue
            for part in _parts(node, came):
                listed = json.dumps(part)
                connection.execute(
                    "UPDATE journey SET node = ?, epoch = epoch + 1, due = ? "
                    "WHERE slot IN (SELECT value FROM json_each(?))",
                    (node + 1, due, listed),
                )
                connection.execute(arm, (due, listed))
    return moves


def within_people(connection: sqlite3.Connection, people: int) -> Moves:
    """Within its person's row"""
    connection.executescript(
        "CREATE TABLE contact (id BLOB PRIMARY KEY, body BLOB);"
        "CREATE TABLE timer (due INT, contact BLOB, PRIMARY KEY (due, contact)) WITHOUT ROWID;"
    )
    for first in _batches(connection, people):
        ids = [os.urandom(16) for _ in range(TOGETHER)]
        whole = _PERSON + _JOURNEY + struct.pack("<qqq", 0, 1, first)
        connection.executemany("INSERT INTO contact VALUES (?, ?)", [(id_, whole) for id_ in ids])
        connection.executemany("INSERT INTO timer VALUES (?, ?)", [(first, id_) for id_ in sorted(ids)])
    moves = 0
    for node, due in _rounds(people):
        for _ in _one(connection):
            found = connection.execute(
                "SELECT contact, body FROM timer JOIN contact ON id = contact WHERE due = ?", (due,)
            ).fetchall()
            moves += len(found)
            if node == TIMERS - 1:
                new = [(_PERSON, id_) for id_, _ in found]
                connection.execute("DELETE FROM timer WHERE due = ?", (due,))
            else:
                new = [
                    (body[:-24] + struct.pack("<qqq", node + 1, node + 2, due), id_) for id_, body in found
                ]
                connection.execute("DELETE FROM timer WHERE due = ?", (due,))
                armed = [(due, id_) for id_, _ in found]
                connection.executemany("INSERT INTO timer VALUES (?, ?)", armed)
            connection.executemany("UPDATE contact SET body = ? WHERE id = ?", new)
    return moves


def cohorts(connection: sqlite3.Connection, people: int) -> Moves:
    """A cohort's row"""
    connection.executescript(
        "CREATE TABLE contact (id BLOB PRIMARY KEY, body BLOB);"
        "CREATE TABLE journey (slot INTEGER PRIMARY KEY, contact BLOB, body BLOB);"
        "CREATE TABLE cohort (number INTEGER PRIMARY KEY, due INT, node INT, slots BLOB);"
        "CREATE INDEX cohort_due ON cohort (due);"
    )
    put = "INSERT INTO cohort (due, node, slots) VALUES (?, ?, ?)"
    for first in _batches(connection, people):
        slots = range(first, first + TOGETHER)
        ids = [os.urandom(16) for _ in slots]
        connection.executemany("INSERT INTO contact VALUES (?, ?)", [(id_, _PERSON) for id_ in ids])
        connection.executemany(
            "INSERT INTO journey VALUES (?, ?, ?)",
            [(slot, id_, _JOURNEY) for slot, id_ in zip(slots, ids, strict=True)],
        )
        connection.execute(put, (first, 0, struct.pack(f"<{TOGETHER}q", *slots)))
    moves = 0
    for node, due in _rounds(people):
        for _ in _one(connection):
            for number, packed in connection.execute(
                "SELECT number, slots FROM cohort WHERE due = ?", (due,)
            ).fetchall():
                slots_ = list(struct.unpack(f"<{len(packed) // 8}q", packed))
                moves += len(slots_)
                connection.execute("DELETE FROM cohort WHERE number = ?", (number,))
                if node == TIMERS - 1:
                    connection.execute(
                        "DELETE FROM journey WHERE slot IN (SELECT value FROM json_each(?))",
                        (json.dumps(slots_),),
                    )
                    continue
                for part in _parts(node, slots_):
                    connection.execute(put, (due, node + 1, struct.pack(f"<{len(part)}q", *part)))
    return moves


def log_alone(connection: sqlite3.Connection, people: int) -> Moves:
    """A log alone"""
    connection.execute("CREATE TABLE log (number INTEGER PRIMARY KEY, body BLOB)")
    put = "INSERT INTO log (body) VALUES (?)"
    known: dict[int, tuple[bytes, int]] = {}
    waiting: dict[int, list[int]] = {}
    for first in _batches(connection, people):
        slots = list(range(first, first + TOGETHER))
        ids = [os.urandom(16) for _ in slots]
        known |= {slot: (id_, 0) for slot, id_ in zip(slots, ids, strict=True)}
        waiting[first] = slots
        connection.execute(put, (b"".join([id_ + _PERSON + _JOURNEY for id_ in ids]),))
    moves = 0
    for node, due in _rounds(people):
        for _ in _one(connection):
            slots = waiting.pop(due)
            moves += len(slots)
            if node == TIMERS - 1:
                for slot in slots:
                    del known[slot]
            else:
                for slot in slots:
                    known[slot] = known[slot][0], node + 1
                waiting[due] = slots
            connection.execute(put, (struct.pack(f"<{len(slots)}q", *slots),))
    assert not known
    return moves


def _batches(connection: sqlite3.Connection, people: int) -> Iterator[int]:
    """The first slot of each batch of people who start together, each in a transaction of its own."""
    for first in range(1, people + 1, TOGETHER):
        for _ in _one(connection):
            yield first


def _rounds(people: int) -> Iterator[tuple[int, int]]:
    """Each batch at each of its waits. A batch's deadline is told by its first slot: only its place in the
    order counts here."""
    for node in range(TIMERS):
        for first in range(1, people + 1, TOGETHER):
            yield node, first


def _parts(node: int, slots: list[int]) -> list[list[int]]:
    """Who goes on together."""
    if node != _SPLIT:
        return [slots]
    ordered = sorted(slots, key=lambda slot: slot % 2)
    return [list(part) for _, part in groupby(ordered, key=lambda slot: slot % 2)]


def _one(connection: sqlite3.Connection) -> Iterator[None]:
    """One transaction."""
    connection.execute("BEGIN IMMEDIATE")
    yield
    connection.execute("COMMIT")


def measured(design: Design, people: int) -> float:
    """Microseconds of CPU a journey. Raises `CountsDiffer`."""
    with tempfile.TemporaryDirectory() as folder:
        connection = sqlite3.connect(Path(folder, "design.db"), isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA cache_size=-65536")
        began = time.process_time()
        moves = design(connection, people)
        spent = time.process_time() - began
        known = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'journey'").fetchone()
        (left,) = connection.execute("SELECT count(*) FROM journey").fetchone() if known else (0,)
        connection.close()
    agreed({"timers worked on": moves, "of all people": people * TIMERS + left})
    return spent / people * 1e6


def main(people: int) -> None:
    """The table: the least of three rounds in turns."""
    designs = (row_for_each, within_people, cohorts, log_alone)
    rounds = [[measured(design, people) for design in designs] for _ in range(3)]
    print(f"{people:,} journeys of {TIMERS} timers, µs of CPU each; as many timers by each design")
    for design, costs in zip(designs, zip(*rounds, strict=True), strict=True):
        print(f"  {min(costs):6.1f}  {design.__doc__}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else PEOPLE)
