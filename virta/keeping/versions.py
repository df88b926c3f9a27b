"""Which version a database has: the revision of its last migration."""

import contextlib
import sqlite3
from pathlib import Path

import consent.store
import engine.store.version
from virta.keeping.copying import pinned
from virta.keeping.manifest import CONSENT, ENGINE
from virta.settings import BrokenProject

_TABLE = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'alembic_version'"


def version_of(path: Path) -> str:
    """The revision, empty for a database of before there were any. Raises `sqlite3.Error`."""
    with pinned(path) as driver:
        return version_in(driver)


def version_in(driver: sqlite3.Connection) -> str:
    """The same, of an open database."""
    if driver.execute(_TABLE).fetchone() is None:
        return ""
    row = driver.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(row[0]) if row else ""


def refuse_other_versions(data: Path) -> None:
    """Raise `BrokenProject` where a store in `data` was made by another version than this one. Stores that
    cannot be read are told of by whoever opens them."""
    for name, head in {ENGINE: engine.store.version.HEAD, CONSENT: consent.store.HEAD}.items():
        path = data / name
        found = head
        with contextlib.suppress(sqlite3.Error):
            found = version_of(path) if path.is_file() and path.stat().st_size else head
        if found > head:
            raise BrokenProject(
                f"{path} was made by a newer version of Virta (its tables are {found}, those of this one are "
                f"{head}). Install that version; an older one cannot read it."
            )
        if found < head:
            raise BrokenProject(
                f"{path} was made by an older version of Virta. Run `virta upgrade {data.parent}`, which "
                "makes a backup first."
            )
