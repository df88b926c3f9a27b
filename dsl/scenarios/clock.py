"""The time of a scenario's lines, as far as it is known before anything runs."""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from dsl.found.finding import Finding
from dsl.found.source import error
from dsl.graph import Duration
from dsl.nodes.scenarios import ActNode, AfterTime, AtMoment, ScenarioNode, SceneLine

_CLOCK_CHANGE = timedelta(hours=1)
_FIRST_YEAR, _LAST_YEAR = 2000, 2199


@dataclass(frozen=True, slots=True)
class Hour:
    """When a line happens: at most so long after the first act (None: not known, or there is none before)."""

    scene: SceneLine
    since_first: timedelta | None


def hours(node: ScenarioNode) -> tuple[Hour, ...]:
    """The lines of a scenario with their times."""
    now: datetime | None = None
    first: datetime | None = None
    found: list[Hour] = []
    for scene in node.scenes:
        now = _moved(now, scene)
        found.append(Hour(scene, now - first + _CLOCK_CHANGE if now and first else None))
        if first is None and isinstance(scene.does, ActNode):
            first = now
    return tuple(found)


def check_clock(node: ScenarioNode) -> Iterator[Finding]:
    """A scenario that does not say when it begins, whose time runs backwards, or out of all bounds."""
    first = node.scenes[0] if node.scenes else None
    if first and first.does is not None and not isinstance(first.when, AtMoment):
        yield error(
            "E603",
            first.when.span if first.when else first.span,
            "The first line does not say at what time the scenario begins.",
            f"Write `at 2026-03-02 10:00` {'instead' if first.when else 'in front of it'}.",
        )
    now: datetime | None = None
    for scene in node.scenes:
        later = _moved(now, scene)
        if later is None and scene.when and (now or isinstance(scene.when, AtMoment)):
            yield from _out_of_bounds(scene.when)
        if isinstance(scene.when, AtMoment) and now and later and later < now - _CLOCK_CHANGE:
            yield error(
                "E604",
                scene.when.span,
                f"Time runs backwards here: the line above happens at {now:%Y-%m-%d %H:%M}.",
                "Write a later time, or move the line up.",
            )
            continue
        now = later


def _out_of_bounds(when: AtMoment | AfterTime) -> Iterator[Finding]:
    """The year in which a line happens; nothing for one whose time has been told to mean nothing."""
    if isinstance(when, AtMoment) and when.moment:
        message = f"A scenario happens in the years {_FIRST_YEAR} to {_LAST_YEAR}."
        yield error("E115", when.span, message, "Write a moment in them, as in `at 2026-03-02 10:00`.")
    elif isinstance(when, AfterTime) and when.duration:
        message = f"This line would happen after the year {_LAST_YEAR}, where a scenario ends."
        yield error("E115", when.span, message, "Write a shorter time.")


def _moved(now: datetime | None, scene: SceneLine) -> datetime | None:
    """The time of a line, on the contact's clock; that of the line before is `now`. None: it is not known, or
    out of bounds."""
    moment: datetime | None = None
    match scene.when:
        case None:
            return now
        case AtMoment(str(written)):
            moment = datetime.fromisoformat(written)
        case AfterTime(Duration() as duration) if now:
            moment = _later(now, duration)
    return moment if moment and _FIRST_YEAR <= moment.year <= _LAST_YEAR else None


def _later(moment: datetime, duration: Duration) -> datetime:
    year, month = divmod(moment.year * 12 + moment.month - 1 + duration.months, 12)
    day = min(moment.day, monthrange(year, month + 1)[1])
    whole = timedelta(days=duration.days, seconds=duration.seconds)
    return moment.replace(year=year, month=month + 1, day=day) + whole
