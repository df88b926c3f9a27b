"""Which version a store has: the revision of its last migration."""

import contextlib
import sqlite3
from pathlib import Path

import consent.store.tables
import engine.store.version
from engine.store.faults import StoreFault
from engine.store.server import Place
from virta.keeping.copying import pinned
from virta.keeping.manifest import CONSENT, ENGINE
from virta.keeping.places import Places, in_words
from virta.settings import BrokenProject

_TABLE = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'alembic_version'"


def version_of(path: Path) -> str:
    """The revision, empty for a file of before there were any. Raises `sqlite3.Error`."""
    with pinned(path) as driver:
        return version_in(driver)


def version_in(driver: sqlite3.Connection) -> str:
    """The same, of an open file."""
    if driver.execute(_TABLE).fetchone() is None:
        return ""
    row = driver.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(row[0]) if row else ""


def version_at(place: Place) -> str | None:
    """The same of a store in a file or on a server, None: there is none. Raises `sqlite3.Error`,
    `StoreFault`."""
    if isinstance(place, Path):
        return version_of(place) if place.is_file() and place.stat().st_size else None
    from virta.keeping.schemas import version_on

    return version_on(place)


def refuse_other_versions(places: Places, folder: Path) -> None:
    """Raise `BrokenProject` where a store of the project in `folder` was made by another version than this
    one. Stores that cannot be read are told of by whoever opens them."""
    heads = {ENGINE: engine.store.version.HEAD, CONSENT: consent.store.tables.HEAD}
    for name, place in places.stores.items():
        head = found = heads[name]
        with contextlib.suppress(sqlite3.Error, StoreFault):
            there = version_at(place)
            found = head if there is None else there
        if found > head:
            raise BrokenProject(
                f"{in_words(place)} was made by a newer version of Virta (its tables are {found}, those of "
                f"this one are {head}). Install that version; an older one cannot read it."
            )
        if found < head:
            raise BrokenProject(
                f"{in_words(place)} was made by an older version of Virta. Run `virta upgrade {folder}`, "
                "which makes a backup first."
            )
