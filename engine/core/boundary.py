"""When time alone can change a condition: so that the moment is armed, not polled for.

A boundary may come without a change (it is looked at and armed again), but no change comes without one.
"""

from collections.abc import Callable, Iterator
from datetime import date, timedelta

from msgspec import Struct

from dsl import graph as g
from engine.core import calendar, windows
from engine.core.conditions import Reading, Scene, reading

_THREE_HOURS = 3 * 3_600_000
_FOUR_DAYS = 4 * 86_400_000

Boundaries = Callable[[Scene], Iterator[int]]
"""The instants, some perhaps in the past, at which a condition may turn for this contact."""


def boundaries(asked: g.Condition | g.Value) -> Boundaries:
    """The boundaries of every part of a condition or of a value."""
    return _all_of(tuple(_sources(asked)))


def next_boundary(of: Boundaries, scene: Scene) -> int:
    """The first boundary after now, `NEVER` if there is none."""
    return min((moment for moment in of(scene) if moment > scene.now), default=calendar.NEVER)


def _all_of(sources: tuple[Boundaries, ...]) -> Boundaries:
    def every(scene: Scene) -> Iterator[int]:
        for source in sources:
            yield from source(scene)

    return every


def _sources(asked: object) -> Iterator[Boundaries]:
    match asked:
        case g.Today() | g.YearsSince():
            yield _next_midnight
        case g.TimeSince(value, _, duration):
            yield _reached(reading(value), duration)
        case g.Compare(_, left, right):
            yield from _clock_reaches(left, right)
        case g.Between(value, low, high):
            yield from _clock_reaches(value, low, high)
        case g.OneOf(value, among):
            yield from _clock_reaches(value, *among)
        case g.History(_, event, _, where, span):
            if isinstance(span, g.LastSpan):
                yield _leaves_window(event, span.duration)
            if event in windows.PURPOSE_OF and isinstance(span, g.LastSpan | None):
                yield _all_known(windows.PURPOSE_OF[event], span.duration if span else windows.KEEP)
            if where is not None and (inner := tuple(_sources(where))):
                yield _of_each(event, _all_of(inner))
            yield from _sources(span)
            return
    if isinstance(asked, Struct):
        for field in asked.__struct_fields__:
            yield from _sources(getattr(asked, field))
    elif isinstance(asked, tuple):
        for part in asked:
            yield from _sources(part)


def _leaves_window(event: str, duration: g.Duration) -> Boundaries:
    # whoever came later leaves later, but for months of unequal length and hours that come twice
    abreast = _FOUR_DAYS if duration.months else _THREE_HOURS

    def leaving(scene: Scene) -> Iterator[int]:
        first = None
        for seen in scene.bundle.windows.get(event, ()):
            if first is not None and seen.at > first + abreast:
                return
            if calendar.within(seen.at, duration, scene.now, scene.clock):
                first = seen.at if first is None else first
                yield calendar.add(seen.at, duration, scene.clock)

    return leaving


def _all_known(purpose: str, duration: g.Duration) -> Boundaries:
    """The instant from which all that lies within the duration came behind the contact's agreement."""

    def reaching(scene: Scene) -> Iterator[int]:
        since = scene.bundle.known_since.get(purpose)
        if since is not None:
            yield calendar.add(since - 1, duration, scene.clock)

    return reaching


def _of_each(event: str, inner: Boundaries) -> Boundaries:
    """A `where` that asks for the time may turn for each event of the past."""

    def turning(scene: Scene) -> Iterator[int]:
        for seen in scene.bundle.windows.get(event, ()):
            yield from inner(scene.looking_at(seen))

    return turning


def _clock_reaches(*sides: g.Value) -> Iterator[Boundaries]:
    """`now` compared with moments turns when it reaches them, with dates when the day does."""
    if any(isinstance(side, g.Now) for side in sides):
        yield _next_midnight
        for side in sides:
            if not isinstance(side, g.Now):
                yield _reached(reading(side), g.Duration())


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
    yield calendar.midnight(calendar.day(scene.now, scene.clock) + timedelta(days=1), scene.clock)
