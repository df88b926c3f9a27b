"""The plainest store that one would write beside a library that has none: the state of each journey, pickled,
in a row of SQLite; one commit a step."""

import pickle
import sqlite3
from pathlib import Path
from typing import Any


class PlainStore:
    """A file of its own. Commits are synced, as SQLite does it by itself."""

    def __init__(self, folder: str) -> None:
        self._connection = sqlite3.connect(Path(folder) / "journeys.db", isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.execute("CREATE TABLE journey (id TEXT PRIMARY KEY, state BLOB)")

    def put(self, id_: str, state: Any) -> None:
        """Keep it, durably."""
        row = (id_, pickle.dumps(state))
        self._connection.execute("INSERT OR REPLACE INTO journey VALUES (?, ?)", row)

    def take(self, id_: str) -> Any:
        """What was kept last."""
        return pickle.loads(
            self._connection.execute("SELECT state FROM journey WHERE id = ?", (id_,)).fetchone()[0]
        )
