"""People who are erased: the engine forgets them as soon as it hears of it, takes their lines out of the
journal part by part, and tells the consent service when nothing is left.

The consent service forgets first, and denies each mail from that moment; so nothing that is still on its way
here can reach anybody."""

import asyncio
import contextlib
from collections.abc import Callable, Collection, Sequence

import msgspec
import structlog
from msgspec import Struct

from consent.contract import Change, ConsentClient, Erasure, Unavailable
from engine.core.bundle import Stimulus
from engine.run.changes import GONE
from engine.run.control import Acted
from engine.store.batch import Batch
from engine.store.control import Instruction
from engine.store.store import Due, Received, Store

log = structlog.get_logger("engine")

ERASE = "erase"
"""The kind of the control row by which an operator has somebody erased."""

OPERATOR = "operator"

_PART = 500  # rows of the journal, and of the inbox, that are looked at together
_ASK_AGAIN = 1_000  # milliseconds until the consent service is told again


_PAUSE = 3600.0  # seconds between looks for whom no backup knows any more


class Erase(Struct, frozen=True):
    """Whom an operator wants erased: an id, for no order has an address in it."""

    subject: str


class Erasing:
    """`people` has the contacts who were erased. `drop` is told whom everybody else is to have no more to do
    with; `clock` gives ms UTC."""

    def __init__(
        self,
        store: Store,
        consent: ConsentClient,
        clock: Callable[[], int],
        drop: Callable[[Collection[str]], None] = lambda contacts: None,
    ) -> None:
        self.people: set[str] = set()
        self.lately = False  # whether somebody was erased since that was last set back
        self._store = store.forgetting
        self._consent = consent
        self._clock = clock
        self._drop = drop
        self._open: set[str] = set()  # of whom there may be something left
        self._not_before = 0
        self._waits = False  # for whoever reads a store, and that has been said

    async def begin(self) -> None:
        """Take up what an earlier life left."""
        known = await self._store.everybody()
        self.people = {one.contact for one in known}
        self._open = {one.contact for one in known if not one.told}

    async def erase(self, subject: str, actor: str = OPERATOR) -> Erasure | None:
        """Have somebody erased. None: the consent service knows no such subject."""
        self.lately = True
        # What came in under their address, and waits, is theirs: afterwards it would be somebody else's.
        after = 0
        while waiting := await self._store.addressed(after, _PART):
            ids = await self._consent.subjects([address for _, address in waiting])
            named = [(seq, id_) for (seq, _), id_ in zip(waiting, ids, strict=True) if id_ is not None]
            await self._store.name(named)
            after = waiting[-1][0]
        return await self._consent.erase(subject, actor)

    async def named(self, received: Sequence[Received]) -> dict[int, str]:
        """To be asked behind the consent service: whose the rows are, by position, that were read with an
        address and were given to somebody since, who is being erased."""
        rows = [item.seq for item in received if not item.contact] if self.lately else []
        return await self._store.named(rows) if rows else {}

    async def instructed(self, row: Instruction, batch: Batch) -> Acted:
        """An operator asks for it."""
        order = msgspec.json.decode(row.body, type=Erase)
        if await self.erase(order.subject) is None:
            log.warning("there is nobody to erase", contact=order.subject, by=row.by)
        return Acted()

    async def hear(
        self, changes: Sequence[Change], received: list[Received], due: list[Due]
    ) -> tuple[list[Received], list[Due]]:
        """Forget whoever is erased by these changes; of what came in and of the deadlines, those that are
        about others. What comes in under the id of somebody who is erased already is forgotten like all
        else."""
        gone = {change.subject for change in changes if change.type in GONE}
        if not gone and not self.people:
            return received, due
        late = {item.contact for item in received if item.contact in self.people}
        if gone or late:
            await self.forget(sorted(gone | late))
        return (
            [item for item in received if item.contact not in self.people],
            [one for one in due if one.contact not in self.people],
        )

    def others(self, changes: Sequence[Change]) -> list[Change]:
        """The changes that are about people who are not erased."""
        return [change for change in changes if change.subject not in self.people]

    def living(self, stimuli: Sequence[Stimulus]) -> list[Stimulus]:
        """What happens to people who are not erased: whoever was read before that may be among them."""
        return [stimulus for stimulus in stimuli if stimulus.contact not in self.people]

    async def forget(self, contacts: Sequence[str]) -> None:
        """Forget these people, who were erased, or what came in about them since."""
        self.people.update(contacts)
        self._open.update(contacts)
        self._drop(set(contacts))
        await self._store.forget(contacts)

    async def go_on(self) -> bool:
        """A part of what is left to do; whether there was anything to do now."""
        if not self._open or self._clock() < self._not_before:
            return False
        if await self._store.search_journal(_PART):
            return True
        gone = sorted(self._open)
        if not await self._store.rewrite():
            return self._later("the engine's database is being read as it was before, or its disk is full")
        try:
            await self._consent.forgotten(gone)
        except Unavailable as fault:
            return self._later(str(fault))
        await self._store.tell(gone)
        self._open.difference_update(gone)
        self._waits = False
        log.info("people are forgotten, who were erased or became part of others", count=len(gone))
        return True

    def _later(self, why: str) -> bool:
        if not self._waits:
            log.info("what was erased is not gone from the disk yet; it is tried again", why=why)
        self._waits = True
        self._not_before = self._clock() + _ASK_AGAIN
        return False


async def watch_backups(consent: ConsentClient, days: int) -> None:
    """Work for ever: have it noted of whom no backup can know anything any more."""
    while True:
        with contextlib.suppress(Unavailable):
            await consent.backups_forgot(days)
        await asyncio.sleep(_PAUSE)
