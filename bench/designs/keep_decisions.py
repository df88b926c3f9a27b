"""Four ways to keep decisions and how their mails ended, by Python's `sqlite3` alone, claimed in batches of
64, each settled by the next: what each costs a mail, with no gate, no tree and no address. Every batch is one
commit that is synced, and in each no attempt of a key can be claimed twice.

A row for each decision, found by its key in hexadecimal, is what Virta does; keys are random, so the index
costs a page for each. Keys as bytes make that index half as large. Decisions packed into one row a batch,
with a table of keys beside it, write the columns that are the same once, and have a settlement write the
batch anew; whoever asks for one decision reads all of its batch. The keys alone are the least that keeps a
key from being claimed twice: what was decided and what became of it would stand in the log only.

    python bench/designs/keep_decisions.py [MAILS]
"""

import json
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from virta.bench.result import agreed

AIM = "permit_us"

MAILS = 25_600
BATCH = 64
_SAME = ("marketing", "news", "t" * 64, "v" * 64)
"""What is nearly always the same of a batch: class, topic, template, purpose."""

Design = Callable[[sqlite3.Connection, int], tuple[int, int]]
"""Claims and settles so many mails: how many keys and how many settlements the file has afterwards."""

_COLUMNS = (
    "id INTEGER PRIMARY KEY, batch INT, key {0}, attempt INT, subject {0}, class TEXT, topic TEXT,"
    " template TEXT, purpose TEXT, consent_seq INT, epoch INT, at INT, reason TEXT, outcome TEXT, code INT,"
    " settled_at INT, counted INT, variant TEXT, measured INT"
)


def _batches(connection: sqlite3.Connection, mails: int) -> Iterator[tuple[int, list[bytes]]]:
    """The number of each batch and its keys; committed when the next is asked for. The last is empty, to
    settle the one before."""
    for batch in range(mails // BATCH + 1):
        connection.execute("BEGIN IMMEDIATE")
        yield batch, [os.urandom(16) for _ in range(BATCH if batch < mails // BATCH else 0)]
        connection.execute("COMMIT")


def _rows(connection: sqlite3.Connection, mails: int, kind: str) -> tuple[int, int]:
    connection.executescript(
        f"CREATE TABLE decisions ({_COLUMNS.format(kind)});"
        "CREATE UNIQUE INDEX one_permit ON decisions (key, attempt) WHERE reason IS NULL;"
        "CREATE UNIQUE INDEX one_unsettled ON decisions (subject) WHERE reason IS NULL AND outcome IS NULL;"
    )
    row = f"INSERT INTO decisions VALUES ({','.join('?' * 19)})"
    before: list[int] = []
    for batch, keys in _batches(connection, mails):
        connection.executemany(
            "UPDATE decisions SET outcome = 'accepted', code = 250, settled_at = ? WHERE id = ?",
            [(batch, id_) for id_ in before],
        )
        before = list(range(batch * BATCH, batch * BATCH + len(keys)))
        texts = (
            [(key.hex(), os.urandom(16).hex()) for key in keys]
            if kind == "TEXT"
            else [(key, os.urandom(16)) for key in keys]
        )
        connection.executemany(
            row,
            [
                (id_, batch, key, 1, subject, *_SAME, 2, 0, batch, None, None, 0, 0, 0, "plain", 0)
                for id_, (key, subject) in zip(before, texts, strict=True)
            ],
        )
    (keys_there,) = connection.execute("SELECT count(*) FROM decisions").fetchone()
    (settled,) = connection.execute("SELECT count(*) FROM decisions WHERE outcome = 'accepted'").fetchone()
    return keys_there, settled


def row_for_each(connection: sqlite3.Connection, mails: int) -> tuple[int, int]:
    """A row for each, keys in hexadecimal, as Virta keeps them"""
    return _rows(connection, mails, "TEXT")


def keys_as_bytes(connection: sqlite3.Connection, mails: int) -> tuple[int, int]:
    """A row for each, keys and subjects as bytes"""
    return _rows(connection, mails, "BLOB")


def packed(connection: sqlite3.Connection, mails: int) -> tuple[int, int]:
    """Packed into one row a batch, a table of keys beside it"""
    connection.executescript(
        "CREATE TABLE keys (key BLOB, attempt INT, batch INT, PRIMARY KEY (key, attempt)) WITHOUT ROWID;"
        "CREATE TABLE unsettled (subject BLOB PRIMARY KEY) WITHOUT ROWID;"
        "CREATE TABLE batches (batch INTEGER PRIMARY KEY, body BLOB);"
    )
    before: list[list[object]] = []
    for batch, keys in _batches(connection, mails):
        ended = [[*one[:-1], "accepted"] for one in before]
        connection.execute("UPDATE batches SET body = ? WHERE batch = ?", (json.dumps(ended), batch - 1))
        gone = [(bytes.fromhex(str(one[1])),) for one in before]
        connection.executemany("DELETE FROM unsettled WHERE subject = ?", gone)
        subjects = [os.urandom(16) for _ in keys]
        connection.executemany("INSERT INTO keys VALUES (?, 1, ?)", [(key, batch) for key in keys])
        connection.executemany("INSERT INTO unsettled VALUES (?)", [(subject,) for subject in subjects])
        before = [[key.hex(), one.hex(), *_SAME, 2, 0, ""] for key, one in zip(keys, subjects, strict=True)]
        connection.execute("INSERT INTO batches VALUES (?, ?)", (batch, json.dumps(before)))
    (keys_there,) = connection.execute("SELECT count(*) FROM keys").fetchone()
    bodies = connection.execute("SELECT body FROM batches").fetchall()
    return keys_there, sum(one[-1] == "accepted" for (body,) in bodies for one in json.loads(body))


def keys_alone(connection: sqlite3.Connection, mails: int) -> tuple[int, int]:
    """The keys alone, and whether they are settled"""
    connection.executescript(
        "CREATE TABLE keys (key BLOB, attempt INT, settled INT, PRIMARY KEY (key, attempt)) WITHOUT ROWID;"
    )
    before: list[bytes] = []
    for _, keys in _batches(connection, mails):
        connection.executemany("UPDATE keys SET settled = 1 WHERE key = ?", [(key,) for key in before])
        connection.executemany("INSERT INTO keys VALUES (?, 1, 0)", [(key,) for key in keys])
        before = keys
    found: tuple[int, int] = connection.execute("SELECT count(*), sum(settled) FROM keys").fetchone()
    return found


def measured(design: Design, mails: int) -> float:
    """µs of CPU a mail."""
    with tempfile.TemporaryDirectory() as folder:
        connection = sqlite3.connect(Path(folder) / "decisions.db", isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "cache_size=-65536", "secure_delete=ON"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("PRAGMA wal_autocheckpoint=8000")
        began = time.process_time()
        keys, settled = design(connection, mails)
        spent = time.process_time() - began
        connection.close()
    agreed({"mails": mails, "keys": keys, "settled": settled})
    return spent / mails * 1e6


def main(mails: int) -> None:
    """The table: the least of three rounds in turns."""
    mails = max(mails // BATCH, 1) * BATCH
    designs = (row_for_each, keys_as_bytes, packed, keys_alone)
    rounds = [[measured(design, mails) for design in designs] for _ in range(3)]
    print(f"{mails:,} decisions by {BATCH}, claimed and settled, µs of CPU each; as many by each design")
    for design, costs in zip(designs, zip(*rounds, strict=True), strict=True):
        print(f"  {min(costs):6.1f}  {design.__doc__}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else MAILS)
