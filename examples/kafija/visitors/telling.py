"""What the shop tells of people beside events: where they live, what they speak, when they first bought."""

from collections.abc import Iterator
from datetime import timedelta

from virta.visitors import Act, Sets

from .agreeing import signing_up
from .person import Person
from .timetable import DAYS, FIRST_DAY, SHOP_ZONE, moment


def telling(person: Person) -> Iterator[Act]:
    """Customers of before are told of when the shop is connected, others on the morning of their first order;
    people who sign up tell it themselves. Then, for a few, that they moved."""
    if person.purchases and person.purchases[0].day < 0:
        first = FIRST_DAY + timedelta(days=person.purchases[0].day)
        attributes = _home(person, 0) | {"first_order_on": first.isoformat()}
        yield Sets(moment(0, 0, SHOP_ZONE), person.email, attributes)
    elif person.purchases and signing_up(person) is None:
        day = person.purchases[0].day
        yield Sets(person.at(day, 0), person.email, _home(person, day))
    if person.moves is not None:
        day, zone = person.moves
        if _known_before(person, day):
            yield Sets(person.at(day, 0), person.email, {"time_zone": zone})


def _home(person: Person, day: int) -> dict[str, str]:
    return {"language": person.language, "time_zone": person.zone_on(day)}


def _known_before(person: Person, day: int) -> bool:
    form = signing_up(person)
    known = [purchase.day for purchase in person.purchases] + ([form.day] if form else [])
    return min(known, default=DAYS) < day
