"""What of people who were erased still stands somewhere, once everything that can be done is done."""

import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, TypeAlias

from promise_life import Life

Tables: TypeAlias = Iterator[tuple[str, list[tuple[Any, ...]]]]

MAY_STAND = {"leaves", "decisions", "erasures", "erased"}
"""Tables in which the random id of somebody who was erased stays."""


def remains(life: Life, erased: Collection[str], away: Collection[str]) -> Iterator[str]:
    """What is left of the erased subjects, and of addresses whose people have not come back, in words."""
    if not erased:
        return
    if life.schemas is not None:
        yield from _about(life.schemas.tables(life.folder.name), erased)
    else:
        for name in ("engine.db", "consent.db"):
            yield from _about(_tables(life.folder / name), erased)
    for path in sorted(life.folder.iterdir()):
        found = path.read_bytes()
        for address in away:
            if address.encode() in found:
                yield f"the address {address} of somebody who was erased stands in {path.name}"


def _about(tables: Tables, erased: Collection[str]) -> Iterator[str]:
    ids = {id_ for subject in erased for id_ in (subject, bytes.fromhex(subject))}
    for table, rows in tables:
        if table not in MAY_STAND and any(not ids.isdisjoint(row) for row in rows):
            yield f"a row of {table} is about somebody who was erased"


def _tables(path: Path) -> Tables:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as store:
        names = [row[0] for row in store.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for name in sorted(names):
            yield name, store.execute(f'SELECT * FROM "{name}"').fetchall()
