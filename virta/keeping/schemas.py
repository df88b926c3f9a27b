"""A store in a schema of a PostgreSQL server, as backups, restores and upgrades see it: whole."""

import os
import platform
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import psycopg
from psycopg import sql
from sqlalchemy import Connection, event
from sqlalchemy.exc import DatabaseError

import consent.store.postgres
from consent.store.server import Server as ConsentServer
from engine.store.faults import StoreFault
from engine.store.postgres import begin_writing, held_by, joined, lock_key, reach, reason, where
from engine.store.server import Server
from virta.settings import BrokenProject

Driver: TypeAlias = "psycopg.Connection[Any]"

_STAGE = "_new"
_LONGEST = 38  # of a project's name in that of a schema that is put aside: PostgreSQL keeps 63 letters
_PAUSES = (0, 0.1, 0.2, 0.5, 1.0)  # seconds: a server frees a lock a moment after whoever held it has ended
_PATIENT = "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; SET lock_timeout = 0"


@contextmanager
def connected(server: Server) -> Iterator[Driver]:
    """A connection that looks at this schema and has no transaction. Raises `StoreFault`."""
    driver = reach(server, f"virta command, process {os.getpid()} at {platform.node()}")
    with closing(driver):
        driver.cursor_factory = psycopg.Cursor  # one that spells values out, as looking at tables needs it
        try:
            driver.execute(_PATIENT)
            look_at(driver, server.schema)
            yield driver
        except (psycopg.Error, DatabaseError) as fault:
            raise StoreFault(f"{where(server)} cannot be used: {reason(fault)}") from None


@contextmanager
def pinned(server: Server) -> Iterator[Driver]:
    """The schema as it is at this instant, whatever others write until the end. Raises `StoreFault`."""
    with connected(server) as driver:
        driver.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        driver.execute("SELECT 1")  # from here on it is read
        yield driver


@contextmanager
def written(server: Server) -> Iterator[Connection]:
    """A connection whose transactions wait for all others that write, and hold everything that is done in
    them, changes of tables too. Raises `StoreFault`."""
    with connected(server) as driver:
        driver.execute("SET synchronous_commit = on")
        with transacting(driver, lock_key(server, "writing")) as connection:
            yield connection


@contextmanager
def transacting(driver: Driver, key: int) -> Iterator[Connection]:
    """SQLAlchemy's connection over the driver's; each transaction takes the lock `key`."""
    connection = joined(driver)

    @event.listens_for(connection.engine, "begin")
    def begin(_connection: Connection) -> None:
        begin_writing(driver, key)

    with connection:
        yield connection


@contextmanager
def engine_held(server: Server) -> Iterator[None]:
    """No engine runs there meanwhile. Raises `BrokenProject`, `StoreFault`."""
    with _held(server, lock_key(server, "running")):
        yield


@contextmanager
def consent_held(server: ConsentServer) -> Iterator[None]:
    """Nobody writes the store of consent there meanwhile. Raises `BrokenProject`, `StoreFault`."""
    plain = Server(server.url, server.schema, server.password)
    with _held(plain, consent.store.postgres.lock_key(server, "open")):
        yield


@contextmanager
def _held(server: Server, key: int) -> Iterator[None]:
    with connected(server) as driver:
        if not any(_locked(driver, key, pause) for pause in _PAUSES):
            found = held_by(driver, key)
            named = f" ({found[1]})" if found is not None and found[1] else ""
            raise BrokenProject(f"Virta is running on {where(server)}{named}. Stop it first.")
        yield


def _locked(driver: Driver, key: int, pause: float) -> bool:
    time.sleep(pause)
    return driver.execute("SELECT pg_try_advisory_lock(%s)", [key]).fetchone() == (True,)


def look_at(driver: Driver, schema: str) -> None:
    """From here on names of tables are those of this schema."""
    driver.execute(sql.SQL("SET search_path TO {}").format(sql.Identifier(schema)))


