"""Ninety days of a coffee shop: everyone who comes, and all that they do.

`python -m visitors FILE.jsonl` writes what a replay reads (`docs/replay.md`). The purchases are real in
number, weekday, quantity and sum, and so is who bought again (`purchases`). All else is made up, for each
person from dice of their own, by rates that `data/README.md` names with their sources.
"""

from pathlib import Path

from virta.visitors import (
    Act,
    Bounces,
    Chooses,
    Clicks,
    Complains,
    Confirms,
    Event,
    Opens,
    Sets,
    SignsUp,
    Withdraws,
)

from .agreeing import agreeing
from .answering import answering
from .leaving import leaving
from .person import LEADS, Person, customer, lead
from .purchases import SAMPLE, customers
from .reading import reading, refusing
from .shopping import shopping
from .subscribing import subscribing
from .telling import telling

_PARTS_OF_LIFE = (telling, agreeing, shopping, subscribing, answering, reading, refusing, leaving)

# What happens at one moment happens in this order, each kind for everyone at once.
_ORDER: dict[type[Act], int] = {
    kind: place
    for place, kind in enumerate(
        (SignsUp, Confirms, Sets, Opens, Clicks, Event, Bounces, Complains, Chooses, Withdraws)
    )
}


def people(sample: Path = SAMPLE) -> list[Person]:
    """The customers, then those who only look."""
    return [*map(customer, customers(sample)), *map(lead, range(1, LEADS + 1))]


def life(person: Person) -> list[Act]:
    """Everything that one person does in the 90 days, in no order."""
    return [act for part in _PARTS_OF_LIFE for act in part(person)]


def acts(sample: Path = SAMPLE) -> list[Act]:
    """Everything that everyone does, in order of time."""
    everything = [act for person in people(sample) for act in life(person)]
    return sorted(everything, key=lambda act: (act.at, _ORDER[type(act)], act.email))
