"""A store carried from a server into a file, and from a file to a server: the same tables, row for row.

A backup is always a pair of files, so that it is proved in one way, may be put back where it did not come
from, and needs none of the server's tools. The tables on the other side are made by the migrations, up to the
version that the store has: it need not be the present one.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
from psycopg import sql

import consent.store.postgres
from engine.store.faults import StoreFault
from engine.store.postgres import keep_unsampled, lock_key, where
from engine.store.server import Server
from virta.keeping.schemas import Driver, bytes_in, clear, connected, look_at, transacting, version_in
from virta.keeping.upgrading import TABLES, opened, steps, upgrade
from virta.keeping.versions import version_in as version_in_file

Told = Callable[[int, int], None]

_BOOL = 16  # the type's number in every PostgreSQL database
_EACH = 1000  # rows between two words about how far it is
_NUMBERED = (
    "SELECT a.attname, pg_get_serial_sequence(c.oid::regclass::text, a.attname) FROM pg_attribute a"
    " JOIN pg_class c ON c.oid = a.attrelid WHERE c.oid = %s::regclass AND a.attnum > 0"
    " AND pg_get_serial_sequence(c.oid::regclass::text, a.attname) IS NOT NULL"
)


class Shape(NamedTuple):
    """A table as it is on the server: its columns, their types' numbers, and those of its key."""

    name: str
    columns: tuple[str, ...]
    types: tuple[int, ...]
    key: tuple[str, ...]


def draw(source: Driver, schema: str, store: str, to: Path, told: Told) -> None:
    """Write what `source` shows of a schema to a new file, as `engine` or `consent` of the same version.
    `told(bytes done, bytes in all)` is called on the way. Raises `psycopg.Error`, `sqlite3.Error`."""
    with opened(to) as connection:
        upgrade(connection, store, version_in(source) or steps(store).get_base() or "head")
    whole, done = bytes_in(source, schema), 0
    with closing(sqlite3.connect(to, isolation_level=None)) as target:
        target.execute("PRAGMA synchronous=OFF")  # whoever asked for the file syncs it
        target.execute("BEGIN")
        for table in _tables(target):
            size = bytes_of(source, schema, table)
            shape = _shape(source, target, table)
            expected = max(_about(source, shape), 1)

            def on_the_way(rows: int, done: int = done, size: int = size, about: int = expected) -> None:
                told(done + min(size * rows // about, size), whole)

            marks = ", ".join("?" * len(shape.columns))
            put = f"INSERT INTO {_quoted(table)} ({', '.join(map(_quoted, shape.columns))}) VALUES ({marks})"
            target.executemany(put, _counted(_drawn(source, shape), on_the_way))
            _draw_number(source, target, shape)
            done += size
        target.execute("COMMIT")


def pour(source: Path, server: Server, store: str) -> None:
    """Make the schema of `server` anew, with the tables and rows of a file. Raises `StoreFault`."""
    with (
        connected(server) as driver,
        closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True, isolation_level=None)) as file,
    ):
        clear(driver, server.schema)
        look_at(driver, server.schema)
        with transacting(driver, lock_key(server, "making")) as connection:
            upgrade(connection, store, version_in_file(file) or steps(store).get_base() or "head")
        with driver.transaction():
            for table in _tables(file):
                shape = _shape(driver, file, table)
                try:
                    _pour_table(file, driver, shape)
                except psycopg.DataError as fault:
                    raise StoreFault(
                        f"{where(server)} does not take the table {table}: {str(fault).splitlines()[0]}"
                    ) from None
        if store == "consent":
            consent.store.postgres.keep_unsampled(driver, server.schema)
        else:
            keep_unsampled(driver, server.schema, TABLES[store])
        driver.execute("ANALYZE")


def bytes_of(driver: Driver, schema: str, table: str) -> int:
    """How much room a table takes, with its indexes."""
    name = sql.Identifier(schema, table).as_string(driver)
    found = driver.execute("SELECT pg_total_relation_size(%s::regclass)", [name]).fetchone()
    return int(found[0]) if found else 0


