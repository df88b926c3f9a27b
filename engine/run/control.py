"""What other processes tell this engine: looked at between steps, acted on once.

What only holds mails back is in force as soon as it is seen. What changes people is acted on in the engine's
own transaction, a part in each step where there are many, and the cursor moves on with the last part.
"""

import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Protocol

import msgspec
import structlog
from msgspec import Struct

from engine.core.bundle import Cancelled, Stimulus
from engine.core.loaded import Loaded
from engine.delivery.brakes import Brakes
from engine.delivery.orders import KINDS, NOTHING, Cancel, InForce, StoodStill, in_force, order_of
from engine.store.batch import Batch
from engine.store.control import ARRIVALS, CURSOR, Instruction
from engine.store.store import Store

log = structlog.get_logger("engine")

ON_WAY = "on_way"
"""The note that says how many mails were on their way when the last order came into force."""

LOOK_EVERY = 1.0
"""Seconds."""

_PAGE = 500
_WORTH_TELLING = 600_000  # milliseconds of standing still
_WRITTEN_EVERY = 3_600_000

BY_ENGINE = "the engine itself"
_TOLD, _TOLD_UNTIL, _NOBODY = "cancel_told", "cancel_told_until", -1
"""The slot of the last journey whose contact was told of what is being cancelled, and of the last one that
had started when that began."""


class Channel(Protocol):
    """That to the mail server."""

    @property
    def free(self) -> bool:
        """Whether it takes mails."""

    @property
    def fault(self) -> str:
        """Why there is none, empty if that is not known."""

    @property
    def outstanding(self) -> int:
        """How many mails are on their way."""


class Acted(Struct, frozen=True):
    """What came of one look at an instruction: `done`, or there is more to do in the next step."""

    stimuli: tuple[Stimulus, ...] = ()
    done: bool = True


OpenMails = Callable[[str], Mapping[str, Collection[str]]]
"""Of a flow, by contact the keys of the mails that are not handed over."""

Handler = Callable[[Instruction, Batch], Awaitable[Acted]]
"""Acts on a row in the transaction of a batch. It may be called again for the same row: when it says that it
is not done, and when the engine died before the batch was committed."""


async def _look_again(row: Instruction, batch: Batch) -> Acted:
    """Nothing but the cursor: behind each batch the inbox is read anew."""
    return Acted()


class Control:
    """Looks at the rows of a store, at most once in `every` seconds of the steady clock `seconds`. `handlers`
    act on kinds of rows that are not the delivery's. `clock` gives ms UTC."""

    def __init__(
        self,
        store: Store,
        brakes: Brakes,
        mailer: Channel,
        clock: Callable[[], int],
        every: float = LOOK_EVERY,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self.handlers: dict[str, Handler] = {ARRIVALS: _look_again}
        self._store = store
        self._brakes = brakes
        self._mailer = mailer
        self._clock = clock
        self._every = every
        self._seconds = seconds
        self._looked = float("-inf")
        self._read = 0  # up to which row
        self._waiting: list[Instruction] = []  # rows that are not acted on yet
        self._orders = NOTHING
        self._shut_since: int | None = None  # nothing could be handed to the mail server

    @property
    def orders(self) -> InForce:
        """What is in force."""
        return self._orders

    async def begin(self, loaded: Loaded, cursors: Mapping[str, int]) -> None:
        """Take up what was in force, before anything is queued. If the engine stood still for long, that is
        written down: mails that wait since are late by that time."""
        last, now = await self._store.last_sign(), self._clock()
        if last is not None:
            await self._stood_still(last, now)
        await self.look(loaded, cursors)

    async def look(self, loaded: Loaded, cursors: Mapping[str, int]) -> None:
        """Read the rows that are new, if it is time; from then on they are in force."""
        loaded.cancelled = self._orders.cancelled
        now = self._seconds()
        if now - self._looked < self._every:
            return
        self._looked = now
        await self._mind()
        found = await self._store.instructions(self._read)
        if not found:
            return
        acted_on = cursors.get(CURSOR, 0)
        self._read = found[-1].seq
        told = [row for row in found if row.seq > acted_on and row.by != BY_ENGINE]
        self._waiting += told
        self._orders = in_force(found, self._orders)
        self._brakes.apply(self._orders)
        loaded.cancelled = self._orders.cancelled
        for row in told:
            log.info("told from outside", kind=row.kind, order=row.body.decode(), by=row.by)

    async def act(self, batch: Batch, cursors: Mapping[str, int], mails: OpenMails) -> list[Stimulus]:
        """What people hear of the next row; how far this has come goes into `batch`."""
        if not self._waiting:
            return []
        row = self._waiting[0]
        order = order_of(row)
        if isinstance(order, Cancel):
            acted = await self._cancel(row, order, batch, cursors, mails)
        elif row.kind in self.handlers:
            acted = await self.handlers[row.kind](row, batch)
        else:
            if row.kind not in KINDS:
                log.warning("this version knows no such order", kind=row.kind, by=row.by)
            acted = Acted()
        if acted.done:
            self._waiting.pop(0)
            batch.cursors |= {CURSOR: row.seq, ON_WAY: self._mailer.outstanding}
        return list(acted.stimuli)

    async def _mind(self) -> None:
        """Write down for how long the mail server could take nothing; each hour, for this life may end."""
        now = self._clock()
        if self._mailer.free or not self._mailer.fault:
            since, self._shut_since = self._shut_since, None
            if since is not None:
                await self._stood_still(since, now)
        elif self._shut_since is None:
            self._shut_since = now
        elif now - self._shut_since >= _WRITTEN_EVERY:
            since, self._shut_since = self._shut_since, now
            await self._stood_still(since, now)

    async def _stood_still(self, since: int, until: int) -> None:
        if until - since >= _WORTH_TELLING:
            body = msgspec.json.encode(StoodStill(since, until))
            await self._store.instruct("stood still", body, BY_ENGINE, until)

    async def _cancel(
        self, row: Instruction, order: Cancel, batch: Batch, cursors: Mapping[str, int], mails: OpenMails
    ) -> Acted:
        """One word to each contact who is under way, a page of them at a time."""
        after = max(cursors.get(_TOLD, _NOBODY), 0)
        until = cursors.get(_TOLD_UNTIL) if after else None
        if until is None:  # it begins, or an earlier version that kept none began it
            until = await self._store.last_slot()
        page, last = await self._store.contacts_in(order.flow, after, until, _PAGE)
        batch.cursors |= {_TOLD: last if page else _NOBODY, _TOLD_UNTIL: until}
        data, open_ = Cancelled(order.flow, order.mailed == "end", order.issue), mails(order.flow)
        told = [
            Stimulus(f"cancel-{row.seq}", contact, row.at, data, frozenset(open_.get(contact, ())))
            for contact in page
        ]
        return Acted(tuple(told), done=not page)
