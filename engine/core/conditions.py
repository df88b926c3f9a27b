"""Conditions and values of the language as Python closures, made once when a flow is loaded.

Unknown is None. Arithmetic with it is unknown; every comparison with it is no (language reference, §5).
`currency` is that of the amounts that an expression writes, else the project's: aggregates skip all others.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from dsl import graph as g
from engine.core import calendar, windows
from engine.core.bundle import Bundle, Journey, Seen
from engine.core.operators import calculate, compare, negative, reckon

Test = Callable[["Scene"], bool]
Reading = Callable[["Scene"], Any]


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

    def looking_at(self, seen: Seen) -> "Scene":
        """The same scene under a `where`, whose bare names are fields of an event of the past."""
        return Scene(self.bundle, self.now, self.clock, self.journey, {**seen.data, "at": seen.at})


# ---------------------------------------------------------------- values


def reading(value: g.Value, currency: str = "", at_least: bool = False) -> Reading:
    """A function from a scene to the value, None where it is unknown. `at_least`: of a count, what is
    known of it will do."""
    match value:
        case g.Text() | g.Number() | g.Amount() | g.Flag() | g.Day():
            constant = value.value
            return lambda scene: constant
        case g.Moment():
            shown = datetime.fromisoformat(value.local)
            return lambda scene: calendar.instant(shown, scene.clock)
        case g.Attribute():
            return _attribute(value.name, value.within)
        case g.Trigger():
            field = (value.field, *value.within)
            return lambda scene: _walk(scene.journey.trigger, field) if scene.journey else None
        case g.Received():
            step, field = value.step, (value.field, *value.within)
            return lambda scene: _walk(scene.journey.received.get(step, {}), field) if scene.journey else None
        case g.Field():
            path = value.path
            return lambda scene: _walk(scene.event, path)
        case g.Now():
            return lambda scene: scene.now
        case g.Today():
            return lambda scene: calendar.day(scene.now, scene.clock)
        case g.Arithmetic():
            left, right = reading(value.left, currency), reading(value.right, currency)
            operator = value.operator
            return lambda scene: calculate(operator, left(scene), right(scene))
        case g.Negative():
            inner = reading(value.value, currency)
            return lambda scene: negative(inner(scene))
        case g.YearsSince():
            inner = reading(value.value, currency)
            return lambda scene: _years(inner(scene), scene)
        case g.History():
            return _aggregate(value, currency, at_least)
        case g.Predicted():
            what = value.what
            return lambda scene: (
                scene.bundle.predicted.get(what) if "personalisation" in scene.bundle.agreed else None
            )
        case g.CouponCode():
            raise ValueError("a coupon's code is made by the step that gives it, not read")


def _attribute(name: str, within: tuple[str, ...] = ()) -> Reading:
    if name == "id":
        return lambda scene: scene.bundle.contact
    if name == "created_at":
        return lambda scene: scene.bundle.created
    path = (name, *within)
    return lambda scene: _walk(scene.bundle.attributes, path)


def known(value: Any) -> Any:
    """The value, or None for blank text, which is unknown."""
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
    return known(record)


def _years(since: Any, scene: Scene) -> int | None:
    if since is None:
        return None
    first = since if isinstance(since, date) else calendar.day(since, scene.clock)
    return calendar.whole_years(first, calendar.day(scene.now, scene.clock))


# ---------------------------------------------------------------- history


def _selection(asked: g.History, currency: str, partly: bool) -> Callable[[Scene], list[Seen] | None]:
    """The events that a history condition is about, oldest first; None: unknown to us. `partly`: those that
    are known will do, where some may have happened before the contact agreed that they be known."""
    event, purpose = asked.event, windows.PURPOSE_OF.get(asked.event)
    where = condition(asked.where, currency) if asked.where is not None else None
    counts = _counts(asked.span)
    since_entry = isinstance(asked.span, g.SinceEntry)

    def select(scene: Scene) -> list[Seen] | None:
        if purpose is not None and not _all_known(scene, purpose, partly, counts):
            return None
        window = scene.bundle.windows.get(event, ())
        if since_entry:
            selected = _since_entry(scene.journey, event, window)
        else:
            selected = [seen for seen in window if counts(scene, seen.at)]
        if where is not None:
            return [seen for seen in selected if where(scene.looking_at(seen))]
        return selected

    return select


def _since_entry(journey: Journey | None, event: str, window: Sequence[Seen]) -> list[Seen]:
    """What happened behind the start of the journey: of what happened at its very moment, that which was not
    known then, such as what the journey itself set off."""
    if journey is None:
        return []
    at_once = [seen for seen in window if seen.at == journey.started]
    before = len(at_once) if journey.beside is None else journey.beside.get(event, 0)
    return at_once[before:] + [seen for seen in window if seen.at > journey.started]


def _all_known(scene: Scene, purpose: str, partly: bool, counts: Callable[[Scene, int], bool]) -> bool:
    """Whether what counts would be known to us, all of it or at least `partly`. It is from the moment at
    which the contact agreed, and before the contact was there nothing happened."""
    since = scene.bundle.known_since.get(purpose)
    if since is None:
        return False
    if partly or since <= scene.bundle.created:
        return True
    return not (counts(scene, since - 1) and calendar.within(since - 1, windows.KEEP, scene.now, scene.clock))


def _counts(span: g.Span | None) -> Callable[[Scene, int], bool]:
    """Whether an event at a moment lies in the span. It leaves `in last D` when D has passed since it, as a
    `wait D` begun with it would end; months have no other measure that fits both."""
    match span:
        case None:
            return lambda scene, at: True
        case g.LastSpan():
            duration = span.duration
            return lambda scene, at: calendar.within(at, duration, scene.now, scene.clock)
        case g.SinceEntry():
            return lambda scene, at: scene.journey is not None and at > scene.journey.started
        case g.SinceDate():
            since = reading(span.value)

            def counts(scene: Scene, at: int) -> bool:
                first = _moment(since(scene), scene)
                return first is not None and at >= first

            return counts


def _moment(value: Any, scene: Scene) -> int | None:
    """A moment as it is, of a date its first instant."""
    if isinstance(value, date):
        return calendar.midnight(value, scene.clock)
    return None if value is None else int(value)


def _aggregate(asked: g.History, currency: str, at_least: bool) -> Reading:
    kind, path = asked.kind, asked.path
    select = _selection(asked, currency, partly=kind == "last" or (kind == "count" and at_least))

    def measure(scene: Scene) -> Any:
        selected = select(scene)
        if selected is None:
            return None
        if kind == "count":
            return len(selected)
        if kind in ("first", "last"):
            return _field(selected[0 if kind == "first" else -1], path) if selected else None
        return reckon(kind, list(_flat(_field(seen, path) for seen in selected)), currency)

    return measure


def _field(seen: Seen, path: tuple[str, ...]) -> Any:
    return seen.at if path == ("at",) else _walk(seen.data, path)


def _flat(values: Iterable[Any]) -> Iterable[Any]:
    """What is known among values, and in lists of them."""
    for value in values:
        if isinstance(value, list | tuple):
            yield from value
        elif value is not None:
            yield value


# ---------------------------------------------------------------- conditions


def condition(asked: g.Condition, currency: str = "") -> Test:
    """A function from a scene to yes or no."""
    match asked:
        case g.And():
            parts = tuple(condition(part, currency) for part in asked.parts)
            return lambda scene: all(part(scene) for part in parts)
        case g.Or():
            parts = tuple(condition(part, currency) for part in asked.parts)
            return lambda scene: any(part(scene) for part in parts)
        case g.Not():
            inner = condition(asked.part, currency)
            return lambda scene: not inner(scene)
        case g.Compare():
            operator = asked.operator
            written = currency_of((asked.left, asked.right), currency)
            left = reading(asked.left, written, at_least=operator in (">", ">="))
            right = reading(asked.right, written, at_least=operator in ("<", "<="))
            return lambda scene: compare(operator, left(scene), right(scene), scene.clock)
        case g.Between():
            value, low, high = _readings((asked.value, asked.low, asked.high), currency)
            return lambda scene: (
                compare(">=", value(scene), low(scene), scene.clock)
                and compare("<=", value(scene), high(scene), scene.clock)
            )
        case g.OneOf():
            return _one_of(asked, currency)
        case g.Known():
            value, wanted = reading(asked.value, currency), not asked.negated
            return lambda scene: (value(scene) is not None) is wanted
        case g.TimeSince():
            return _time_since(asked)
        case g.History():
            return _existence(asked, currency)
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


def _readings(values: tuple[g.Value, ...], currency: str) -> tuple[Reading, ...]:
    """The sides of a comparison."""
    written = currency_of(values, currency)
    return tuple(reading(value, written) for value in values)


def currency_of(values: tuple[g.Value, ...], currency: str) -> str:
    """An amount written in one side of a comparison says the currency of all."""
    return next((amount.value.currency for value in values for amount in _amounts(value)), currency)


def _amounts(value: g.Value) -> Iterable[g.Amount]:
    match value:
        case g.Amount():
            yield value
        case g.Arithmetic():
            yield from _amounts(value.left)
            yield from _amounts(value.right)
        case g.Negative():
            yield from _amounts(value.value)


def _existence(asked: g.History, currency: str) -> Test:
    wanted = asked.kind == "any"
    select = _selection(asked, currency, partly=wanted)

    def exists(scene: Scene) -> bool:
        selected = select(scene)
        return selected is not None and bool(selected) is wanted

    return exists


def _one_of(asked: g.OneOf, currency: str) -> Test:
    value, *among = _readings((asked.value, *asked.among), currency)
    operator, every = ("is not", all) if asked.negated else ("is", any)

    def is_one(scene: Scene) -> bool:
        found = value(scene)
        return every(compare(operator, found, other(scene), scene.clock) for other in among)

    return is_one


def _time_since(asked: g.TimeSince) -> Test:
    value, duration, operator = reading(asked.value), asked.duration, asked.operator
    flipped = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}[operator]

    def compares(scene: Scene) -> bool:
        since = _moment(value(scene), scene)
        if since is None:
            return False
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
