"""Values and conditions as written, each with its place."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any, TypeAlias

from msgspec import Struct

from dsl.found.finding import Span
from dsl.graph import Duration, Money


class Name(Struct, frozen=True):
    """A word that names something; empty where the line could not be read."""

    text: str
    span: Span


class TextValue(Struct, frozen=True):
    """A quoted text with its place."""

    value: str
    span: Span


class Term(Struct, frozen=True):
    """Anything that may stand in an expression."""


class Hole(Term, frozen=True):
    """Something that could not be read and was reported; it fits everywhere."""

    span: Span


class Literal(Term, frozen=True):
    """`kind` is text, number, money, flag, date, moment (`YYYY-MM-DDTHH:MM`), time (`HH:MM`) or duration."""

    kind: str
    value: "LiteralValue"
    span: Span


class Path(Term, frozen=True):
    """`contact.city`, `trigger.total`, `items.category`, `now`."""

    parts: tuple[Name, ...]
    span: Span

    @property
    def text(self) -> str:
        return ".".join(part.text for part in self.parts)


class Comparison(Term, frozen=True):
    operator: str
    left: "Expression"
    right: "Expression"
    span: Span


class Between(Term, frozen=True):
    value: "Expression"
    low: "Expression"
    high: "Expression"
    span: Span


class OneOf(Term, frozen=True):
    value: "Expression"
    among: "tuple[Expression, ...]"
    negated: bool
    span: Span


class Known(Term, frozen=True):
    """`words` is as written: `is known`, `is unknown`, or one of the refused `is not …`."""

    value: "Expression"
    words: str
    span: Span


class Arithmetic(Term, frozen=True):
    operator: str
    left: "Expression"
    right: "Expression"
    span: Span


class Negative(Term, frozen=True):
    value: "Expression"
    span: Span


class Since(Term, frozen=True):
    """`time since X` (`unit` is time) or `years since X` (years)."""

    unit: str
    value: "Expression"
    span: Span


class Window(Struct, frozen=True):
    """`in last D` (duration), `since entry` (neither) or `since DATE` (start)."""

    duration: Duration | None
    start: "Expression | None"
    span: Span


class History(Term, frozen=True):
    """`kind` is any, no, count, sum, average, largest, smallest, first or last."""

    kind: str
    path: Path
    where: "Expression | None"
    window: Window | None
    span: Span


class Logic(Term, frozen=True):
    """`operator` is and, or."""

    operator: str
    parts: "tuple[Expression, ...]"
    span: Span


class Not(Term, frozen=True):
    part: "Expression"
    span: Span


class InSegment(Term, frozen=True):
    segment: Name
    span: Span


class AgreedTo(Term, frozen=True):
    topic: Name
    span: Span


class Tagged(Term, frozen=True):
    tag: str
    span: Span


class MailTest(Term, frozen=True):
    """`kind` is opened, clicked or sent."""

    kind: str
    step: Name
    link: str | None
    span: Span


class CouponCode(Term, frozen=True):
    """`coupon NAME`, as a value."""

    coupon: Name
    span: Span


LiteralValue: TypeAlias = str | Decimal | Money | bool | date | Duration
Expression: TypeAlias = (
    Hole
    | Literal
    | Path
    | Comparison
    | Between
    | OneOf
    | Known
    | Arithmetic
    | Negative
    | Since
    | History
    | Logic
    | Not
    | InSegment
    | AgreedTo
    | Tagged
    | MailTest
    | CouponCode
)


def within(part: object) -> Iterator[Expression]:
    """An expression and all expressions in it, however deep."""
    todo: list[Any] = [part]
    while todo:
        here = todo.pop()
        if here.__class__ is tuple:
            todo += reversed(here)
            continue
        if isinstance(here, Term):
            yield here  # type: ignore[misc]  # `Expression` lists all terms that there are
        for name in _members(here.__class__):
            inner = getattr(here, name)
            if inner.__class__ not in _LEAVES:
                todo.append(inner)


_LEAVES = frozenset((str, bool, int, Decimal, date, type(None), Duration, Money, Name, TextValue, Span))
"""What holds no expressions."""


@cache
def _members(kind: type) -> tuple[str, ...]:
    """The fields, last one first, in which there may be expressions."""
    return tuple(reversed(kind.__struct_fields__)) if issubclass(kind, Struct) else ()
