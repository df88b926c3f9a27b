"""Coffee by subscription: a few customers begin one, some of them end it."""

from collections.abc import Iterator
from datetime import timedelta

from virta.visitors import Event

from . import rates
from .catalogue import money
from .person import Person
from .shopping import looks_at_prices
from .timetable import DAYS, FIRST_DAY, time_of_day

_PLANS = (
    ("250 g, every two weeks", 1_190),
    ("250 g, every month", 1_190),
    ("1 kg, every month", 3_290),
)
_REASONS = ("Too much coffee for me", "I want to choose each time", "Too expensive")


def subscribing(person: Person) -> Iterator[Event]:
    """Some days after an order and three looks at the price; the end comes at least three weeks later."""
    chance = person.chance("subscribing")
    orders = [purchase.day for purchase in person.purchases if purchase.day >= 0]
    if not orders or chance.random() >= rates.SUBSCRIBES_TO_COFFEE:
        return
    begins = chance.choice(orders) + chance.randrange(2, 15)
    plan, price = chance.choice(_PLANS)
    name = person.name
    yield from looks_at_prices(person, [begins - 5, begins - 3, begins - 1], chance)
    if begins < DAYS:
        yield Event(
            at=person.at(begins, time_of_day(chance)),
            email=person.email,
            id=f"subscription-{name}",
            event="subscription_started",
            data={
                "plan": plan,
                "first_bag": (FIRST_DAY + timedelta(days=begins + 4)).isoformat(),
                "price": money(price),
            },
        )
    ends = begins + chance.randrange(21, 70)
    if chance.random() < rates.ENDS_SUBSCRIPTION and ends < DAYS:
        yield Event(
            at=person.at(ends, time_of_day(chance)),
            email=person.email,
            id=f"subscription-end-{name}",
            event="subscription_ended",
            data={"reason": chance.choice(_REASONS)},
        )
