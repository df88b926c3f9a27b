"""Conditions and values of the language as Python closures, made once when a flow is loaded.

Unknown is None. Arithmetic with it is unknown; every comparison with it is no (language reference, §5).
"""

from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from dsl import graph as g
from engine.core import calendar
from engine.core.bundle import Bundle, Journey, Seen
from engine.core.operators import calculate, compare, negative, reckon

Test = Callable[["Scene"], bool]
Reading = Callable[["Scene"], Any]

MEASURED = frozenset({"email_opened", "email_clicked"})
"""Events that are unknown, not absent, for people who did not agree to measurement."""


class Scene:
    """What a condition looks at: one contact, one instant, perhaps a journey and an event."""

    __slots__ = ("bundle", "clock", "event", "journey", "now")

    def __init__(
        self,
        bundle: Bundle,
        now: int,
        clock: ZoneInfo,
        journey: Journey | None = None,
        event: dict[str, Any] | None = None,
    ) -> None:
        self.bundle = bundle
        self.now = now
        self.clock = clock
        self.journey = journey
        self.event = event

    def looking_at(self, event: dict[str, Any]) -> "Scene":
        """The same scene under a `where`, whose bare names are fields of `event`."""
        return Scene(self.bundle, self.now, self.clock, self.journey, event)


# ---------------------------------------------------------------- values


def reading(value: g.Value) -> Reading:
    """A function from a scene to the value, None where it is unknown."""
    match value:
        case g.Text() | g.Number() | g.Amount() | g.Flag() | g.Day():
            constant = value.value
            return lambda scene: constant
        case g.Moment():
            shown = datetime.fromisoformat(value.local)
            return lambda scene: calendar.instant(shown, scene.clock)
        case g.Attribute():
            return _attribute(value.name)
        case g.Trigger():
            field = value.field
            return lambda scene: _known(scene.journey.trigger.get(field)) if scene.journey else None
        case g.Received():
            step, field = value.step, value.field
            return lambda scene: (
                _known(scene.journey.received.get(step, {}).get(field)) if scene.journey else None
            )
        case g.Field():
            path = value.path
            return lambda scene: _walk(scene.event, path)
        case g.Now():
            return lambda scene: scene.now
        case g.Today():
            return lambda scene: calendar.day(scene.now, scene.clock)
        case g.Arithmetic():
            return _arithmetic(value)
        case g.Negative():
            inner = reading(value.value)
            return lambda scene: negative(inner(scene))
        case g.YearsSince():
            inner = reading(value.value)
            return lambda scene: _years(inner(scene), scene)
        case g.History():
            return _aggregate(value)


def _attribute(name: str) -> Reading:
    if name == "id":
        return lambda scene: scene.bundle.contact
    if name == "created_at":
        return lambda scene: scene.bundle.created or None
    return lambda scene: _known(scene.bundle.attributes.get(name))


def _known(value: Any) -> Any:
    """Blank text is unknown."""
    return None if isinstance(value, str) and not value.strip() else value


def _walk(record: Any, path: tuple[str, ...]) -> Any:
    """A field, or through a list of records the list of its values."""
    for place, name in enumerate(path):
        if isinstance(record, list | tuple):
            rest = path[place:]
            return [found for found in (_walk(one, rest) for one in record) if found is not None]
        if not isinstance(record, dict):
            return None
        record = record.get(name)
    return _known(record)


def _arithmetic(value: g.Arithmetic) -> Reading:
    left, right, operator = reading(value.left), reading(value.right), value.operator
    return lambda scene: calculate(operator, left(scene), right(scene))


def _years(since: Any, scene: Scene) -> int | None:
    if since is None:
        return None
    first = since if isinstance(since, date) else calendar.day(since, scene.clock)
    return calendar.whole_years(first, calendar.day(scene.now, scene.clock))


# ---------------------------------------------------------------- history


def _selection(asked: g.History) -> Callable[[Scene], Iterator[Seen] | None]:
    """The events that a history condition is about, oldest first; None: unknown to us."""
    event, measured = asked.event, asked.event in MEASURED
    where = condition(asked.where) if asked.where is not None else None
    start = _start(asked.span)

    def select(scene: Scene) -> Iterator[Seen] | None:
        if measured and "measurement" not in scene.bundle.agreed:
            return None
        after = start(scene)
        if after is None:
            return iter(())
        return (
            seen
            for seen in scene.bundle.windows.get(event, ())
            if after < seen.at <= scene.now and (where is None or where(scene.looking_at(seen.data)))
        )

    return select


