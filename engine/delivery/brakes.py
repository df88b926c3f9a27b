"""What holds a mail back that would go: the operator's orders, and that it is late.

A mail is late by the time in which it could not go: because the engine or the mail server stood still, or
because the operator had paused it; and by how much the timer was late that led to it. A slow pace makes no
mail late. Marketing that is late by more than `TOO_LATE` is skipped, or goes at a pace of its own.
"""

from collections.abc import Iterable
from math import ceil
from typing import NamedTuple

from msgspec import Struct

from consent.contract import MailClass
from engine.delivery.item import Item
from engine.delivery.late import LatePolicy
from engine.delivery.orders import NOTHING, InForce
from engine.delivery.pacing import Pace

TOO_LATE = 12 * 3_600_000
"""Milliseconds."""

_HOUR = 3600


class Late(Struct, frozen=True):
    """What becomes of marketing that is too late, and how much of it goes in an hour if it goes."""

    policy: LatePolicy = "skip"
    per_hour: float = 3600


class Lane(NamedTuple):
    """Where a mail waits that is held back: for the pace of its flow, for that of late mails, or both; or
    `shut`, for as long as its flow is paused."""

    flow: str = ""
    late: bool = False
    shut: bool = False


SHUT = Lane(shut=True)


class Brakes:
    """`version` counts how often the orders have changed: then mails may belong elsewhere. Instants are
    ms UTC."""

    def __init__(self, late: Late | None = None) -> None:
        self.version = 0
        self._late = late = late or Late()
        self._orders = NOTHING
        self._paces: dict[str, Pace] = {}
        self._late_pace = Pace(late.per_hour / _HOUR)
        self._still_until = 0  # of what is asked for later, nothing has stood still
        self._idle = True

    @property
    def orders(self) -> InForce:
        """What is in force."""
        return self._orders

    @property
    def halted(self) -> bool:
        """Whether nothing may be claimed."""
        return self._orders.halted is not None

    def apply(self, orders: InForce) -> None:
        """From here on these orders are in force. Paces that stay go on as they were."""
        if orders == self._orders:
            return
        before = self._orders.throttled
        self._paces = {
            flow: self._paces[flow]
            if flow in before and before[flow].per_hour == pace.per_hour
            else Pace(pace.per_hour / _HOUR)
            for flow, pace in orders.throttled.items()
        }
        self._orders = orders
        self._still_until = max((until for spans in orders.still.values() for _, until in spans), default=0)
        self._idle = not (orders.paused or orders.throttled or self._still_until)
        self.version += 1

    def shut(self, item: Item) -> bool:
        """Whether the mail may not go as long as things are as they are."""
        if self.halted:
            return True
        kind = item.ask.mail_class
        if kind in (MailClass.PROOF, MailClass.NOTICE, MailClass.TEST) or not self._orders.paused:
            return False
        pauses = (self._orders.paused.get(flow) for flow in ("", item.flow))
        return any(pause is not None and (pause.all or kind is MailClass.MARKETING) for pause in pauses)

    def lane(self, item: Item, now: int) -> Lane | None:
        """Where the mail has to wait; None: it may go."""
        if self._idle and not item.late:
            return None
        if self.shut(item):
            return SHUT
        if item.ask.mail_class is not MailClass.MARKETING:
            return None
        flow = item.flow if item.flow in self._paces else ""
        late = self.is_late(item, now)
        if late and self._policy(item) == "skip":
            return None  # whoever takes it says so at once
        return Lane(flow, late) if flow or late else None

    def is_late(self, item: Item, now: int) -> bool:
        """Whether this is marketing that is too late."""
        if item.ask.mail_class is not MailClass.MARKETING:
            return False
        if item.made >= self._still_until:
            return item.late > TOO_LATE
        return item.late + stood_still(self._orders, item.flow, item.made, now) > TOO_LATE

    def skips(self, item: Item, now: int) -> bool:
        """Whether the mail is not to go at all, because it is too late."""
        if self._idle and not item.late:
            return False
        return self._policy(item) == "skip" and self.is_late(item, now)

    def _policy(self, item: Item) -> LatePolicy:
        """That of the settings, unless an order that the mail had to wait for said otherwise."""
        lifted = [
            one for flow in ("", item.flow) if (one := self._orders.lifted.get(flow)) and item.made < one.at
        ]
        return max(lifted, key=lambda one: one.at).late if lifted else self._late.policy

    def allows(self, lane: Lane, now: int) -> int:
        """How many mails of that lane may go now."""
        if lane.shut or self.halted:
            return 0
        return min((pace.allows(now / 1000) for pace in self._of(lane)), default=1_000_000)

    def spend(self, lane: Lane, count: int) -> None:
        """So many of them go."""
        for pace in self._of(lane):
            pace.spend(count)

    def ready_at(self, lane: Lane) -> int | None:
        """From when on one more of that lane may go; None: nobody knows."""
        if lane.shut or self.halted:
            return None
        return max((ceil(pace.ready_at * 1000) for pace in self._of(lane)), default=0)

    def _of(self, lane: Lane) -> Iterable[Pace]:
        if lane.flow in self._paces:
            yield self._paces[lane.flow]
        if lane.late:
            yield self._late_pace


def stood_still(orders: InForce, flow: str, since: int, until: int) -> int:
    """For how many milliseconds between two instants no mail of a flow could go."""
    total, reached = 0, since
    for begins, ends in sorted(span for each in {"", flow} for span in orders.still.get(each, ())):
        begins, ends = max(begins, reached), min(ends, until)
        if ends > begins:
            total += ends - begins
            reached = ends
    return total
