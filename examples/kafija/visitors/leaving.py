"""Who has had enough."""

from collections.abc import Iterator

from virta.visitors import Act, Withdraws

from . import rates
from .agreeing import signing_up
from .person import Person
from .timetable import DAYS, time_of_day


def leaving(person: Person) -> Iterator[Act]:
    """One click on the way out, some days after the first mails."""
    form = signing_up(person)
    if form is None or not form.confirmed:
        return
    chance = person.chance("leaving")
    day = form.day + chance.randrange(4, 30)
    if chance.random() < rates.of_people(rates.UNSUBSCRIBES) and day < DAYS:
        yield Withdraws(at=person.at(day, time_of_day(chance)), email=person.email)
