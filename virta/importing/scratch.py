"""Which addresses were met: on the disk, that a million of them take no memory, and never in the clear."""

import hashlib
import os
import sqlite3
import tempfile
from types import TracebackType
from typing import Self


class Met:
    """Addresses that were met, and whether they are to get nothing. Use it in a `with`; it leaves nothing
    behind."""

    def __init__(self) -> None:
        self._key = os.urandom(32)
        self._file = tempfile.NamedTemporaryFile(prefix="virta-import-")  # noqa: SIM115 - closed by __exit__
        self._rows = sqlite3.connect(self._file.name, isolation_level=None)
        self._rows.execute("PRAGMA journal_mode=OFF")
        self._rows.execute("PRAGMA synchronous=OFF")
        self._rows.execute("CREATE TABLE met (mark INTEGER PRIMARY KEY, stopped INTEGER NOT NULL)")
        self._rows.execute("BEGIN")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._rows.close()
        self._file.close()

    def meet(self, folded: str, stopped: bool) -> bool | None:
        """Note an address; if it was met before, whether it was to get nothing, else None."""
        mark = int.from_bytes(
            hashlib.blake2b(folded.encode(), digest_size=8, key=self._key).digest(), signed=True
        )
        put = self._rows.execute("INSERT INTO met VALUES (?, ?) ON CONFLICT DO NOTHING", (mark, stopped))
        if put.rowcount:
            return None
        [(was,)] = self._rows.execute("SELECT stopped FROM met WHERE mark = ?", (mark,)).fetchall()
        if stopped and not was:
            self._rows.execute("UPDATE met SET stopped = 1 WHERE mark = ?", (mark,))
        return bool(was)
