"""What of people who were erased still stands somewhere, once everything that can be done is done."""

import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, TypeAlias

from promise_life import Life
from promise_schemas import STORES
from sqlalchemy import select

from consent.store.tables import evidence, subjects
from engine.store.lines import unpack

Tables: TypeAlias = Iterator[tuple[str, list[tuple[Any, ...]]]]

MAY_STAND = {"leaves", "decisions", "erasures", "erased"}
"""Tables in which the random id of somebody who was erased stays."""


def remains(
    life: Life, erased: Collection[str], away: Collection[str], sealed: Collection[bytes]
) -> Iterator[str]:
    """What is left of the erased subjects, of addresses whose people have not come back, and of what was
    `sealed` of them, in words."""
    if not erased:
        return
    for store in STORES:
        yield from _about(tables_of(life, store), erased)
    for path in sorted(life.folder.iterdir()):
        found = path.read_bytes()
        if any(each in found for each in sealed):
            yield f"what was sealed of somebody who was erased stands in {path.name}"
        for address in away:
            if address.encode() in found:
                yield f"the address {address} of somebody who was erased stands in {path.name}"


def tables_of(life: Life, store: str) -> Tables:
    """The rows of every table of one of a life's stores."""
    if life.schemas is not None:
        return life.schemas.tables(life.folder.name, store)
    return _tables(life.folder / f"{store}.db")


def _about(tables: Tables, erased: Collection[str]) -> Iterator[str]:
    ids = {id_ for subject in erased for id_ in (subject, bytes.fromhex(subject))}
    for table, rows in tables:
        if table not in MAY_STAND and any(not ids.isdisjoint(row) for row in rows):
            yield f"a row of {table} is about somebody who was erased"
        if table == "journal" and any(line.contact in ids for *_, body in rows for line in unpack(body)):
            yield "a line of the journal is about somebody who was erased"


def sealed_of(life: Life, subject: str) -> list[bytes]:
    """Key, address and evidence of somebody, sealed as they stand in the consent store."""
    of_person = select(subjects.c.wrapped, subjects.c.address).where(subjects.c.id == subject)
    of_evidence = select(evidence.c.sealed).where(evidence.c.subject == subject)
    return life.system.service.read(
        lambda reading: [
            bytes(each)
            for query in (of_person, of_evidence)
            for row in reading.conn.execute(query)
            for each in row
        ]
    )


def _tables(path: Path) -> Tables:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as store:
        names = [row[0] for row in store.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for name in sorted(names):
            yield name, store.execute(f'SELECT * FROM "{name}"').fetchall()
