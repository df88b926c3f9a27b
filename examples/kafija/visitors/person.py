"""Who somebody is: made up for each number, always in the same way."""

from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from random import Random

from . import rates
from .purchases import A_LOT, SILENCE, Customer, Purchase
from .timetable import DAYS, moment

LEADS = 520
"""People who come to read and never buy."""

# (share, language, time zone, whether a parcel is there within days)
_HOMES = (
    (42, "lv", "Europe/Riga", True),
    (4, "lv", "Europe/London", False),
    (20, "fi", "Europe/Helsinki", True),
    (9, "en", "Europe/London", False),
    (7, "en", "America/New_York", False),
    (4, "en", "Europe/Riga", True),
    (14, "uz", "Asia/Tashkent", False),
)

_NAMES = {
    "lv": ("Anna", "Jānis", "Līga", "Mārtiņš", "Ieva", "Ģirts", "Zane", "Roberts", "Šarlote", "Kārlis"),
    "en": ("Alice", "Tom", "Grace", "Oliver", "Nora", "Sam", "Ruth", "Henry"),
    "fi": ("Aino", "Väinö", "Helmi", "Eero", "Sisu", "Tyyne", "Onni", "Päivi"),
    "uz": ("Aziz", "Dilnoza", "G‘ulom", "Nodira", "O‘ktam", "Sevara", "Temur", "Zilola"),
}


@dataclass(frozen=True, slots=True)
class Person:
    """`purchases` may lie before the 90 days; then the shop has known the person for long. `moves` is the day
    on which a new time zone begins, or none."""

    email: str
    language: str
    zone: str
    nearby: bool
    first_name: str | None
    birthday: date | None
    purchases: tuple[Purchase, ...]
    newcomer: bool
    moves: tuple[int, str] | None = None

    @property
    def name(self) -> str:
        """The address without its domain, from which ids are made."""
        return self.email.partition("@")[0]

    def chance(self, subject: str) -> Random:
        """Dice of this person's own for one subject: what is added to one leaves the others as they were."""
        return Random(f"kafija {self.email} {subject}")

    def at(self, day: int, slot: int) -> int:
        """A moment on the person's own clock, in ms UTC."""
        return moment(day, slot, self.zone_on(day))

    def zone_on(self, day: int) -> str:
        """Where the person lives on that day."""
        return self.moves[1] if self.moves and day >= self.moves[0] else self.zone

    def silent_on(self) -> list[int]:
        """The days on which a silence has become long."""
        days = sorted(self.bought_on())
        return [
            day + SILENCE
            for day, following in pairwise([*days, DAYS + SILENCE])
            if following - day > SILENCE and 0 < day + SILENCE < DAYS
        ]

    def among_the_best_on(self) -> list[int]:
        """The day on which a year's purchases reached what the shop calls a lot, if it is one of the 90."""
        for purchase in self.purchases:
            year = [each.total for each in self.purchases if purchase.day - 365 < each.day <= purchase.day]
            if sum(year) >= A_LOT:
                return [purchase.day] if purchase.day >= 0 else []
        return []

    def bought_on(self) -> set[int]:
        """The days of the purchases."""
        return {purchase.day for purchase in self.purchases}


def customer(known: Customer) -> Person:
    """Somebody of the sample."""
    return _person(f"customer-{known.number:04}@example.com", known.purchases, known.newcomer)


def lead(number: int) -> Person:
    """Somebody who only looks."""
    return _person(f"reader-{number:04}@example.com", (), True)


def _person(email: str, purchases: tuple[Purchase, ...], newcomer: bool) -> Person:
    chance = Random(f"kafija {email}")
    homes = [home for home in _HOMES for _ in range(home[0])]
    _, language, zone, nearby = chance.choice(homes)
    name = chance.choice(_NAMES[language])
    birthday = date.fromordinal(chance.randrange(date(1950, 1, 1).toordinal(), date(2006, 1, 1).toordinal()))
    moves = (chance.randrange(7, DAYS), chance.choice([home[2] for home in _HOMES if home[2] != zone]))
    return Person(
        email=email,
        language=language,
        zone=zone,
        nearby=nearby,
        first_name=name if chance.random() < rates.TELLS_FIRST_NAME else None,
        birthday=birthday if chance.random() < rates.TELLS_BIRTHDAY else None,
        purchases=purchases,
        newcomer=newcomer,
        moves=moves if chance.random() < rates.MOVES else None,
    )
