"""Starts on a date, and by the calendar: the next one of each flow is armed for each contact, so that nobody
has to look daily. A start for the members of a segment is armed for them alone: joining arms it, leaving
disarms it."""

from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from dsl.graph import Duration, StartOnDate
from engine.core import calendar, schedule
from engine.core.boundary import next_turn
from engine.core.calendar import NEVER
from engine.core.flow import Dated, Flow
from engine.core.turn import Turn

_NONE = Duration()
_MOVED = 26 * 3_600_000
"""Milliseconds: no two clocks of the world are further apart, nor two times of one day."""


def occasions(start: StartOnDate, value: Any, after: int, clock: ZoneInfo) -> Iterator[tuple[str, int]]:
    """Each occasion on which a flow starts for a contact with this date or moment, earliest first, all of
    those behind `after` among them: its name, which is the same on every clock, and its instant."""
    if value is None:
        return
    exact = not isinstance(value, date)
    day = calendar.day(value, clock) if exact else value
    if not start.every_year:
        yield str(value), _instant(start, day, clock)
        return
    length = start.offset or _NONE
    shift = length.months // 12 + length.days // 365 + length.seconds // 31_000_000 + 2
    for year in range(max(day.year + 1, calendar.day(after, clock).year - shift), date.max.year + 1):
        anniversary = calendar.anniversary(day, year)
        name = f"{value}+{year - day.year}" if exact else str(anniversary)
        yield name, _instant(start, anniversary, clock)


def due(turn: Turn, behind: int) -> list[str]:
    """The flows whose armed start lies before `behind`; they are armed anew."""
    bundle = turn.bundle
    starting = {dated.key for dated in turn.loaded.dated if not _outside(turn, dated)}
    reached = {key for key, at in bundle.dates.items() if at < behind}
    if reached:
        given = {key: bundle.armed[key] for key in reached & starting if key in bundle.armed}
        turn.change(
            dates={key: at for key, at in bundle.dates.items() if key not in reached},
            armed={key: name for key, name in bundle.armed.items() if key not in reached},
            given={**bundle.given, **given},
        )
        _arm(turn, reached)
    return sorted({key.partition("\0")[0] for key in reached & starting})


def is_cancelled(turn: Turn, flow: str) -> bool:
    """Whether the start of this flow that came last for the contact was cancelled."""
    through = turn.loaded.cancelled.get(flow, "")
    given = [name for key, name in turn.bundle.given.items() if key.partition("\0")[0] == flow]
    return bool(through and given) and max(given) <= through


def rearm(turn: Turn) -> None:
    """Arm every flow's next start by what is now known of the contact."""
    _arm(turn, {*turn.bundle.dates, *(dated.key for dated in turn.loaded.dated)})
    if turn.bundle.dated_by != turn.loaded.dated_by:
        turn.change(dated_by=turn.loaded.dated_by)


def boundary(turn: Turn) -> int:
    """When time alone may next change what dates rest on."""
    every = ((dated, turn.scene_of(_flow(turn, dated))) for dated in turn.loaded.dated)
    return min((next_turn(dated.value, dated.boundaries, scene) for dated, scene in every), default=NEVER)


def _arm(turn: Turn, keys: set[str]) -> None:
    dates = {key: at for key, at in turn.bundle.dates.items() if key not in keys}
    armed = {key: name for key, name in turn.bundle.armed.items() if key not in keys}
    for dated in turn.loaded.dated:
        found = _next(turn, dated) if dated.key in keys else None
        if found is not None:
            armed[dated.key], dates[dated.key] = found
    if (dates, armed) != (turn.bundle.dates, turn.bundle.armed):
        turn.change(dates=dates, armed=armed)


def _next(turn: Turn, dated: Dated) -> tuple[str, int] | None:
    """The next occasion. One that was given is over on every clock; one that stood armed is not lost where
    another clock, or another time of the day, has it behind itself: it comes at once. So does one that came
    since the program is in force, of which the contact has not heard before."""
    if _outside(turn, dated):
        return None
    bundle, now = turn.bundle, turn.now
    waits = bundle.dates.get(dated.key, now - 1) >= now
    # who joins at the very moment is a member at it; a date that is learned at its moment is too late
    earliest = now if dated.segment else now + 1
    if bundle.dated_by != turn.loaded.dated_by and not turn.new:
        earliest = min(earliest, max(turn.loaded.since, bundle.created + 1))
    for name, at in _occasions(turn, dated):
        if _is_over(dated, name, bundle.given.get(dated.key, "")):
            continue
        # a start at this very instant is still to come: the event is first, the timer second
        if waits and name == bundle.armed.get(dated.key) and at > now - _MOVED:
            return name, max(at, now)
        if at >= earliest:
            return name, max(at, now)
    return None


def _occasions(turn: Turn, dated: Dated) -> Iterator[tuple[str, int]]:
    flow = _flow(turn, dated)
    if isinstance(dated.start, StartOnDate):
        return occasions(dated.start, dated.value(turn.scene_of(flow)), turn.now, turn.clock_of(flow))
    return schedule.occasions(dated.start, turn.now, turn.clock_of(flow))


def _flow(turn: Turn, dated: Dated) -> Flow:
    return turn.loaded.current[dated.key.partition("\0")[0]]


def _is_over(dated: Dated, name: str, given: str) -> bool:
    """Whether an occasion was given, or lies before the one that was: a clock further west shows that day
    again."""
    return name == given or (bool(dated.segment) and name < given)


def _outside(turn: Turn, dated: Dated) -> bool:
    return bool(dated.segment) and dated.segment not in turn.bundle.segments


def _instant(start: StartOnDate, day: date, clock: ZoneInfo) -> int:
    """`at` is the time of the day on which it starts: whatever clocks do on the date itself."""
    length, sign = start.offset or _NONE, -1 if start.before else 1
    starts = datetime.combine(calendar.move(day, length, sign), time.fromisoformat(start.at))
    return calendar.instant(starts, clock) + sign * length.seconds * 1000
