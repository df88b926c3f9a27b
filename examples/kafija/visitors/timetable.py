"""The 90 days, and the moments at which something can happen.

Everything falls on half hours from 07:00 to 22:00 of a person's own clock, so that a replay has few moments
to stop at, and much happens together.
"""

from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

FIRST_DAY = date(2026, 1, 5)
"""A Monday. Days are counted from it: what lies before has negative numbers."""

DAYS = 90
SLOTS = 31
SHOP_ZONE = "Europe/Riga"
HOUR = 3_600_000
DAY = 24 * HOUR
"""In milliseconds, as all moments are."""

_OPENS, _CLOSES, _SLOT = time(7), time(22), timedelta(minutes=30)


def moment(day: int, slot: int, zone: str) -> int:
    """Milliseconds UTC of a slot (0 to 30) on a day, on the wall clock of a time zone."""
    opening = datetime.combine(FIRST_DAY + timedelta(days=day), _OPENS, ZoneInfo(zone))
    return round((opening + slot * _SLOT).timestamp() * 1000)


def next_moment(at: int, zone: str) -> int:
    """The first slot not before a moment, on the wall clock of a time zone."""
    local = datetime.fromtimestamp(at / 1000, UTC).astimezone(ZoneInfo(zone))
    day = (local.date() - FIRST_DAY).days
    if local.time() > _CLOSES:
        return moment(day + 1, 0, zone)
    since = timedelta(hours=local.hour - _OPENS.hour, minutes=local.minute, seconds=local.second)
    return moment(day, max(-(-since // _SLOT), 0), zone)


def after_working_days(day: int, count: int) -> int:
    """The day on which so many working days have passed; never a Saturday or Sunday itself."""
    while count or _weekend(day):
        day += 1
        if not _weekend(day) and count:
            count -= 1
    return day


def time_of_day(chance: Random, earliest: int = 0, latest: int = SLOTS - 1) -> int:
    """A slot, more often towards the evening, as people shop and read."""
    return round(chance.triangular(earliest, latest, earliest + 0.7 * (latest - earliest)))


def _weekend(day: int) -> bool:
    return (FIRST_DAY + timedelta(days=day)).weekday() >= 5


LAST_MOMENT = moment(DAYS - 1, SLOTS - 1, SHOP_ZONE)
"""When the shop closes on the last day."""
