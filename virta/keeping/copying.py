"""Copies of SQLite databases, of one instant, while others write."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

_PAGES = 512  # copied between two words about how far it is


@contextmanager
def pinned(path: Path) -> Iterator[sqlite3.Connection]:
    """The database as it is at this instant, whatever others write until the end. Raises `sqlite3.Error`."""
    place = f"file:{quote(str(path.absolute()))}?mode=ro"
    with closing(sqlite3.connect(place, uri=True, isolation_level=None)) as source:
        source.execute("PRAGMA busy_timeout=10000")
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()  # from here on it is read
        yield source


def copy(source: sqlite3.Connection, to: Path, told: Callable[[int, int], None]) -> None:
    """Write what `source` shows to a new file, whole in itself. `told(bytes done, bytes in all)` is called on
    the way. Raises `sqlite3.Error`."""
    (size,) = source.execute("PRAGMA page_size").fetchone()

    def on_the_way(_status: int, left: int, pages: int) -> None:
        told((pages - left) * size, pages * size)

    # the pinned transaction keeps SQLite from beginning anew whenever the engine writes
    with closing(sqlite3.connect(to, isolation_level=None)) as target:
        source.backup(target, pages=_PAGES, progress=on_the_way)
        target.execute("PRAGMA journal_mode=DELETE")


@contextmanager
def still(path: Path) -> Iterator[sqlite3.Connection]:
    """A database that nobody writes, without touching anything beside it. Raises `sqlite3.Error`."""
    place = f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1"
    with closing(sqlite3.connect(place, uri=True, isolation_level=None)) as opened:
        yield opened
