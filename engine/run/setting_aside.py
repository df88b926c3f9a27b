"""One person with whom the engine does not get on blocks nobody: they are set aside, with what was said, and
what happens to them meanwhile is held back in order.

Whoever is set aside is tried again at each start, for something may have been mended, and when an operator
asks for it. Then all that was held back happens to them, one after the other, and their deadlines come, as
after an outage that only they had.
"""

from collections import deque
from collections.abc import Sequence

import structlog

from consent.contract import Unavailable
from engine.core.bundle import Bundle, Fired, Stimulus
from engine.store.aside import Aside, kind_of
from engine.store.batch import Batch
from engine.store.control import Instruction
from engine.store.database import StoreFault
from engine.store.store import Store

log = structlog.get_logger("engine")

RETRY = "retry"
"""The kind of the control row by which an operator has everybody tried again."""

PASSED_ON = (StoreFault, Unavailable)
"""Faults that are nobody's own."""

_AT_ONCE = 100  # people who are tried again in one step
_LONGEST = 1000  # signs of an error that are kept


class SettingAside:
    """`people` has the contacts who are set aside, `waiting` says whether somebody is to be tried again."""

    def __init__(self, store: Store) -> None:
        self.people: set[str] = set()
        self._store = store
        self._again: deque[str] = deque()

    @property
    def waiting(self) -> bool:
        return bool(self._again)

    async def begin(self) -> None:
        """Take up who was set aside in an earlier life, and try them again."""
        self.people = {one.contact for one in await self._store.set_aside()}
        self.try_again()

    def try_again(self) -> None:
        """Have everybody tried again in the next steps."""
        self._again = deque(sorted(self.people))

    async def instructed(self, row: Instruction, batch: Batch) -> None:
        """An operator asks for it."""
        self.try_again()

    async def sift(self, stimuli: Sequence[Stimulus], batch: Batch, now: int) -> list[Stimulus]:
        """What is to happen now: first what was held back of those who are tried again, then `stimuli`."""
        found: list[Stimulus] = []
        for _ in range(min(_AT_ONCE, len(self._again))):
            contact = self._again.popleft()
            self.people.discard(contact)
            batch.readmitted.append(contact)
            found += await self._store.held_back(contact)
            # also where nothing is held back: mails may wait to be decided on
            found.append(Stimulus(f"again-{contact}", contact, now, Fired("", 0)))
        return found + list(stimuli)

    async def load(self, stimuli: Sequence[Stimulus], batch: Batch, now: int) -> dict[str, Bundle]:
        """Everybody concerned who is not set aside. Whose row cannot be read is, from now on."""
        wanted = {one.contact: one for one in reversed(stimuli) if one.contact not in self.people}
        found, faults = await self.readable(list(wanted))
        for contact, fault in faults.items():
            self.put(wanted[contact], fault, batch, now)
        return found

    async def readable(self, contacts: Sequence[str]) -> tuple[dict[str, Bundle], dict[str, Exception]]:
        """Those whose rows can be read, and what is wrong with the others."""
        faults: dict[str, Exception] = {}
        try:
            return (await self._store.load(contacts) if contacts else {}), faults
        except PASSED_ON:
            raise
        except Exception:  # noqa: BLE001 - which of them it is comes out one by one
            found: dict[str, Bundle] = {}
        for contact in contacts:
            try:
                found |= await self._store.load([contact])
            except PASSED_ON:
                raise
            except Exception as fault:  # noqa: BLE001 - whatever stands in the row, others go on
                faults[contact] = fault
        return found, faults

    def holds(self, stimulus: Stimulus, batch: Batch) -> bool:
        """Whether it is held back, since its contact is set aside. Deadlines stand in the store anyway."""
        if stimulus.contact not in self.people:
            return False
        if not isinstance(stimulus.data, Fired):
            batch.held.append(stimulus)
        return True

    def put(self, stimulus: Stimulus, fault: Exception, batch: Batch, now: int) -> None:
        """Set somebody aside, by whose stimulus the program failed."""
        error = f"{type(fault).__name__}: {fault}"[:_LONGEST]
        place = _place(fault)
        log.error(
            "a person is set aside, since what happened cannot be worked out",
            contact=stimulus.contact,
            kind=kind_of(stimulus),
            why=type(fault).__name__,
            place=place,
        )
        self.people.add(stimulus.contact)
        batch.aside.append(Aside(stimulus.contact, now, kind_of(stimulus), f"{error} ({place})"))


def _place(fault: Exception) -> str:
    """The line of code that raised it."""
    trace = fault.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "unknown"
    return f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}"