def _tables(file: sqlite3.Connection) -> list[str]:
    rows = file.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        " AND name <> 'alembic_version' ORDER BY name"
    )
    return [name for (name,) in rows]


def _shape(driver: Driver, file: sqlite3.Connection, table: str) -> Shape:
    """The columns in the order of the file."""
    rows = list(file.execute(f"PRAGMA table_info({_quoted(table)})"))
    columns = tuple(row[1] for row in rows)
    key = tuple(row[1] for row in sorted(rows, key=lambda row: row[5]) if row[5])
    found = driver.execute(
        "SELECT attname, atttypid::bigint FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
        " AND NOT attisdropped",
        [_quoted(table)],
    )
    types = dict(found.fetchall())
    return Shape(table, columns, tuple(types[name] for name in columns), key)


def _about(driver: Driver, shape: Shape) -> int:
    found = driver.execute(
        "SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass", [_quoted(shape.name)]
    ).fetchone()
    return int(found[0]) if found else 0


def _drawn(driver: Driver, shape: Shape) -> Iterator[tuple[Any, ...]]:
    """In the order of the key, so that the file's pages are filled one after the other."""
    order = sql.SQL(" ORDER BY {}").format(_names(shape.key)) if shape.key else sql.SQL("")
    wanted = sql.SQL("COPY (SELECT {} FROM {}{}) TO STDOUT (FORMAT BINARY)").format(
        _names(shape.columns), sql.Identifier(shape.name), order
    )
    with driver.cursor() as cursor, cursor.copy(wanted) as copy:
        copy.set_types(shape.types)
        yield from copy.rows()


def _pour_table(file: sqlite3.Connection, driver: Driver, shape: Shape) -> None:
    wanted = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(
        sql.Identifier(shape.name), _names(shape.columns)
    )
    truths = [place for place, kind in enumerate(shape.types) if kind == _BOOL]
    names = ", ".join(map(_quoted, shape.columns))
    with driver.cursor() as cursor, cursor.copy(wanted) as copy:
        copy.set_types(shape.types)
        for row in file.execute(f"SELECT {names} FROM {_quoted(shape.name)}"):
            copy.write_row(_true_or_false(row, truths) if truths else row)
    for column, sequence in driver.execute(_NUMBERED, [_quoted(shape.name)]).fetchall():
        newest = f"SELECT coalesce(max({_quoted(column)}), 0) FROM {_quoted(shape.name)}"
        number = max(file.execute(newest).fetchone()[0], _given_out(file, shape.name))
        driver.execute("SELECT setval(%s, %s, %s)", [sequence, max(number, 1), number > 0])


def _true_or_false(row: tuple[Any, ...], truths: Sequence[int]) -> list[Any]:
    found = list(row)
    for place in truths:
        if found[place] is not None:
            found[place] = bool(found[place])
    return found


def _draw_number(driver: Driver, file: sqlite3.Connection, shape: Shape) -> None:
    """A number that was given to a row which is gone is given to no other one."""
    made = file.execute("SELECT sql FROM sqlite_master WHERE name = ?", [shape.name]).fetchone()[0]
    if "AUTOINCREMENT" not in made:
        return
    for _column, sequence in driver.execute(_NUMBERED, [_quoted(shape.name)]).fetchall():
        asked = sql.SQL("SELECT last_value, is_called FROM {}").format(sql.SQL(sequence))
        last, called = driver.execute(asked).fetchone() or (0, False)
        if called and last > _given_out(file, shape.name):
            file.execute("DELETE FROM sqlite_sequence WHERE name = ?", [shape.name])
            file.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", [shape.name, last])


def _given_out(file: sqlite3.Connection, table: str) -> int:
    """The newest number that a table of a file gave to a row, 0 where it does not remember."""
    if file.execute("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'").fetchone() is None:
        return 0
    row = file.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", [table]).fetchone()
    return int(row[0]) if row else 0


def _counted(rows: Iterator[tuple[Any, ...]], told: Callable[[int], None]) -> Iterator[tuple[Any, ...]]:
    for number, row in enumerate(rows):
        if number % _EACH == 0:
            told(number)
        yield row


def _names(columns: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))


def _quoted(name: str) -> str:
    return f'"{name}"'