def has_store(server: Server) -> bool:
    """Whether the schema is there, with tables in it. Raises `StoreFault`."""
    with connected(server) as driver:
        found = driver.execute("SELECT 1 FROM pg_tables WHERE schemaname = %s LIMIT 1", [server.schema])
        return found.fetchone() is not None


def version_on(server: Server) -> str | None:
    """The revision of its last migration, "" for a store of before there were any; None: there is no store.
    Raises `StoreFault`."""
    if not has_store(server):
        return None
    with connected(server) as driver:
        return version_in(driver)


def version_in(driver: Driver) -> str:
    """The same, of the schema that is looked at."""
    if driver.execute("SELECT to_regclass('alembic_version')").fetchone() == (None,):
        return ""
    row = driver.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(row[0]) if row else ""


def bytes_in(driver: Driver, schema: str) -> int:
    """How much room the tables of a schema take, with their indexes."""
    found = driver.execute(
        "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint FROM pg_class c"
        " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = %s AND c.relkind = 'r'",
        [schema],
    ).fetchone()
    return int(found[0]) if found else 0


def stage_of(server: Server) -> Server:
    """The schema beside it in which the next one is made."""
    return Server(server.url, f"{server.schema}{_STAGE}", server.password)


def clear(driver: Driver, schema: str) -> None:
    """Make the schema anew, with nothing in it."""
    name = sql.Identifier(schema)
    driver.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(name))
    driver.execute(sql.SQL("CREATE SCHEMA {}").format(name))


def swap(server: Server, moment: datetime) -> str | None:
    """Let the schema that was made beside it take its place, at once; what was there is kept under the name
    that is given back, None: nothing was. Raises `StoreFault`."""
    stage, aside = stage_of(server).schema, aside_name(server.schema, moment)
    rename = sql.SQL("ALTER SCHEMA {} RENAME TO {}")
    with connected(server) as driver, driver.transaction():
        was_there = _is_there(driver, server.schema)
        while _is_there(driver, aside):  # of a restore within the same second
            moment += timedelta(seconds=1)
            aside = aside_name(server.schema, moment)
        if was_there:
            driver.execute(rename.format(sql.Identifier(server.schema), sql.Identifier(aside)))
        driver.execute(rename.format(sql.Identifier(stage), sql.Identifier(server.schema)))
    return aside if was_there else None


def aside_name(schema: str, moment: datetime) -> str:
    """What a schema is called that was put aside: `kafija_consent_20260407t080000z`."""
    project, _, part = schema.rpartition("_")
    return f"{project[:_LONGEST]}_{part}_{moment:%Y%m%dt%H%M%Sz}"


def put_aside(driver: Driver, schema: str) -> list[str]:
    """The schemas that were put aside for this one, oldest first."""
    project, _, part = schema.rpartition("_")
    like = f"^{project[:_LONGEST]}_{part}_[0-9]{{8}}t[0-9]{{6}}z$"
    found = driver.execute("SELECT nspname FROM pg_namespace WHERE nspname ~ %s ORDER BY nspname", [like])
    return [name for (name,) in found.fetchall()]


def leaves_known(server: Server) -> list[int]:
    """How long the log of a store of consent is, and of those that were put aside for it. Raises
    `StoreFault`."""
    known = []
    with connected(server) as driver:
        for name in (server.schema, *put_aside(driver, server.schema)):
            there = driver.execute("SELECT to_regclass(%s)", [f'"{name}".leaves']).fetchone()
            if there != (None,):
                leaves = sql.Identifier(name, "leaves")
                asked = sql.SQL("SELECT coalesce(max(seq) + 1, 0) FROM {}").format(leaves)
                known.append(int((driver.execute(asked).fetchone() or (0,))[0]))
    return known


def tables_of(driver: Driver, schema: str) -> list[str]:
    """The names of the tables in a schema."""
    found = driver.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s ORDER BY 1", [schema])
    return [name for (name,) in found.fetchall()]


def _is_there(driver: Driver, schema: str) -> bool:
    found = driver.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [schema])
    return found.fetchone() is not None
