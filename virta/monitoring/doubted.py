"""How many people are in doubt, of whom the store of consent says what its log does not."""

from sqlalchemy import distinct, func, select

from consent.client import InProcess
from consent.ledger.doubts import THE_LOG
from consent.ledger.transaction import Reading
from consent.store.tables import doubts

LOG_CHANGED = "the log of consent itself was changed; `virta doctor` says where"
_PEOPLE = select(func.count(distinct(doubts.c.subject))).where(doubts.c.subject != THE_LOG)
_OF_LOG = select(doubts.c.what).where(doubts.c.subject == THE_LOG).limit(1)


class Doubting(InProcess):
    """A look at a consent service of this process, for whoever watches over it."""

    async def people_in_doubt(self) -> int:
        """How many there are. Raises `Unavailable`."""
        return await self._read(lambda reading: int(reading.conn.scalar(_PEOPLE) or 0))

    async def fault_of_log(self) -> str:
        """That the log was changed; empty: as far as was looked, it was not. Raises `Unavailable`."""
        return await self._read(_fault)


def _fault(reading: Reading) -> str:
    return LOG_CHANGED if reading.conn.scalar(_OF_LOG) is not None else ""
