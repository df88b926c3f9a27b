"""What became of mails: over, or to be tried once more, and when."""

from collections.abc import Callable

import structlog
from msgspec import Struct
from msgspec.structs import replace

from consent.contract import Outcome, Reason, Settlement
from engine.core.record import Why
from engine.delivery.item import Item
from engine.delivery.queue import Queue
from engine.delivery.replies import without_addresses
from engine.delivery.retrying import SET_ASIDE, after_deferral, after_release
from engine.store.retries import Retry

log = structlog.get_logger("delivery")


class Verdict(Struct, frozen=True):
    """What became of a mail: handed over (no `reason`), or why not and its template's `fault`, at ms UTC."""

    item: Item
    reason: str
    at: int
    fault: str = ""


class Outcomes:
    """Gives mails back to `queue`, or ends them. `told` is called whenever there is something to take."""

    def __init__(self, queue: Queue, clock: Callable[[], int], told: Callable[[], None]) -> None:
        self.alone: set[str] = set()  # mails at which the program failed, one of several
        self._queue = queue
        self._clock = clock
        self._told = told
        self._verdicts: list[Verdict] = []
        self._retries: list[Retry] = []

    def take_verdicts(self) -> list[Verdict]:
        """What ended since the last call."""
        verdicts, self._verdicts = self._verdicts, []
        return verdicts

    def take_retries(self) -> list[Retry]:
        """What the mail server took temporarily not since the last call, and when it is tried again."""
        retries, self._retries = self._retries, []
        return retries

    def judge(self, item: Item, settlement: Settlement, text: str) -> None:
        """Act on how an attempt was settled; `text` is what the mail server said."""
        match settlement.outcome:
            case Outcome.ACCEPTED:
                self.finish(item, "")
            case Outcome.REFUSED:
                log.warning("the mail server refused a mail", key=item.key, code=settlement.code)
                self.finish(item, Why.SERVER_REFUSED)
            case Outcome.UNKNOWN:
                log.error("it is unknown whether a mail went out", key=item.key, why=without_addresses(text))
                self.finish(item, Why.OUTCOME_UNKNOWN)
            case Outcome.DEFERRED:
                self._defer(item, settlement.attempt)
            case Outcome.RELEASED:
                self._release(item, settlement.attempt)

    def again(self, item: Item, not_before: int) -> None:
        """The mail wants to go once more, not before that instant (ms UTC)."""
        if not self._queue.again(item, not_before):
            self._verdicts.append(Verdict(item, Why.FLOW_LEFT.value, self._clock()))
            self._told()

    def finish(self, item: Item, reason: Reason | Why | str, fault: str = "") -> None:
        """The mail is over."""
        self.alone.discard(item.key)
        self._queue.done(item)
        self._verdicts.append(Verdict(item, str(reason), self._clock(), fault))
        self._told()

    def failed(self, items: dict[str, Item], fault: Exception) -> None:
        """The program failed at one of these mails: at which, comes out when each is carried alone. None is
        left in `items`."""
        now, found = self._clock(), len(items) == 1
        if found:
            (key,) = items
            why = f"{type(fault).__name__}: {without_addresses(str(fault))}"
            log.error("a mail is set aside; it is tried again", key=key, why=why)
        else:
            self.alone |= items.keys()
        for key in list(items):
            self.again(items.pop(key), now + (SET_ASIDE if found else 0))

    def _defer(self, item: Item, attempt: int) -> None:
        pause = after_deferral(item.key, item.deferrals)
        if pause is None:
            self.finish(item, Why.GAVE_UP)
            return
        due = self._clock() + pause
        counted = replace(item, deferrals=item.deferrals + 1, releases=0).renumbered(attempt + 1)
        self._retries.append(Retry(item.key, "mail", counted.deferrals, due, attempt + 1))
        self.again(counted, due)
        self._told()

    def _release(self, item: Item, attempt: int) -> None:
        pause = after_release(item.releases)
        if pause is None:
            log.error("a mail cannot be handed over in time", key=item.key)
            self.finish(item, Why.GAVE_UP)
            return
        counted = replace(item, releases=item.releases + 1).renumbered(attempt + 1)
        self.again(counted, self._clock() + pause)
