"""Starts on a date: the next one of each flow is armed for each contact, so that nobody has to look daily."""

from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from dsl.graph import Duration, StartOnDate
from engine.core import calendar
from engine.core.flow import Dated
from engine.core.turn import Turn

_NONE = Duration()


def occurrence(start: StartOnDate, value: Any, after: int, clock: ZoneInfo) -> int | None:
    """The first instant behind `after` at which a flow starts for a contact with this date or moment; None
    if the date is unknown or lies behind for good."""
    if value is None:
        return None
    day = value if isinstance(value, date) else calendar.day(value, clock)
    if not start.every_year:
        found = _instant(start, day, clock)
        return found if found > after else None
    length = start.offset or _NONE
    shift = length.months // 12 + length.days // 365 + length.seconds // 31_000_000 + 2
    year = max(day.year + 1, calendar.day(after, clock).year - shift)
    while year <= date.max.year:
        found = _instant(start, calendar.anniversary(day, year), clock)
        if found > after:
            return found
        year += 1
    return None


def due(turn: Turn, behind: int) -> list[str]:
    """The flows whose armed start lies before `behind`; they are armed anew."""
    reached = {key for key, at in turn.bundle.dates.items() if at < behind}
    if reached:
        kept = {key: at for key, at in turn.bundle.dates.items() if key not in reached}
        for dated in turn.loaded.dated:
            if dated.key in reached:
                _put(turn, kept, dated, turn.now)
        turn.change(dates=kept)
    return sorted({key.partition("\0")[0] for key in reached} & turn.loaded.current.keys())


def rearm(turn: Turn) -> None:
    """Arm every flow's next start by what is now known of the contact."""
    found: dict[str, int] = {}
    for dated in turn.loaded.dated:
        # a start at this very instant is still to come: the event is first, the timer second
        waits = turn.bundle.dates.get(dated.key) == turn.now
        _put(turn, found, dated, turn.now - waits)
    if found != turn.bundle.dates:
        turn.change(dates=found)
    if turn.bundle.dated_by != turn.loaded.dated_by:
        turn.change(dated_by=turn.loaded.dated_by)


def _put(turn: Turn, into: dict[str, int], dated: Dated, after: int) -> None:
    at = occurrence(dated.start, dated.value(turn.scene()), after, turn.clock)
    if at is not None:
        into[dated.key] = at


def _instant(start: StartOnDate, day: date, clock: ZoneInfo) -> int:
    moment = calendar.instant(datetime.combine(day, time.fromisoformat(start.at)), clock)
    if start.offset is None:
        return moment
    return calendar.add(moment, start.offset, clock, -1 if start.before else 1)
