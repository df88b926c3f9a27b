"""Which version a database has: the revision of its last migration."""

import sqlite3
from pathlib import Path

from virta.keeping.copying import pinned

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
