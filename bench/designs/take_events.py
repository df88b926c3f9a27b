"""Five ways to keep events that come in hundreds, by Python's `sqlite3` alone: what each costs an event, from
the bytes of its request until it is read back, its person named and its address forgotten, as it must be.
An id that was there before counts once; every commit is synced.

Rows by statements of fifty, with ten requests in one commit, is what Virta does where requests wait for each
other. A row a statement, and a commit for each request, show what that saves. A list that the database takes
apart has each value written as JSON and read again. A packed row for each request is written whole and read
whole; its ids stand in a table of their own, and whoever is erased must be sought in all of the rows.

    python bench/designs/take_events.py [EVENTS]
"""

import random
import sqlite3
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Sequence
from itertools import chain
from pathlib import Path

import msgspec

from virta.bench.result import agreed

AIM = "ingest_events_s"

EVENTS = 50_000
BATCH = 100
SHARED = 10
"""Requests in one commit, where they share it."""
_AT_ONCE = 50
_REPEATS = 100
"""One of so many events was sent before."""

_INBOX = (
    "CREATE TABLE inbox (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT, kind TEXT NOT NULL, at INT NOT NULL,"
    " received INT NOT NULL, contact BLOB, address TEXT, data BLOB NOT NULL);"
    "CREATE UNIQUE INDEX inbox_id ON inbox (id);"
    "CREATE INDEX inbox_contact ON inbox (contact);"
)
_COLUMNS = "INSERT INTO inbox (id, kind, at, received, address, data) "
_ONE = "(?, ?, ?, ?, ?, ?)"
_ONCE = " ON CONFLICT DO NOTHING"

Row = tuple[str, str, int, int, str, bytes]
Design = Callable[[sqlite3.Connection, Sequence[bytes]], int]
"""Takes requests, and says how many events it kept."""

_decode = msgspec.json.Decoder(dict[str, list[dict[str, object]]]).decode
_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(list[Row]).decode


def by_fifties(connection: sqlite3.Connection, requests: Sequence[bytes]) -> int:
    """Rows by statements of fifty, ten requests in one commit"""
    return _as_rows(connection, requests, _put_fifties, SHARED)


def by_fifties_alone(connection: sqlite3.Connection, requests: Sequence[bytes]) -> int:
    """The same, a commit for each request"""
    return _as_rows(connection, requests, _put_fifties, 1)


def by_rows(connection: sqlite3.Connection, requests: Sequence[bytes]) -> int:
    """A row a statement, ten requests in one commit"""
    return _as_rows(connection, requests, _put_rows, SHARED)


def by_list(connection: sqlite3.Connection, requests: Sequence[bytes]) -> int:
    """A list that the database takes apart, ten requests in one commit"""
    return _as_rows(connection, requests, _put_list, SHARED)


def packed(connection: sqlite3.Connection, requests: Sequence[bytes]) -> int:
    """A packed row for each request, ten in one commit"""
    connection.executescript(
        "CREATE TABLE part (seq INTEGER PRIMARY KEY AUTOINCREMENT, body BLOB NOT NULL, contacts BLOB);"
        "CREATE TABLE known (id TEXT PRIMARY KEY) WITHOUT ROWID;"
    )
    kept = 0
    for first in range(0, len(requests), SHARED):
        connection.execute("BEGIN IMMEDIATE")
        for request in requests[first : first + SHARED]:
            rows = _rows(request)
            listed = msgspec.json.encode([row[0] for row in rows]).decode()
            before = connection.execute(
                "SELECT id FROM known WHERE id IN (SELECT value FROM json_each(?))", (listed,)
            ).fetchall()
            gone = {id_ for (id_,) in before}
            fresh = [row for row in rows if row[0] not in gone] if gone else rows
            connection.executemany("INSERT INTO known VALUES (?)", [(row[0],) for row in fresh])
            connection.execute("INSERT INTO part (body) VALUES (?)", (zlib.compress(_pack(fresh), 1),))
            kept += len(fresh)
        connection.execute("COMMIT")
        connection.execute("BEGIN IMMEDIATE")
        found = connection.execute("SELECT seq, body FROM part WHERE contacts IS NULL").fetchall()
        named = []
        for seq, body in found:
            read = _unpack(zlib.decompress(body))
            contacts = b"".join([_contact(row[4]) for row in read])
            named.append((zlib.compress(_pack([(*row[:4], "", row[5]) for row in read]), 1), contacts, seq))
        connection.executemany("UPDATE part SET body = ?, contacts = ? WHERE seq = ?", named)
        connection.execute("COMMIT")
    counted = sum(
        len(_unpack(zlib.decompress(body))) for (body,) in connection.execute("SELECT body FROM part")
    )
    agreed({"kept": kept, "in the rows": counted})
    return kept


