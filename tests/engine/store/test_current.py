"""What ran last is written down, and read beside whoever works with the store."""

import sqlite3
from contextlib import closing
from pathlib import Path

import anyio

from dsl.graph import Program
from engine.insight.records import open_records
from engine.store.current import Current
from engine.store.store import Store

EMPTY = Program((), (), (), (), ())


def test_the_last_program_is_the_one_that_counts(tmp_path: Path) -> None:
    """A later start takes the place of an earlier one, templates included; before the first there is none."""
    path = tmp_path / "engine.db"
    later = Program((), (), (), (), (), (), EMPTY.limits)

    async def work() -> None:
        store = Store(path)
        try:
            with open_records(path) as records:
                assert records.current() is None
            await store.keep_current(EMPTY, {"hello": "a"})
            await store.keep_current(later, {"hello": "b", "bye": "c"})
            with open_records(path) as records:
                assert records.current() == Current(later, {"hello": "b", "bye": "c"})
        finally:
            store.close()

    anyio.run(work)


def test_a_store_of_an_earlier_version_does_not_tell(tmp_path: Path) -> None:
    """It has no such table, and reading makes none."""
    path = tmp_path / "engine.db"
    Store(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TABLE current")
        connection.commit()
    with open_records(path) as records:
        assert records.current() is None
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'current'").fetchall() == []
