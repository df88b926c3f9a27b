"""Conditions that contradict themselves."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TypeAlias

from dsl.draft import Draft
from dsl.found.finding import Finding, Span
from dsl.found.source import warning
from dsl.graph import Money
from dsl.nodes.terms import (
    Between,
    Comparison,
    Expression,
    History,
    Known,
    Literal,
    Logic,
    OneOf,
    Path,
)

Ordered: TypeAlias = Decimal | date
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "is": "is", "is not": "is not"}


def check_never(draft: Draft) -> Iterator[Finding]:
    """Conditions that nothing can meet, because two of their parts exclude one another."""
    for condition in _conditions(draft):
        yield from _contradictions(condition)
    for _, parts in draft.conditions:
        for part in parts:
            if isinstance(part, Comparison) and _settled(part, draft.today):
                yield warning(
                    "W224",
                    part.span,
                    "This is never true, whoever it is asked about.",
                    "Mend the comparison, or delete it.",
                )


def _conditions(draft: Draft) -> Iterator[Expression]:
    """All whole conditions, and those behind `where` within them."""
    for whole, parts in draft.conditions:
        yield whole
        for part in parts:
            if isinstance(part, History) and part.where is not None:
                yield part.where


def _settled(part: Comparison, today: date) -> bool:
    """Whether a comparison speaks of nothing that could make it true: of fixed values that differ, or of days
    that have passed."""
    match part:
        case Comparison(sign, Literal(kind, one), Literal(other_kind, other)) if kind == other_kind:
            asked = _Asked()
            _choose(asked, {_plain(one)}, negated=False)
            if sign in ("is", "is not"):
                _choose(asked, {_plain(other)}, sign == "is not")
            else:
                _bound(asked, sign, _plain(other))
            return sign in _MIRRORED and asked.impossible
        case Comparison("<" | "<=" | "is", Path() as path, Literal("date" | "moment", day)):
            return path.text in ("now", "today") and str(day)[:10] < today.isoformat()
        case Comparison(">" | ">=" | "is", Literal("date" | "moment", day), Path() as path):
            return path.text in ("now", "today") and str(day)[:10] < today.isoformat()
    return False


# ---------------------------------------------------------------- contradictions


@dataclass(slots=True)
class _Asked:
    """What the parts of one `and` ask of one value. Bounds come with whether they are met themselves."""

    low: tuple[Ordered, bool] | None = None
    high: tuple[Ordered, bool] | None = None
    among: frozenset[object] | None = None
    refused: set[object] = field(default_factory=set)
    unknown: bool = False
    known: bool = False

    @property
    def impossible(self) -> bool:
        """Whether no value is like this."""
        if self.unknown and self.known:
            return True
        if self.among is not None:
            return not any(self._within(each) for each in self.among - self.refused)
        if self.low is None or self.high is None or type(self.low[0]) is not type(self.high[0]):
            return False
        (low, closed), (high, shut) = self.low, self.high
        return _after(low, high) or (low == high and not (closed and shut))

    def _within(self, value: object) -> bool:
        for bound, above in ((self.low, True), (self.high, False)):
            if bound is None or type(bound[0]) is not type(value) or not isinstance(value, Decimal | date):
                continue
            limit, met = bound
            if (value == limit and not met) or (_after(limit, value) is above and value != limit):
                return False
        return True


def _after(one: Ordered, other: Ordered) -> bool:
    return one > other  # type: ignore[operator]  # both of one type: the callers see to it


def _contradictions(condition: Expression) -> Iterator[Finding]:
    match condition:
        case Logic("or", parts):
            for part in parts:
                yield from _contradictions(part)
        case _:
            asked: dict[str, _Asked] = {}
            last: Span | None = None
            for part in _parts(condition):
                if isinstance(part, Logic):
                    yield from _contradictions(part)
                name = _note(part, asked)
                if name and asked[name].impossible and last is None:
                    last = part.span
                    yield warning(
                        "W224",
                        condition.span,
                        f"This is never true: no `{name}` is like this.",
                        "Write `or` where either will do, or mend one of the two comparisons."
                        if isinstance(condition, Logic)
                        else "Mend the comparison.",
                    )


def _parts(condition: Expression) -> tuple[Expression, ...]:
    if isinstance(condition, Logic) and condition.operator == "and":
        return tuple(each for part in condition.parts for each in _parts(part))
    return (condition,)


def _note(part: Expression, asked: dict[str, _Asked]) -> str:
    """Add what `part` asks; gives the name of the value that it asks about, or nothing."""
    match part:
        case Comparison(operator, Path() as path, Literal(kind, literal)) if kind != "moment":
            name, sign, value = path.text, operator, _plain(literal)
        case Comparison(operator, Literal(value=literal), Path() as path) if operator in _MIRRORED:
            name, sign, value = path.text, _MIRRORED[operator], _plain(literal)
        case Between(Path() as path, Literal(value=low), Literal(value=high)):
            _bound(asked.setdefault(path.text, _Asked()), ">=", _plain(low))
            _bound(asked[path.text], "<=", _plain(high))
            return path.text
        case OneOf(Path() as path, among, negated) if all(isinstance(each, Literal) for each in among):
            values = {_plain(each.value) for each in among if isinstance(each, Literal)}
            _choose(asked.setdefault(path.text, _Asked()), values, negated)
            return path.text
        case Known(Path() as path, words) if words in ("is known", "is unknown"):
            entry = asked.setdefault(path.text, _Asked())
            entry.unknown = entry.unknown or words == "is unknown"
            entry.known = entry.known or words == "is known"
            return path.text
        case _:
            return ""
    entry = asked.setdefault(name, _Asked())
    if sign in ("is", "is not"):
        _choose(entry, {value}, sign == "is not")
    else:
        _bound(entry, sign, value)
    return name


def _choose(entry: _Asked, values: set[object], negated: bool) -> None:
    entry.known = True
    if negated:
        entry.refused |= values
    else:
        entry.among = frozenset(values) if entry.among is None else entry.among & values


def _bound(entry: _Asked, sign: str, value: object) -> None:
    entry.known = True
    if not isinstance(value, Decimal | date):
        return
    met = sign in (">=", "<=")
    if sign in (">", ">="):
        if entry.low is None or type(entry.low[0]) is not type(value) or _after(value, entry.low[0]):
            entry.low = (value, met)
        elif entry.low[0] == value:
            entry.low = (value, met and entry.low[1])
    elif sign in ("<", "<="):
        if entry.high is None or type(entry.high[0]) is not type(value) or _after(entry.high[0], value):
            entry.high = (value, met)
        elif entry.high[0] == value:
            entry.high = (value, met and entry.high[1])


def _plain(literal: object) -> object:
    """A literal as it compares: amounts of one currency by their number, texts without capitals."""
    if isinstance(literal, Money):
        return literal.amount
    return literal.strip().casefold() if isinstance(literal, str) else literal
