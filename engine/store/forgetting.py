"""What is done in the store for people who are erased; each method is one transaction."""

from collections.abc import Sequence

from engine.store import erased
from engine.store.database import Database
from engine.store.erased import Erased


class Forgetting:
    """Works on an open database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def everybody(self) -> list[Erased]:
        """Everybody who was erased."""
        return await self._database.run(erased.find)

    async def forget(self, contacts: Sequence[str]) -> None:
        """Delete all rows of these people, and keep no mail of theirs any more; their lines in the journal go
        by `search_journal`."""
        await self._database.run(erased.forget, contacts)

    async def search_journal(self, part: int) -> bool:
        """Take lines of people who were erased out of up to `part` rows of the journal; whether there was
        anything to do."""
        return await self._database.run(erased.search, part)

    async def rewrite(self) -> bool:
        """Leave nothing of what was deleted on any page. False: somebody reads what was before."""
        return await self._database.rewrite(erased.tables())

    async def tell(self, contacts: Sequence[str]) -> None:
        """The consent service knows that these people are forgotten."""
        await self._database.run(erased.tell, contacts)

    async def addressed(self, after: int, limit: int) -> list[tuple[int, str]]:
        """The first `limit` rows of the inbox behind position `after` that still have an address, with it."""
        return await self._database.run(erased.addressed, after, limit)

    async def named(self, positions: Sequence[int]) -> dict[int, str]:
        """Those of these rows of the inbox that have a contact, with it."""
        return await self._database.run(erased.named, positions)

    async def name(self, rows: Sequence[tuple[int, str]]) -> None:
        """Give rows of the inbox, by position, their contacts in place of their addresses."""
        await self._database.run(erased.name, rows)
