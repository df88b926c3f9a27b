"""Mails that were handed over, and of some of which nobody knows whether they were."""

from collections.abc import Sequence

from sqlalchemy import Connection

from engine.store import handed, unknown
from engine.store.database import Database
from engine.store.statement import driver_of
from engine.store.unknown import Unknown


class Mails:
    """Works on an open database. Instants are ms UTC."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def unknown(self, key: str) -> Unknown | None:
        """The mail under a key whose outcome nobody knows; None: there is none."""
        return await self._database.read(unknown.find, key)

    async def forget(self, before: int, part: int = 5000) -> None:
        """Forget the mails of before that instant, so many in a transaction, that others need not wait long.
        What is told of them afterwards is told of nothing that is known here."""
        await self._database.run(_forget_unknown, before)
        after = b""
        while found := await self._database.read(handed.behind, after, part):
            after = found[-1][0]
            old = [key for key, at in found if at < before]
            if old:
                await self._database.run(_forget_handed, old)


def _forget_unknown(connection: Connection, before: int) -> None:
    unknown.forget(driver_of(connection), before)


def _forget_handed(connection: Connection, keys: Sequence[bytes]) -> None:
    handed.forget(driver_of(connection), keys)
