"""Bringing the stores of an older version to the present one.

A migration and the note that it ran are one transaction: a store has one version or the next, whatever
happens in between.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, MetaData, create_engine, event, inspect
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import NullPool

import consent.store.tables
import engine.store.schema
import engine.store.store  # all rooms' tables
from engine.store.faults import StoreFault
from engine.store.server import Place
from virta.keeping.places import Places
from virta.keeping.versions import version_at
from virta.settings import BrokenProject

TABLES: Mapping[str, MetaData] = {
    "engine": engine.store.schema.metadata,
    "consent": consent.store.tables.metadata,
}
_OF_CONNECTIONS = "newest_transaction"


def steps(store: str) -> ScriptDirectory:
    """The migrations of `engine` or `consent`."""
    return ScriptDirectory(str(Path(__file__).parents[1] / "migrations" / store))


def versions_of(places: Places) -> dict[str, str]:
    """The version of each store that is there; "" for one of before there were any. Raises `BrokenProject`
    for one that cannot be read."""
    found = {}
    for name, place in places.stores.items():
        try:
            version = version_at(place)
        except sqlite3.Error as fault:
            raise BrokenProject(f"{place} cannot be read as a database: {fault}.") from None
        except StoreFault as fault:
            raise BrokenProject(str(fault)) from None
        if version is not None:
            found[name] = version
    return found


def is_known(store: str, version: str) -> bool:
    """Whether a version is this one's or an earlier one's."""
    try:
        return not version or steps(store).get_revision(version) is not None
    except CommandError:
        return False


def upgrade(connection: Connection, store: str, to: str = "head") -> list[str]:
    """Run the migrations that are missing up to the version `to`, each in a transaction; their numbers. A
    store without a version gets the first one's where it has exactly its tables. Raises `BrokenProject`."""
    script, ran = steps(store), []
    context = MigrationContext.configure(connection)
    if context.get_current_revision() is None and inspect(connection).get_table_names():
        connection.rollback()
        _adopt(connection, store, script)
        ran.append(script.get_base() or "")
    connection.rollback()

    def missing(revision: tuple[str, ...], _context: MigrationContext) -> list[object]:
        found = script._upgrade_revs(to, revision)  # type: ignore[arg-type]
        ran.extend(step.revision.revision for step in found)
        return list(found)

    context = MigrationContext.configure(
        connection,
        opts={"fn": missing, "transactional_ddl": True, "transaction_per_migration": True, "script": script},
    )
    with Operations.context(context):
        context.run_migrations()
    return ran


def _adopt(connection: Connection, store: str, script: ScriptDirectory) -> None:
    context = MigrationContext.configure(connection, opts={"include_name": _is_ours})
    differs = compare_metadata(context, TABLES[store])
    connection.rollback()
    if differs:
        raise BrokenProject(
            f"The store of the {store} was made before the first release and has other tables than it. "
            "It cannot be taken along."
        )
    with connection.begin():
        context.stamp(script, script.get_base() or "head")


def _is_ours(name: str | None, kind: str, _parents: object) -> bool:
    """Whether a table is the store's own: on a server there is one of the connection's beside them."""
    return kind != "table" or name != _OF_CONNECTIONS


@contextmanager
def opened(place: Place) -> Iterator[Connection]:
    """A connection to a store whose transactions hold everything that is done in them, changes of tables
    too. Raises `BrokenProject`."""
    if isinstance(place, Path):
        with _opened_file(place) as connection:
            yield connection
        return
    from virta.keeping.schemas import written

    try:
        with written(place) as connection:
            yield connection
    except StoreFault as fault:
        raise BrokenProject(f"{fault}. It is as it was.") from None


@contextmanager
def _opened_file(path: Path) -> Iterator[Connection]:
    made = create_engine(f"sqlite:///{path}", poolclass=NullPool, connect_args={"isolation_level": None})

    @event.listens_for(made, "connect")
    def prepare(raw: sqlite3.Connection, _record: object) -> None:
        raw.execute("PRAGMA synchronous=FULL")
        raw.execute("PRAGMA secure_delete=ON")

    @event.listens_for(made, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    try:
        with made.connect() as connection:
            yield connection
    except DatabaseError as fault:
        raise BrokenProject(f"{path} cannot be upgraded: {fault.orig}. It is as it was.") from None
    finally:
        made.dispose()
