"""Who has had enough, or wants less."""

from collections.abc import Iterator
from typing import Literal

from virta.visitors import Act, Chooses, Withdraws

from . import rates
from .agreeing import signing_up
from .person import Person
from .timetable import DAYS, time_of_day

_FREQUENCIES: tuple[Literal["weekly", "monthly"], ...] = ("weekly", "monthly")
_PAUSES: tuple[Literal[30, 90], ...] = (30, 30, 30, 90)


def leaving(person: Person) -> Iterator[Act]:
    """One click on the way out, or the preferences page: fewer mails, or none for a while."""
    form = signing_up(person)
    if form is None or not form.confirmed:
        return
    chance = person.chance("leaving")
    day, slot = form.day + chance.randrange(4, 30), time_of_day(chance)
    wish, frequency, pause = chance.random(), chance.choice(_FREQUENCIES), chance.choice(_PAUSES)
    if day >= DAYS:
        return
    at = person.at(day, slot)
    leaves = rates.of_people(rates.UNSUBSCRIBES)
    if wish < leaves:
        yield Withdraws(at=at, email=person.email)
    elif wish < leaves + rates.WANTS_FEWER_MAILS:
        yield Chooses(at=at, email=person.email, frequency=frequency)
    elif wish < leaves + rates.WANTS_FEWER_MAILS + rates.PAUSES:
        yield Chooses(at=at, email=person.email, pause=pause)
