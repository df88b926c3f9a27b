"""The instant at which a wait is over."""

from datetime import date, datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo

from dsl.graph import Wait, WaitFor, WaitUntil, WaitUntilTime
from engine.core import calendar


@lru_cache(maxsize=4096)
def of(node: Wait | WaitUntilTime | WaitFor | WaitUntil, now: int, clock: ZoneInfo) -> int:
    """Of one that begins now: for a while, for a time of day, or at most for so long, on that clock. Many
    people begin the same wait at the same instant: it is reckoned once."""
    match node:
        case Wait():
            due = calendar.add(now, node.duration, clock)
            return calendar.next_at(due, node.at, clock) if node.at else due
        case WaitUntilTime():
            return calendar.next_at(now + 1, node.at, clock, node.day)
        case WaitFor() | WaitUntil():
            return calendar.add(now, node.up_to, clock)


def of_date(value: date | int, at: str | None, clock: ZoneInfo) -> int:
    """Of one for a date or a moment, perhaps a past one: at its own time, or at `at` (HH:MM) of its day."""
    if at is None:
        return calendar.midnight(value, clock) if isinstance(value, date) else value
    day = value if isinstance(value, date) else calendar.day(value, clock)
    return calendar.instant(datetime.combine(day, time.fromisoformat(at)), clock)
