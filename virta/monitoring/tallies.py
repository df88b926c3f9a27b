"""What is counted while Virta serves. The consent service's answers are counted at its door, what happened to
people as the engine commits it. Names of flows are labels; nothing tells of one person."""

from collections import Counter
from collections.abc import Callable, Sequence

from consent.client import InProcess
from consent.client.remote import Remote
from consent.contract import Ask, Claimed, Settlement
from consent.service import Service
from engine.core.record import What, Why
from engine.store.batch import Batch

_JOURNEYS = {What.ENTERED: "entered", What.FINISHED: "finished", What.LEFT: "left", What.HELD_OUT: "held_out"}
_SET_ASIDE = frozenset({Why.TEMPLATE_FAILED, Why.ENDLESS, Why.GAVE_UP, Why.CALL_GAVE_UP, Why.OUTCOME_UNKNOWN})


class Tallies:
    """Counts since the process began."""

    def __init__(self) -> None:
        self.claims = 0
        self.permits = 0
        self.denials: Counter[str] = Counter()  # by reason
        self.mails: Counter[str] = Counter()  # by outcome
        self.journeys: Counter[tuple[str, str]] = Counter()  # by flow, and what became of it
        self.calls: Counter[str] = Counter()  # of webhooks, by outcome
        self.set_aside: Counter[str] = Counter()  # by reason
        self.events = 0
        self.batches = 0

    def claimed(self, claimed: Claimed) -> None:
        """The consent service has answered a claim."""
        self.claims += 1
        self.permits += len(claimed.permits)
        self.denials.update(denial.reason.value for denial in claimed.denied if denial.reason is not None)

    def settled(self, settlements: Sequence[Settlement]) -> None:
        """It has these outcomes."""
        self.mails.update(one.outcome.value for one in settlements)

    def committed(self, batch: Batch) -> None:
        """The engine has written a batch."""
        self.batches += 1
        self.events += len(batch.named)
        for (flow, said, reason), count in batch.told().items():
            what = _JOURNEYS.get(What(said))
            if what is not None:
                self.journeys[flow, what] += count
            elif said == What.CALLED:
                self.calls[reason or "taken"] += count
            if reason in _SET_ASIDE:
                self.set_aside[reason] += count


class CountedConsent(InProcess):
    """The consent service's door, with a count of claims and of how mails ended."""

    def __init__(self, service: Service) -> None:
        super().__init__(service)
        self.tallies = Tallies()

    async def claim(self, sender: str, asks: Sequence[Ask], settlements_: Sequence[Settlement]) -> Claimed:
        """See `ConsentClient`."""
        claimed = await super().claim(sender, asks, settlements_)
        self.tallies.claimed(claimed)
        self.tallies.settled(settlements_)
        return claimed

    async def settle(self, sender: str, settlements_: Sequence[Settlement]) -> None:
        """See `ConsentClient`."""
        await super().settle(sender, settlements_)
        self.tallies.settled(settlements_)


class CountedRemote(Remote):
    """The same to a service in a process of its own."""

    def __init__(self, url: str, key: str, timeout: float, clock: Callable[[], int]) -> None:
        super().__init__(url, key, timeout, clock=clock)
        self.tallies = Tallies()

    async def claim(self, sender: str, asks: Sequence[Ask], settlements: Sequence[Settlement]) -> Claimed:
        """See `ConsentClient`."""
        claimed = await super().claim(sender, asks, settlements)
        self.tallies.claimed(claimed)
        self.tallies.settled(settlements)
        return claimed

    async def settle(self, sender: str, settlements: Sequence[Settlement]) -> None:
        """See `ConsentClient`."""
        await super().settle(sender, settlements)
        self.tallies.settled(settlements)
