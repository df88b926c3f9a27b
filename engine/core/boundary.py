"""When time alone can change a condition: so that the moment is armed, not polled for.

A boundary may come without a change (it is looked at and armed again), but no change comes without one.
"""

from collections.abc import Callable, Iterator
from datetime import date, timedelta

from dsl import graph as g
from engine.core import calendar
from engine.core.conditions import Scene, reading

Boundaries = Callable[[Scene], Iterator[int]]
"""The instants, some perhaps in the past, at which a condition may turn for this contact."""

_HOUR = 3_600_000


def boundaries(asked: g.Condition) -> Boundaries:
    """The boundaries of every part of a condition."""
    sources = tuple(_sources(asked))

    def every(scene: Scene) -> Iterator[int]:
        for source in sources:
            yield from source(scene)

    return every


def next_boundary(of: Boundaries, scene: Scene) -> int:
    """The first boundary after now, `NEVER` if there is none."""
    return min((moment for moment in of(scene) if moment > scene.now), default=calendar.NEVER)


def _sources(asked: object) -> Iterator[Boundaries]:
    if isinstance(asked, g.History) and isinstance(asked.span, g.LastSpan):
        yield _window(asked.event, asked.span.duration)
    if isinstance(asked, g.TimeSince):
        yield _elapsed(asked)
    if isinstance(asked, g.Today | g.YearsSince):
        yield _next_midnight
    if isinstance(asked, g.Now):
        # a bare `now` moves without a pause; its comparisons are looked at when the day turns
        yield _next_midnight
    if isinstance(asked, g.Expression):
        for field in asked.__struct_fields__:
            part = getattr(asked, field)
            for inner in part if isinstance(part, tuple) else (part,):
                yield from _sources(inner)


def _window(event: str, duration: g.Duration) -> Boundaries:
    def leaving(scene: Scene) -> Iterator[int]:
        for seen in scene.bundle.windows.get(event, ()):
            moment = calendar.add(seen.at, duration, scene.clock)
            # adding and taking away months do not always meet: go on until the event has left the window
            while calendar.add(moment, duration, scene.clock, -1) < seen.at:
                moment += _HOUR
            yield moment

    return leaving


def _elapsed(asked: g.TimeSince) -> Boundaries:
    value = reading(asked.value)

    def turning(scene: Scene) -> Iterator[int]:
        since = value(scene)
        if since is None:
            return
        if isinstance(since, date):
            since = calendar.midnight(since, scene.clock)
        moment = calendar.add(since, asked.duration, scene.clock)
        yield moment
        yield moment + 1

    return turning


def _next_midnight(scene: Scene) -> Iterator[int]:
    yield calendar.midnight(calendar.day(scene.now, scene.clock) + timedelta(days=1), scene.clock)
