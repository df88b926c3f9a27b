"""The floor of the ten steps: the driver alone doing every statement of the engine's, with the same rows.

The engine runs once while all that its connection does is written down. A process of its own then does the
same by `sqlite3` alone, commit by commit, and nothing else.
"""

import asyncio
import pickle
import sqlite3
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from virta.bench.process import module, said_by
from virta.bench.result import Figure, Run, agreed
from virta.bench.ten_steps import Told, Walk, counted, started, store_of

_ONE, _MANY, _COMMIT, _BEGIN = range(4)
_EACH = 0.45
"""The part of the work that one of the engine's two runs is."""


def _plain(row: Any) -> tuple[Any, ...]:
    """What a statement was given, as it can be written to a file."""
    return tuple(bytes(each) if isinstance(each, memoryview) else each for each in row)


class _Noted(sqlite3.Connection):
    """A connection that writes down what it is asked."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.notes: list[tuple[int, str, Any]] = []

    def execute(self, sql: str, given: Any = (), /) -> sqlite3.Cursor:
        self.notes.append((_ONE, sql, _plain(given)))
        return super().execute(sql, given)

    def cursor(self, *_: Any) -> "_NotedCursor":  # type: ignore[override]
        return super().cursor(_NotedCursor)

    def commit(self) -> None:
        self.notes.append((_COMMIT, "", None))
        super().commit()


class _NotedCursor(sqlite3.Cursor):
    connection: _Noted

    def execute(self, sql: str, given: Any = (), /) -> "_NotedCursor":
        self.connection.notes.append((_ONE, sql, _plain(given)))
        super().execute(sql, given)
        return self

    def executemany(self, sql: str, rows: Iterable[Any], /) -> "_NotedCursor":
        every = list(rows)
        self.connection.notes.append((_MANY, sql, [_plain(row) for row in every]))
        super().executemany(sql, every)
        return self


def measure(folder: Path, people: int, told: Told) -> Run:
    """The engine, undisturbed; the engine, written down; the driver alone."""
    spent = asyncio.run(_undisturbed(folder / "plain", people, told))
    counts = counted(folder / "plain", people)
    notes = asyncio.run(_written_down(folder / "noted", people, told))
    (folder / "notes").write_bytes(pickle.dumps(notes))
    notes.clear()
    said = said_by(module("virta.bench.floor", folder / "notes", folder / "floor.db"))
    engine, bare = spent / people * 1e6, float(said) / people * 1e6
    engine_rows, floor_rows = _rows(store_of(folder / "noted")), _rows(folder / "floor.db")
    agreed({"rows in the engine's store": engine_rows, "in the floor's": floor_rows})
    told(1.0, people)
    return Run(
        people, {"steps": Figure(engine / bare, 1.0)}, counts, {"engine, µs": engine, "sqlite3, µs": bare}
    )


async def _undisturbed(folder: Path, people: int, told: Told) -> float:
    """Seconds of CPU."""
    walk = await started(folder, people)
    began = time.process_time()
    await _walk(walk, told, 0.0)
    spent = time.process_time() - began
    await walk.system.close()
    return spent


async def _walk(walk: Walk, told: Told, before: float) -> None:
    def so_far(done: float, count: int) -> None:
        told(before + done * _EACH, count)

    await walk.begin(so_far)
    await walk.end(so_far)


async def _written_down(folder: Path, people: int, told: Told) -> list[tuple[int, str, Any]]:
    made: list[_Noted] = []

    def connect(
        _dialect: object, _record: object, arguments: list[Any], named: dict[str, Any]
    ) -> _Noted | None:
        if Path(arguments[0]).name != store_of(folder).name:
            return None
        made.append(sqlite3.connect(*arguments, **named, factory=_Noted))
        return made[-1]

    event.listen(Engine, "do_connect", connect)
    try:
        walk = await started(folder, people)
        (noted,) = made
        noted.notes.append((_BEGIN, "", None))
        await _walk(walk, told, _EACH)
        await walk.system.close()
    finally:
        event.remove(Engine, "do_connect", connect)
    counted(folder, people)
    return noted.notes


def _rows(path: Path) -> int:
    """Of all tables together."""
    with sqlite3.connect(path) as connection:
        names = [
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        return sum(connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names)


def replay(notes: Path, path: Path) -> float:
    """Do what was written down, in a file that is not there yet: seconds of CPU behind the mark."""
    told: list[tuple[int, str, Any]] = pickle.loads(notes.read_bytes())
    connection = sqlite3.connect(path, isolation_level=None, cached_statements=256)
    began = time.process_time()
    for kind, sql, given in told:
        if kind == _MANY:
            connection.executemany(sql, given)
        elif kind == _ONE:
            connection.execute(sql, given).fetchall()
        elif kind == _COMMIT:
            connection.commit()
        else:
            began = time.process_time()
    spent = time.process_time() - began
    connection.close()
    return spent


if __name__ == "__main__":
    print(replay(Path(sys.argv[1]), Path(sys.argv[2])))