def _start(span: g.Span | None) -> Callable[[Scene], int | None]:
    """The instant after which events count; None: unknown, so none does."""
    match span:
        case None:
            return lambda scene: -(2**62)
        case g.LastSpan():
            duration = span.duration
            return lambda scene: calendar.add(scene.now, duration, scene.clock, -1)
        case g.SinceEntry():
            return lambda scene: scene.journey.started if scene.journey else None
        case g.SinceDate():
            since = reading(span.value)

            def begin(scene: Scene) -> int | None:
                first = since(scene)
                if isinstance(first, date):
                    first = calendar.midnight(first, scene.clock)
                return None if first is None else int(first) - 1

            return begin


def _aggregate(asked: g.History) -> Reading:
    select, kind, path = _selection(asked), asked.kind, asked.path

    def measure(scene: Scene) -> Any:
        selected = select(scene)
        if selected is None:
            return None
        if kind == "count":
            return sum(1 for _ in selected)
        found = [value for seen in selected if (value := _walk_seen(seen, path)) is not None]
        return reckon(kind, found)

    return measure


def _walk_seen(seen: Seen, path: tuple[str, ...]) -> Any:
    return seen.at if path == ("at",) else _walk(seen.data, path)


# ---------------------------------------------------------------- conditions


def condition(asked: g.Condition) -> Test:
    """A function from a scene to yes or no."""
    match asked:
        case g.And():
            parts = tuple(condition(part) for part in asked.parts)
            return lambda scene: all(part(scene) for part in parts)
        case g.Or():
            parts = tuple(condition(part) for part in asked.parts)
            return lambda scene: any(part(scene) for part in parts)
        case g.Not():
            inner = condition(asked.part)
            return lambda scene: not inner(scene)
        case g.Compare():
            left, right, operator = reading(asked.left), reading(asked.right), asked.operator
            return lambda scene: compare(operator, left(scene), right(scene), scene.clock)
        case g.Between():
            value, low, high = reading(asked.value), reading(asked.low), reading(asked.high)
            return lambda scene: (
                compare(">=", value(scene), low(scene), scene.clock)
                and compare("<=", value(scene), high(scene), scene.clock)
            )
        case g.OneOf():
            return _one_of(asked)
        case g.Known():
            value, wanted = reading(asked.value), not asked.negated
            return lambda scene: (value(scene) is not None) is wanted
        case g.TimeSince():
            return _time_since(asked)
        case g.History():
            return _existence(asked)
        case g.InSegment():
            segment = asked.segment
            return lambda scene: segment in scene.bundle.segments
        case g.AgreedTo():
            topic = asked.topic
            return lambda scene: topic in scene.bundle.agreed
        case g.Tagged():
            tag = asked.tag
            return lambda scene: tag in scene.bundle.attributes.get("tags", ())
        case g.MailTest():
            return _mail_test(asked)


def _existence(asked: g.History) -> Test:
    select, wanted = _selection(asked), asked.kind == "any"

    def exists(scene: Scene) -> bool:
        selected = select(scene)
        return selected is not None and (next(selected, None) is not None) is wanted

    return exists


def _one_of(asked: g.OneOf) -> Test:
    value, among, wanted = reading(asked.value), tuple(map(reading, asked.among)), not asked.negated

    def is_one(scene: Scene) -> bool:
        found = value(scene)
        if found is None:
            return False
        return any(compare("is", found, other(scene), scene.clock) for other in among) is wanted

    return is_one


def _time_since(asked: g.TimeSince) -> Test:
    value, duration, operator = reading(asked.value), asked.duration, asked.operator
    flipped = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}[operator]

    def compares(scene: Scene) -> bool:
        since = value(scene)
        if since is None:
            return False
        if isinstance(since, date):
            since = calendar.midnight(since, scene.clock)
        return compare(flipped, calendar.add(since, duration, scene.clock), scene.now, scene.clock)

    return compares


def _mail_test(asked: g.MailTest) -> Test:
    step, link = asked.step, asked.link
    if asked.kind == "sent":
        return lambda scene: scene.journey is not None and step in scene.journey.sent
    event = "email_opened" if asked.kind == "opened" else "email_clicked"

    def tested(scene: Scene) -> bool:
        journey = scene.journey
        if journey is None or "measurement" not in scene.bundle.agreed:
            return False
        return any(
            seen.at > journey.started
            and seen.data.get("flow") == journey.flow
            and seen.data.get("step") == step
            and (link is None or seen.data.get("link") == link)
            for seen in scene.bundle.windows.get(event, ())
        )

    return tested
