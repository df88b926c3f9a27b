"""One person with whom the engine does not get on blocks nobody: they are set aside, with what was said, and
what happens to them meanwhile is held back in order.

Whoever is set aside is tried again behind pauses that grow, at each start, for something may have been
mended, and when an operator asks for it. Then all that was held back happens to them, one after the other,
and their deadlines come, as after an outage that only they had.
"""

from collections import deque
from collections.abc import Collection, Mapping, Sequence

import msgspec
import structlog

from consent.contract import Unavailable
from engine.core.bundle import Bundle, Fired, Journey, MailEnded, Stimulus
from engine.core.loaded import Loaded
from engine.delivery.orders import TryAgain
from engine.delivery.retrying import after_setting_aside
from engine.run.control import Acted
from engine.store.aside import Aside, kind_of
from engine.store.batch import Batch
from engine.store.control import Instruction
from engine.store.database import StoreFault
from engine.store.retries import Retry
from engine.store.store import Store

log = structlog.get_logger("engine")

RETRY = "retry"
"""The kind of the control row by which an operator has people tried again."""

PASSED_ON = (StoreFault, Unavailable)
"""Faults that are nobody's own."""

_AT_ONCE = 100  # people who are tried again in one step
_LONGEST = 1000  # signs of an error that are kept


class SettingAside:
    """`people` has the contacts who are set aside. Somebody who was tried again, and is not set aside anew
    until the next try would have come, has got over it."""

    def __init__(self, store: Store) -> None:
        self.people: dict[str, Aside] = {}
        self._store = store
        self._retries: dict[str, Retry] = {}
        self._since: dict[str, int] = {}  # when those who are on trial now were first set aside
        self._next: int | None = None  # when somebody is to be looked after
        self._again: deque[str] = deque()

    def waiting(self, now: int) -> bool:
        """Whether somebody is to be tried again at `now` (ms UTC), or has got over it."""
        if self._next is not None and self._next <= now:
            due = sorted(key for key, one in self._retries.items() if one.due <= now and key in self.people)
            self._again.extend(key for key in due if key not in self._again)
            return True
        return bool(self._again)

    async def begin(self, retries: Mapping[str, Retry]) -> None:
        """Take up who was set aside in an earlier life, and try them again."""
        self.people = {one.contact: one for one in await self._store.set_aside()}
        self._retries = {key: one for key, one in retries.items() if one.kind == "person"}
        self._look_ahead()
        self.try_again()

    def try_again(self, order: TryAgain | None = None) -> None:
        """Have everybody tried again in the next steps, or those whom an order means."""
        order = order or TryAgain()
        self._again = deque(
            contact
            for contact, one in sorted(self.people.items())
            if (order.contact in ("", contact) and order.cause in ("", one.cause)) or contact in self._again
        )

    def drop(self, contacts: Collection[str]) -> None:
        """Have no more to do with these people."""
        for contact in contacts:
            self.people.pop(contact, None)
            self._retries.pop(contact, None)
            self._since.pop(contact, None)
        self._again = deque(contact for contact in self._again if contact not in contacts)
        self._look_ahead()

    async def instructed(self, row: Instruction, batch: Batch) -> Acted:
        """An operator asks for it."""
        self.try_again(msgspec.json.decode(row.body, type=TryAgain))
        return Acted()

    async def sift(self, stimuli: Sequence[Stimulus], batch: Batch, now: int) -> list[Stimulus]:
        """What is to happen now: first what was held back of those who are tried again, then `stimuli`."""
        found: list[Stimulus] = []
        for _ in range(min(_AT_ONCE, len(self._again))):
            contact = self._again.popleft()
            self._since[contact] = self.people.pop(contact).at
            batch.readmitted.append(contact)
            self._keep(contact, self._retries[contact].tries if contact in self._retries else 0, batch, now)
            found += await self._store.held_back(contact)
            # also where nothing is held back: mails may wait to be decided on
            found.append(Stimulus(f"again-{contact}", contact, now, Fired("", 0)))
        self._let_go(batch, now)
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

    def put(
        self, stimulus: Stimulus, fault: Exception, batch: Batch, now: int, place: tuple[str, str] = ("", "")
    ) -> None:
        """Set somebody aside, by whose stimulus the program failed; `place` is the flow and the step."""
        contact, kind = stimulus.contact, kind_of(stimulus)
        line = _line(fault)
        cause = f"{type(fault).__name__} at {line}"
        tries = self._retries[contact].tries + 1 if contact in self._retries else 0
        log.error(
            "a person is set aside, since what happened cannot be worked out",
            contact=contact,
            kind=kind,
            why=type(fault).__name__,
            place=line,
            tries=tries,
        )
        error = f"{type(fault).__name__}: {fault}"[:_LONGEST]
        since = self._since.pop(contact, now) if tries else now
        one = Aside(contact, since, kind, f"{error} ({line})", cause, *place)
        self.people[contact] = one
        batch.aside.append(one)
        self._keep(contact, tries, batch, now)
        self._look_ahead()

    def _keep(self, contact: str, tries: int, batch: Batch, now: int) -> None:
        """So often somebody was tried in vain. By the time of the next try they are tried, or over it."""
        due = now + after_setting_aside(contact, tries)
        self._retries[contact] = Retry(contact, "person", tries, due)
        batch.retries.append(self._retries[contact])

    def _let_go(self, batch: Batch, now: int) -> None:
        """Forget the tries of those who got over it."""
        if self._next is None or self._next > now:
            return
        over = [key for key, one in self._retries.items() if one.due <= now and key not in self.people]
        for contact in over:
            del self._retries[contact]
            self._since.pop(contact, None)
        batch.retried += over
        self._look_ahead()

    def _look_ahead(self) -> None:
        self._next = min((one.due for one in self._retries.values()), default=None)


def place_of(loaded: Loaded, stimulus: Stimulus, bundle: Bundle) -> tuple[str, str]:
    """The flow and the step about which something happened to somebody, as far as that is known: names."""
    data = stimulus.data
    if isinstance(data, MailEnded):
        return data.flow, data.step
    if isinstance(data, Fired):
        found = next((journey for journey in bundle.journeys if journey.id == data.journey), None)
        return _standing(loaded, found) if found is not None else ("", "")
    return _standing(loaded, bundle.journeys[0]) if len(bundle.journeys) == 1 else ("", "")


def _standing(loaded: Loaded, journey: Journey) -> tuple[str, str]:
    flow = loaded.graphs.get(journey.graph)
    nodes = flow.graph.nodes if flow is not None else ()
    return journey.flow, nodes[journey.node].step if journey.node < len(nodes) else ""


def _line(fault: Exception) -> str:
    """The line of code that raised it."""
    trace = fault.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "unknown"
    return f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}"
