"""How long things hold and are kept: the settings of the consent service, with what they are unless set.

Months and years are those of the calendar, and their days those of the project's clock. They end as law has
it (Regulation (EEC, Euratom) 1182/71, Art. 3(2)(c)): with the end of the day that has the number of the day
on which they began, or of the month's last day where it has none of that number. Hours and days are elapsed
time."""

from calendar import monthrange
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from msgspec import Struct

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
ENDED_MS = 30 * DAY_MS
"""A topic that the policy has not had for so long was ended, and not left out by mistake."""

ANYWHERE = ""
_YEAR = 12  # months
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class Times(Struct, frozen=True):
    """`minimum_age` is by country (two letters, as in `LV`), that of everywhere else under the empty name; 0
    or nothing: nobody is asked. Where nobody knows the country, the highest of all holds. `zone` is that of
    the project (IANA), whose days count."""

    link_hours: int = 72
    pending_days: int = 30
    stale_months: int = 24
    proof_years: int = 3
    decision_months: int = 36
    ip_days: int = 90
    minimum_age: Mapping[str, int] = MappingProxyType({})
    zone: str = "UTC"

    def least_age(self, country: str) -> int:
        """How old somebody of `country` (empty where it is unknown) must be at least, in years."""
        if not country:
            return max(self.minimum_age.values(), default=0)
        return self.minimum_age.get(country.upper(), self.minimum_age.get(ANYWHERE, 0))

    def silent_since(self, now: int) -> int:
        """From when on a sign of life counts at `now` (ms UTC): those of before are too old."""
        return since(now, self.stale_months, self.zone)

    def proof_since(self, now: int) -> int:
        """From when on proof is kept at `now` (ms UTC)."""
        return since(now, self.proof_years * _YEAR, self.zone)

    def decisions_since(self, now: int) -> int:
        """From when on decisions are kept at `now` (ms UTC)."""
        return since(now, self.decision_months, self.zone)


DEFAULT_TIMES = Times()


def since(now: int, months: int, zone: str) -> int:
    """The first moment from which so many months are not over at `now`; both in ms UTC. It is the beginning
    of a day by the clock of `zone`."""
    clock = ZoneInfo(zone)
    today = _day(now, clock)
    first = _month(today, -months)
    if today.day > _length(first):  # what began on the days that are missing is over with the month's last
        return _beginning(_month(first, 1), clock)
    return _beginning(first.replace(day=today.day), clock)


def until(begun: int, months: int, zone: str) -> int:
    """The moment with which so many months are over that began at `begun`; both in ms UTC."""
    clock = ZoneInfo(zone)
    began = _day(begun, clock)
    month = _month(began, months)
    last = month.replace(day=min(began.day, _length(month)))
    return _beginning(last + timedelta(days=1), clock)


def _day(moment: int, clock: ZoneInfo) -> date:
    return (_EPOCH + moment * _MILLISECOND).astimezone(clock).date()


def _month(day: date, months: int) -> date:
    """The first day of the month that lies so many months behind that of a day."""
    year, month = divmod(day.year * _YEAR + day.month - 1 + months, _YEAR)
    return date(year, month + 1, 1)


def _length(month: date) -> int:
    return monthrange(month.year, month.month)[1]


def _beginning(day: date, clock: ZoneInfo) -> int:
    """Of a midnight that the clock skips, the moment at which it does; of one that comes twice, the first."""
    return (datetime.combine(day, time(), clock) - _EPOCH) // _MILLISECOND
