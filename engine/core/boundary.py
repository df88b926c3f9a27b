"""When time alone changes a condition or a value: so that the moment is armed, not polled for.

`boundaries` are moments at which it may: one of them may pass without a change, but no change comes without
one. `next_turn` looks along them for the first at which it does.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from math import floor
from typing import Any

from msgspec import Struct

from dsl import graph as g
from engine.core import calendar, leavings, windows
from engine.core.calendar import NEVER
from engine.core.conditions import Reading, Scene, condition, reading

_LOOKS = 32
"""Boundaries in a row at which nothing changes, and then the next one is armed all the same: what one look
costs has a bound. Only sums over very many events, and reckoning with years, come to so many."""

Boundaries = Callable[[Scene], Iterator[int]]
"""The instants, some perhaps in the past, at which a condition may turn for this contact: that of the next
change among them, if one comes."""


def boundaries(asked: g.Condition | g.Value) -> Boundaries:
    """The boundaries of every part of a condition or of a value."""
    return _all_of(tuple(_sources(asked)))


def next_boundary(of: Boundaries, scene: Scene) -> int:
    """The first boundary after now, `NEVER` if there is none."""
    return min((moment for moment in of(scene) if moment > scene.now), default=NEVER)


def next_turn(of: Callable[[Scene], Any], moments: Boundaries, scene: Scene) -> int:
    """The first instant after now at which what `of` tells is something else, if nothing happens to the
    contact until then; `NEVER` if there is none. `moments` are its boundaries."""
    moment = next_boundary(moments, scene)
    if moment >= NEVER:
        return NEVER
    present = of(scene)
    for _ in range(_LOOKS):
        then = Scene(scene.bundle, moment, scene.clock, scene.journey, scene.event)
        if of(then) != present:
            return moment
        moment = next_boundary(moments, then)
        if moment >= NEVER:
            return NEVER
    return moment


def _all_of(sources: tuple[Boundaries, ...]) -> Boundaries:
    def every(scene: Scene) -> Iterator[int]:
        for source in sources:
            yield from source(scene)

    return every


def _sources(asked: object) -> Iterator[Boundaries]:
    match asked:
        case g.Compare(_, left, right):
            yield from _compared((left, right))
        case g.Between(value, low, high):
            yield from _compared((value, low, high))
        case g.OneOf(value, among):
            yield from _compared((value, *among))
        case g.History():
            yield from _of_history(asked)
        case g.Today():
            yield _next_midnight
        case g.YearsSince(value):
            yield _next_anniversary(reading(value))
            yield from _sources(value)
        case g.TimeSince(g.Now()):
            return  # always as long
        case g.TimeSince(g.Today(), _, duration) if duration.months or duration.days:
            return  # every day is over before
        case g.TimeSince(value, _, duration):
            yield _reached(reading(value), duration)
            yield from _sources(value)
        case Struct():
            for field in asked.__struct_fields__:
                yield from _sources(getattr(asked, field))
        case tuple():
            for part in asked:
                yield from _sources(part)


# ---------------------------------------------------------------- comparisons


def _compared(sides: Sequence[g.Value]) -> Iterator[Boundaries]:
    """What stands alone on a side turns a comparison when it reaches the other side, and not before."""
    for place, side in enumerate(sides):
        others = (*sides[:place], *sides[place + 1 :])
        match side:
            case g.Now() | g.Today():
                still = [other for other in others if not isinstance(other, g.Now | g.Today)]
                yield from (_shown(reading(other), isinstance(side, g.Now)) for other in still)
            case g.YearsSince(value) if not any(_has_years(other) for other in others):
                yield from (_years_reached(reading(value), reading(other)) for other in others)
                yield from _sources(value)
            case g.History("count", span=g.LastSpan()) if not _turns_in_itself(side):
                yield from (_count_falls(side, reading(other)) for other in others)
                yield from _known_at_last(side)
            case _:
                yield from _sources(side)


def _shown(other: Reading, to_the_instant: bool) -> Boundaries:
    """The clock reaches a moment, if that is compared, or else a day, and leaves it behind."""

    def reaching(scene: Scene) -> Iterator[int]:
        value = other(scene)
        if to_the_instant and isinstance(value, int):
            yield value
            yield value + 1
        elif isinstance(value, int | date):
            day = value if isinstance(value, date) else calendar.day(value, scene.clock)
            yield calendar.midnight(day, scene.clock)
            yield _end_of(day, scene)

    return reaching


def _has_years(asked: object) -> bool:
    if isinstance(asked, Struct):
        parts = [getattr(asked, field) for field in asked.__struct_fields__]
        return isinstance(asked, g.YearsSince) or any(_has_years(part) for part in parts)
    return isinstance(asked, tuple) and any(_has_years(part) for part in asked)


def _years_reached(since: Reading, other: Reading) -> Boundaries:
    """The anniversaries from which on the years are as many as the other side says, and one more."""

    def reaching(scene: Scene) -> Iterator[int]:
        first, number = _day(since(scene), scene), other(scene)
        if first is not None and isinstance(number, int | Decimal):
            for years in (floor(number), floor(number) + 1):
                yield from _anniversary(first, years, scene)

    return reaching


def _next_anniversary(since: Reading) -> Boundaries:
    def reaching(scene: Scene) -> Iterator[int]:
        first = _day(since(scene), scene)
        if first is not None:
            years = calendar.whole_years(first, calendar.day(scene.now, scene.clock))
            yield from _anniversary(first, years + 1, scene)

    return reaching


def _anniversary(first: date, years: int, scene: Scene) -> Iterator[int]:
    if date.min.year <= first.year + years <= date.max.year:
        yield calendar.midnight(calendar.anniversary(first, first.year + years), scene.clock)


def _reached(value: Reading, duration: g.Duration) -> Boundaries:
    """The moment that lies `duration` behind the value, and the instant after it: `<` and `<=` turn apart."""

    def turning(scene: Scene) -> Iterator[int]:
        since = value(scene)
        if isinstance(since, date):
            since = calendar.midnight(since, scene.clock)
        if isinstance(since, int):
            moment = calendar.add(since, duration, scene.clock)
            yield moment
            yield moment + 1

    return turning


def _next_midnight(scene: Scene) -> Iterator[int]:
    yield _end_of(calendar.day(scene.now, scene.clock), scene)


def _day(value: Any, scene: Scene) -> date | None:
    if isinstance(value, date):
        return value
    return calendar.day(value, scene.clock) if isinstance(value, int) else None


def _end_of(day: date, scene: Scene) -> int:
    """The first instant behind a day."""
    return calendar.midnight(day + timedelta(days=1), scene.clock) if day < date.max else NEVER


# ---------------------------------------------------------------- history


def _of_history(asked: g.History) -> Iterator[Boundaries]:
    match asked.span:
        case g.LastSpan() if asked.kind in ("any", "no", "last") and not _turns_in_itself(asked):
            yield _leaves(asked, leavings.last)
        case g.LastSpan():
            yield _leaves(asked, leavings.next_)
        case g.SinceDate(g.Today()):
            yield _of_today(asked.event)
        case g.SinceDate(g.Now()):
            yield _of_this_instant(asked.event)
        case g.SinceDate(value):
            yield from _sources(value)
    if asked.where is not None and (inner := tuple(_sources(asked.where))):
        yield _of_each(asked.event, _all_of(inner))
    yield from _known_at_last(asked)


def _turns_in_itself(asked: g.History) -> bool:
    """Whether time alone decides for which events its `where` holds."""
    return asked.where is not None and any(True for _ in _sources(asked.where))


def _matching(asked: g.History) -> Callable[[Scene], Sequence[int]]:
    """When the events that count happened, oldest first; of a `where` that time can turn, all that may."""
    assert isinstance(asked.span, g.LastSpan)
    event, duration = asked.event, asked.span.duration
    where = None if asked.where is None or _turns_in_itself(asked) else condition(asked.where)

    def matching(scene: Scene) -> Sequence[int]:
        inside = leavings.inside(scene.bundle.windows.get(event, ()), duration, scene.now, scene.clock)
        return [seen.at for seen in inside if where is None or where(scene.looking_at(seen))]

    return matching


def _leaves(asked: g.History, which: leavings.Which) -> Boundaries:
    assert isinstance(asked.span, g.LastSpan)
    matching, duration = _matching(asked), asked.span.duration
    return lambda scene: which(matching(scene), duration, scene.clock)


def _count_falls(asked: g.History, other: Reading) -> Boundaries:
    """The events leave the span by which their count becomes the number on the other side, or one less."""
    assert isinstance(asked.span, g.LastSpan)
    matching, duration = _matching(asked), asked.span.duration

    def falling(scene: Scene) -> Iterator[int]:
        number = other(scene)
        if isinstance(number, int | Decimal):
            moments = matching(scene)
            for left in {floor(number), -floor(-number) - 1}:
                if 0 <= left < len(moments):
                    yield leavings.nth(moments, len(moments) - left - 1, duration, scene.clock)

    return falling


def _known_at_last(asked: g.History) -> Iterator[Boundaries]:
    """The instant from which all that is asked for came behind the contact's agreement that it be known."""
    purpose = windows.PURPOSE_OF.get(asked.event)
    if purpose is None:
        return
    lengths = [windows.KEEP]
    if isinstance(asked.span, g.LastSpan):
        lengths.append(asked.span.duration)
    since_today = isinstance(asked.span, g.SinceDate) and isinstance(asked.span.value, g.Today)

    def reaching(scene: Scene) -> Iterator[int]:
        since = scene.bundle.known_since.get(purpose)
        if since is not None:
            yield from (calendar.add(since - 1, length, scene.clock) for length in lengths)
            if since_today and since > calendar.midnight(calendar.day(scene.now, scene.clock), scene.clock):
                yield from _next_midnight(scene)

    yield reaching


def _of_today(event: str) -> Boundaries:
    """What happened today is over with it."""

    def over(scene: Scene) -> Iterator[int]:
        window = scene.bundle.windows.get(event)
        if window and window[-1].at >= calendar.midnight(calendar.day(scene.now, scene.clock), scene.clock):
            yield from _next_midnight(scene)

    return over


def _of_this_instant(event: str) -> Boundaries:
    def over(scene: Scene) -> Iterator[int]:
        window = scene.bundle.windows.get(event)
        if window and window[-1].at >= scene.now:
            yield scene.now + 1

    return over


def _of_each(event: str, inner: Boundaries) -> Boundaries:
    """A `where` that asks for the time may turn for each event of the past."""

    def turning(scene: Scene) -> Iterator[int]:
        for seen in scene.bundle.windows.get(event, ()):
            yield from inner(scene.looking_at(seen))

    return turning
