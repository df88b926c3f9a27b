"""Requests that wait for the database together share a transaction, and so one sync of the disk.

While a transaction runs, others wait for the one thread that may write. What is to be accepted meanwhile
comes together in one group, which is closed when its transaction begins; each request is answered when that
is committed. A fault that concerns the rows of one request is its own: then each is written by itself.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock

from sqlalchemy import Connection

from engine.store import arrivals
from engine.store.arrivals import Received
from engine.store.database import Database
from engine.store.faults import StoreInUse, StoreWaits
from engine.store.patience import is_patient
from engine.store.statement import driver_of

LARGEST = 5000
"""Rows of a group: more need not wait for each other. A request alone may have more."""


@dataclass(eq=False, slots=True)
class _Group:
    """Requests that go into one transaction. When it is over, `verdicts` tell of each where the inbox then
    ended, or what was wrong."""

    parts: list[Sequence[Received]] = field(default_factory=list)
    rows: int = 0
    task: asyncio.Task[None] | None = None
    verdicts: list[int | Exception] = field(default_factory=list)


class Together:
    """Accepts rows of the inbox for many at once."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._mutex = Lock()
        self._open: _Group | None = None  # the one whose transaction has not begun

    async def accept(self, items: Sequence[Received]) -> int:
        """Where the inbox ends, once these rows are committed. Raises `StoreFault` if they are not.

        A caller that is cancelled still waits for the transaction. One that has patience waits for room, and
        so goes by itself: others are told at once that there is none."""
        if self._database.inline or is_patient():
            return await self._database.run(_accept, [items])
        group, place = self._join(items)
        if group.task is None:
            group.task = asyncio.create_task(self._commit(group))
        try:
            await asyncio.shield(group.task)
        except asyncio.CancelledError:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait([group.task])
            raise
        verdict = group.verdicts[place]
        if isinstance(verdict, Exception):
            raise verdict
        return verdict

    def _join(self, items: Sequence[Received]) -> tuple[_Group, int]:
        with self._mutex:
            if self._open is None or self._open.rows + len(items) > LARGEST:
                self._open = _Group()
            group = self._open
            group.parts.append(items)
            group.rows += len(items)
            return group, len(group.parts) - 1

    def _close(self, group: _Group) -> None:
        with self._mutex:
            if self._open is group:
                self._open = None

    async def _commit(self, group: _Group) -> None:
        try:
            group.verdicts = [await self._database.run(self._write, group)] * len(group.parts)
        except (StoreWaits, StoreInUse) as fault:
            group.verdicts = [fault] * len(group.parts)
        except Exception as fault:  # noqa: BLE001 - whose it is comes out one by one
            group.verdicts = [fault] if len(group.parts) == 1 else await self._one_by_one(group.parts)
        finally:
            self._close(group)  # where the transaction was not even begun

    async def _one_by_one(self, parts: Sequence[Sequence[Received]]) -> list[int | Exception]:
        verdicts: list[int | Exception] = []
        for part in parts:
            try:
                verdicts.append(await self._database.run(_accept, [part]))
            except Exception as fault:  # noqa: BLE001 - it goes to whose rows these are
                verdicts.append(fault)
        return verdicts

    def _write(self, connection: Connection, group: _Group) -> int:
        """In the database's own thread; once more if the connection was lost."""
        self._close(group)
        return _accept(connection, group.parts)


def _accept(connection: Connection, parts: Sequence[Sequence[Received]]) -> int:
    return arrivals.accept(driver_of(connection), [item for part in parts for item in part])
