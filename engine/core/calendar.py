"""Time on a wall clock: durations, times of day and the instants they mean.

Instants are integers, milliseconds since 1970 UTC. A wall-clock time that a clock change skips means the
first instant after the gap; one that occurs twice means the first of the two.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from importlib import resources
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dsl.graph import Duration

NEVER = 2**62
"""The instant of a deadline that nothing but an event or an outcome can bring."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_MONTHS_A_YEAR = 12
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_FIRST_YEAR, _LAST_YEAR = 1, 9999
LAST_DAY = date(9999, 12, 20)
"""Nothing is looked for behind it."""
_DAY = 86_400_000
_FIRST = (datetime(1, 1, 3, tzinfo=UTC) - _EPOCH) // _MILLISECOND
_LAST = (datetime(9999, 12, 29, tzinfo=UTC) - _EPOCH) // _MILLISECOND
"""Beyond these instants some zone's clock would show a year that `datetime` does not know."""


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo | None:
    """The IANA zone of that name, or None when there is none: a system has others, of its own, that count
    leap seconds or mean the clock of that machine."""
    try:
        return ZoneInfo(name) if name in _names() else None
    except ZoneInfoNotFoundError:
        return None


@cache
def _names() -> frozenset[str]:
    return frozenset(resources.files("tzdata").joinpath("zones").read_text("utf-8").split())


@lru_cache(maxsize=1024)  # many people are moved at one instant
def wall(instant: int, clock: ZoneInfo) -> datetime:
    """What the clock shows at `instant`, without a zone. Whatever lies before year 1 or behind year 9999 is
    shown as their first or last day."""
    known = min(max(instant, _FIRST), _LAST)
    return (_EPOCH + timedelta(milliseconds=known)).astimezone(clock).replace(tzinfo=None, fold=0)


def instant(shown: datetime, clock: ZoneInfo) -> int:
    """The instant at which the clock shows `shown` (which has no zone)."""
    found = (shown.replace(tzinfo=clock) - _EPOCH) // _MILLISECOND
    if wall(found, clock) == shown:
        return found
    return _end_of_gap(shown, clock)


def day(instant_: int, clock: ZoneInfo) -> date:
    """The date that the clock shows."""
    return wall(instant_, clock).date()


@lru_cache(maxsize=1024)
def midnight(of: date, clock: ZoneInfo) -> int:
    """The first instant of a day."""
    return instant(datetime.combine(of, time()), clock)


def add(start: int, length: Duration, clock: ZoneInfo, sign: int = 1) -> int:
    """`start` plus (or, with sign −1, minus) a duration: months first, then days, then elapsed time."""
    moved = start
    if length.months or length.days:
        shown = wall(start, clock)
        shown = datetime.combine(move(shown.date(), length, sign), shown.time())
        moved = instant(shown, clock)
    return moved + sign * length.seconds * 1000


def within(start: int, length: Duration, now: int, clock: ZoneInfo) -> bool:
    """Whether less than `length` has passed from `start` to `now`: `start` + `length` is still to come."""
    passed = now - start - length.seconds * 1000
    if not (length.months or length.days):
        return passed < 0
    # a month has 28 to 31 days and a clock change moves no day by more than one: far off, no date is needed
    if passed < (length.months * 28 + length.days - 1) * _DAY:
        return True
    if passed > (length.months * 31 + length.days + 1) * _DAY:
        return False
    return add(start, length, clock) > now


def next_at(earliest: int, at: str, clock: ZoneInfo, weekday: str | None = None) -> int:
    """The first instant not before `earliest` at which the clock shows `at` (HH:MM), on that `weekday` if one
    is named."""
    # a gap that ends at midnight (Greenland) moves an evening into the next day: begin with yesterday
    wanted = datetime.combine(day(earliest, clock) - timedelta(days=1), time.fromisoformat(at))
    if weekday is not None and wanted.date() < LAST_DAY:
        wanted += timedelta(days=(WEEKDAYS.index(weekday) - wanted.weekday()) % 7)
    while (found := instant(wanted, clock)) < earliest and wanted.date() < LAST_DAY:
        wanted += timedelta(days=1 if weekday is None else 7)
    return max(found, earliest)


def carried(due: int, at: str, old: ZoneInfo, new: ZoneInfo) -> int:
    """The instant at which the new clock shows the day and the time of day `at` that `due` is on the old."""
    shown = datetime.combine(day(due, old), time.fromisoformat(at))
    if instant(shown, old) != due:
        shown -= timedelta(days=1)  # skipped by a gap that ends at midnight
    return instant(shown, new)


def move(of: date, length: Duration, sign: int = 1) -> date:
    """The day that lies so many months, and then days, behind another, or (sign −1) before it."""
    return _move(of, sign * length.months, sign * length.days)


def anniversary(of: date, year: int) -> date:
    """The same day in another year; 29 February falls on the 28th where there is none."""
    return _move(of, (year - of.year) * _MONTHS_A_YEAR, 0)


def day_of_month(month: date, number: int) -> date:
    """The `number`-th day of the month in which a day lies; its last one where it lacks such a day."""
    return month.replace(day=min(number, _month_length(month.year, month.month)))


def whole_years(since: date, until: date) -> int:
    """How often `since` has had its anniversary by `until`; 29 February has it on the 28th in other years."""
    years = until.year - since.year
    return years - (until < _move(since, years * _MONTHS_A_YEAR, 0))


def _move(of: date, months: int, days: int) -> date:
    position = of.year * _MONTHS_A_YEAR + of.month - 1 + months
    year, month = divmod(position, _MONTHS_A_YEAR)
    year = min(max(year, _FIRST_YEAR), _LAST_YEAR)
    moved = date(year, month + 1, min(of.day, _month_length(year, month + 1)))
    return date.fromordinal(min(max(moved.toordinal() + days, 1), date.max.toordinal()))


def _month_length(year: int, month: int) -> int:
    if month == _MONTHS_A_YEAR:
        return 31
    return (date(year, month + 1, 1) - date(year, month, 1)).days


def _end_of_gap(skipped: datetime, clock: ZoneInfo) -> int:
    """The clock change lies between the two readings of a skipped time; find its instant by halving."""
    before = (skipped.replace(tzinfo=clock, fold=1) - _EPOCH) // _MILLISECOND
    after = (skipped.replace(tzinfo=clock, fold=0) - _EPOCH) // _MILLISECOND
    while after - before > 1:
        middle = (before + after) // 2
        if wall(middle, clock) < skipped:
            before = middle
        else:
            after = middle
    return after