def _as_rows(
    connection: sqlite3.Connection,
    requests: Sequence[bytes],
    put: Callable[[sqlite3.Connection, list[Row]], None],
    shared: int,
) -> int:
    connection.executescript(_INBOX)
    last = 0
    for first in range(0, len(requests), SHARED):
        for part in range(first, min(first + SHARED, len(requests)), shared):
            connection.execute("BEGIN IMMEDIATE")
            put(connection, [row for request in requests[part : part + shared] for row in _rows(request)])
            connection.execute("COMMIT")
        connection.execute("BEGIN IMMEDIATE")
        found = connection.execute("SELECT * FROM inbox WHERE seq > ? ORDER BY seq", (last,)).fetchall()
        last = found[-1][0]
        connection.executemany(
            "UPDATE inbox SET contact = ?, address = NULL WHERE seq = ?",
            [(_contact(row[6]), row[0]) for row in found],
        )
        connection.execute("COMMIT")
    (kept,) = connection.execute("SELECT count(*) FROM inbox WHERE address IS NULL").fetchone()
    assert isinstance(kept, int)
    return kept


def _put_fifties(connection: sqlite3.Connection, rows: list[Row]) -> None:
    whole = len(rows) - len(rows) % _AT_ONCE
    many = _COLUMNS + "VALUES " + ", ".join([_ONE] * _AT_ONCE) + _ONCE
    for first in range(0, whole, _AT_ONCE):
        connection.execute(many, list(chain.from_iterable(rows[first : first + _AT_ONCE])))
    _put_rows(connection, rows[whole:])


def _put_rows(connection: sqlite3.Connection, rows: list[Row]) -> None:
    connection.executemany(f"{_COLUMNS}VALUES {_ONE}{_ONCE}", rows)


def _put_list(connection: sqlite3.Connection, rows: list[Row]) -> None:
    listed = msgspec.json.encode([(*row[:5], row[5].hex()) for row in rows]).decode()
    parts = ", ".join(f"value ->> {place}" for place in range(5))
    connection.execute(
        f"{_COLUMNS}SELECT {parts}, unhex_(value ->> 5) FROM json_each(?) WHERE true{_ONCE}", (listed,)
    )


def _rows(request: bytes) -> list[Row]:
    """The events of a request as a table has them. What an event must be like is not looked at."""
    return [
        (str(one["id"]), str(one["event"]), 1, 1, str(one["address"]), _pack(one["data"]))
        for one in _decode(request)["events"]
    ]


def _contact(address: str) -> bytes:
    """Stands for the id that the consent service knows."""
    return address.encode().rjust(16)[:16]


def _requests(events: int) -> list[bytes]:
    dice = random.Random(events)
    found = []
    for first in range(0, events, BATCH):
        batch = [
            {
                "id": f"look-{number - (number % _REPEATS == 0 and number > 0)}",
                "event": "product_viewed",
                "address": f"person{dice.randrange(10_000)}@shop.example",
                "data": {"sku": f"SKU-{number % 500}", "name": "Coffee", "category": "coffee"},
            }
            for number in range(first, first + BATCH)
        ]
        found.append(msgspec.json.encode({"events": batch}))
    return found


def measured(design: Design, requests: Sequence[bytes], different: int) -> float:
    """Microseconds of CPU an event. Raises `CountsDiffer`."""
    with tempfile.TemporaryDirectory() as folder:
        connection = sqlite3.connect(Path(folder, "design.db"), isolation_level=None)
        for setting in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "cache_size=-65536"):
            connection.execute(f"PRAGMA {setting}")
        connection.create_function("unhex_", 1, bytes.fromhex, deterministic=True)
        began = time.process_time()
        kept = design(connection, requests)
        spent = time.process_time() - began
        connection.close()
    agreed({"different events": different, "kept": kept})
    return spent / (len(requests) * BATCH) * 1e6


def main(events: int) -> None:
    """The table: the least of three rounds in turns."""
    requests = _requests(max(events // BATCH, 1) * BATCH)
    every = [one["id"] for request in requests for one in _decode(request)["events"]]
    different = len(set(every))
    designs = (by_fifties, by_fifties_alone, by_rows, by_list, packed)
    rounds = [[measured(design, requests, different) for design in designs] for _ in range(3)]
    print(
        f"{len(every):,} events, {different:,} of them different, µs of CPU each; as many kept by each design"
    )
    for design, costs in zip(designs, zip(*rounds, strict=True), strict=True):
        print(f"  {min(costs):6.1f}  {design.__doc__}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS)
