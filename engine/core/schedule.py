"""Starts by the calendar for the members of a segment: `start every …` and `start at …`."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dsl.graph import StartAt, StartEvery
from engine.core import calendar

_BACK = timedelta(days=2)
"""No two clocks show dates that lie further apart."""


def occasions(start: StartEvery | StartAt, after: int, clock: ZoneInfo) -> Iterator[tuple[str, int]]:
    """Each occasion on which the flow starts, earliest first, all of those behind `after` among them: its
    day, which names it on every clock, and its instant."""
    if isinstance(start, StartAt):
        shown = datetime.fromisoformat(start.local)
        yield str(shown.date()), calendar.instant(shown, clock)
        return
    at = time.fromisoformat(start.at)
    for day in _days(start, calendar.day(after, clock) - _BACK):
        yield str(day), calendar.instant(datetime.combine(day, at), clock)


def _days(start: StartEvery, first: date) -> Iterator[date]:
    """The days from `first` on that are meant."""
    if start.month_day is not None:
        yield from _days_of_months(start.month_day, first)
        return
    ahead, step = 0, 1
    if start.weekday is not None:
        ahead, step = (calendar.WEEKDAYS.index(start.weekday) - first.weekday()) % 7, 7
    for number in range(first.toordinal() + ahead, calendar.LAST_DAY.toordinal(), step):
        yield date.fromordinal(number)


def _days_of_months(number: int, first: date) -> Iterator[date]:
    """That day of each month, from `first` on."""
    month, last = first.replace(day=1), calendar.LAST_DAY.replace(day=1)
    while month < last:
        day = calendar.day_of_month(month, number)
        if day >= first:
            yield day
        month = (month + timedelta(days=31)).replace(day=1)
