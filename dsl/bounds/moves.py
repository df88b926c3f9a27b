"""How a journey moves on from a step: where to, and how long that takes at the least and at the most.

Time is counted on the clock, in seconds: a day is 24 hours. A month is 28 to 31 days; which of the two counts
is the side on which a bound may err.
"""

from collections.abc import Iterator
from typing import NamedTuple

from dsl.graph import (
    END,
    Call,
    Duration,
    Emit,
    Finish,
    If,
    Node,
    Repeat,
    Send,
    Set,
    Split,
    StartFlow,
    Tag,
    Tell,
    Unsubscribe,
    Wait,
    WaitFor,
    WaitForBestTime,
    WaitUntil,
    WaitUntilDate,
    WaitUntilTime,
)

HOUR = 3_600
DAY = 24 * HOUR
WEEK = 7 * DAY
SHORT_MONTH, LONG_MONTH = 28, 31  # days
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

NOTHING = Duration()


class Move(NamedTuple):
    """From a step to the next one. `least` and `most` pass, whatever the clock shows (`most` None: there is
    no end to it), and then the time until the clock shows `at` (seconds of the day), on `weekday` (0 is
    Monday) where one is named; `strict`: also where it shows just that already."""

    least: Duration = NOTHING
    most: Duration | None = NOTHING
    at: int | None = None
    weekday: int | None = None
    strict: bool = False


AT_ONCE = Move()


class Clock(NamedTuple):
    """What is known of a clock at the beginning of a way: it shows `shows` seconds of its `period`, which is
    a DAY, or a WEEK that begins on Monday."""

    shows: int
    period: int


def moves(node: Node) -> Iterator[tuple[int, Move]]:
    """Every way on from a step: the index of the next one, and the time in between. A `repeat` leads into its
    round; who counts the rounds knows when it leads on."""
    match node:
        case Wait(duration=duration, at=at):
            yield node.next, Move(duration, duration, None if at is None else seconds_of_day(at))
        case WaitUntilTime(at=at, day=day):
            weekday = None if day is None else WEEKDAYS.index(day)
            yield node.next, Move(at=seconds_of_day(at), weekday=weekday, strict=True)
        case WaitUntilDate():
            yield node.next, Move(most=None)
        case WaitUntil(up_to=up_to):
            yield node.on_met, Move(most=up_to)
            yield node.on_timeout, Move(up_to, up_to)
        case WaitFor(hears=hears, up_to=up_to):
            for heard in hears:
                yield heard.next, Move(most=up_to)
            yield node.on_timeout, Move(up_to, up_to)
        case WaitForBestTime(up_to=up_to):
            yield node.next, Move(most=up_to)
        case If():
            yield node.then, AT_ONCE
            yield node.otherwise, AT_ONCE
        case Split(arms=arms):
            for arm in arms:
                if arm.weight:
                    yield arm.next, AT_ONCE
        case Repeat():
            yield node.body, AT_ONCE
        case Send() | Set() | Tag() | Unsubscribe() | Tell() | Emit() | Call() | StartFlow():
            yield node.next, AT_ONCE
        case Finish():
            yield END, AT_ONCE


def seconds_of_day(at: str) -> int:
    """HH:MM as seconds since midnight."""
    return int(at[:2]) * HOUR + int(at[3:]) * 60


def least_seconds(duration: Duration) -> int:
    """No shorter than this on the clock, but for the hour that a clock change gives to elapsed time."""
    return (duration.months * SHORT_MONTH + duration.days) * DAY + duration.seconds


def most_seconds(duration: Duration) -> int:
    """No longer than this on the clock, but for the hour that a clock change takes from elapsed time."""
    return (duration.months * LONG_MONTH + duration.days) * DAY + duration.seconds


def until_shown(move: Move, clock: Clock | None, passed: int, latest: bool) -> int:
    """How long it takes until the clock shows what `move` waits for, `passed` seconds after it showed
    `clock`; where that is not known, the least or (`latest`) the most that it can take."""
    if move.at is None:
        return 0
    period = DAY if move.weekday is None else WEEK
    if clock is None:
        return period if latest else 0
    shown = clock.shows + passed
    if move.weekday is None or clock.period == DAY:
        gap = (move.at - shown) % DAY
        if gap == 0 and move.strict:
            gap = DAY
        return gap + (WEEK - DAY if latest and move.weekday is not None else 0)
    gap = (move.weekday * DAY + move.at - shown) % WEEK
    return WEEK if gap == 0 and move.strict else gap


def shown_before(move: Move, clock: Clock | None, passed: int) -> Clock | None:
    """What the clock showed at the beginning, now that it shows what `move` waited for, `passed` seconds
    later."""
    if move.at is None or (clock is not None and clock.period == WEEK):
        return clock
    if move.weekday is None:
        return clock or Clock((move.at - passed) % DAY, DAY)
    return Clock((move.weekday * DAY + move.at - passed) % WEEK, WEEK)
