"""Who signs up, when, for what, and who answers the proof mail."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from virta.visitors import Act, Confirms, SignsUp

from . import rates
from .person import Person
from .timetable import DAYS, SLOTS, time_of_day

_DAYS_BEFORE_BUYING = (0, 0, 1, 1, 1, 2, 3, 9)
_CONFIRMED_AFTER = (1, 1, 1, 2, 4)  # slots
_LAST_FORM = SLOTS - 9  # there is time left that day to confirm, and then to buy
_ASKED_FOR = 28  # days in which the shop's parcels and pages ask its earlier customers


@dataclass(frozen=True, slots=True)
class SigningUp:
    """The form as it was sent: on which day, in which slot, with which boxes; and whether a yes followed."""

    day: int
    slot: int
    topics: tuple[str, ...]
    confirmed: bool


def signing_up(person: Person) -> SigningUp | None:
    """How this person came to be a subscriber, if at all."""
    chance = person.chance("signing up")
    day = _day(person, chance)
    if day is None or day >= DAYS:
        return None
    return SigningUp(
        day=max(day, 0),
        slot=time_of_day(chance, 1, _LAST_FORM),
        topics=_topics(person, chance),
        confirmed=chance.random() < rates.CONFIRMS,
    )


def known_from(person: Person) -> int:
    """The first day on which the shop can tell who is looking."""
    form = signing_up(person)
    days = [purchase.day for purchase in person.purchases] + ([form.day] if form else [])
    return max(min(days, default=DAYS), 0)


def agreeing(person: Person) -> Iterator[Act]:
    """The form, and the button behind the link of the proof mail."""
    form = signing_up(person)
    if form is None:
        return
    told = {
        "first_name": person.first_name,
        "birthday": person.birthday and person.birthday.isoformat(),
        "time_zone": person.zone_on(form.day),
    }
    yield SignsUp(
        at=person.at(form.day, form.slot),
        email=person.email,
        language=person.language,
        topics=form.topics,
        attributes={name: value for name, value in told.items() if value is not None},
    )
    if form.confirmed:
        later = person.chance("confirming").choice(_CONFIRMED_AFTER)
        yield Confirms(at=person.at(form.day, form.slot + later), email=person.email)


def _day(person: Person, chance: Random) -> int | None:
    if not person.purchases:
        return chance.randrange(DAYS - 5)
    if not person.newcomer:
        asked = round(chance.triangular(0, _ASKED_FOR, 2))
        return asked if chance.random() < rates.EARLIER_CUSTOMER_SIGNS_UP else None
    before = chance.choice(_DAYS_BEFORE_BUYING)
    return person.purchases[0].day - before if chance.random() < rates.NEWCOMER_SIGNS_UP else None


def _topics(person: Person, chance: Random) -> tuple[str, ...]:
    wanted = (
        ("news", rates.WANTS_NEWS),
        ("offers", rates.WANTS_OFFERS),
        ("guide", rates.CUSTOMER_WANTS_GUIDE if person.purchases else rates.LEAD_WANTS_GUIDE),
    )
    topics = tuple(topic for topic, share in wanted if chance.random() < share) or ("news",)
    purposes = (
        ("personalisation", rates.AGREES_TO_PERSONALISATION),
        ("measurement", rates.AGREES_TO_MEASUREMENT),
    )
    return topics + tuple(purpose for purpose, share in purposes if chance.random() < share)
