"""Values and conditions as written, each with its place."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any, TypeAlias

from msgspec import Struct

from dsl.finding import Span
from dsl.graph import Duration, Money


class Name(Struct, frozen=True):
    """A word that names something; empty where the line could not be read."""

    text: str
    span: Span


class TextValue(Struct, frozen=True):
    """A quoted text with its place."""

    value: str
    span: Span


class Hole(Struct, frozen=True):
    """Something that could not be read and was reported; it fits everywhere."""

    span: Span


class Literal(Struct, frozen=True):
    """`kind` is text, number, money, flag, date, moment (`YYYY-MM-DDTHH:MM`), time (`HH:MM`) or duration."""

    kind: str
    value: "LiteralValue"
    span: Span


class Path(Struct, frozen=True):
    """`contact.city`, `trigger.total`, `items.category`, `now`."""

    parts: tuple[Name, ...]
    span: Span

    @property
    def text(self) -> str:
        return ".".join(part.text for part in self.parts)


class Comparison(Struct, frozen=True):
    operator: str
    left: "Expression"
    right: "Expression"
    span: Span


class Between(Struct, frozen=True):
    value: "Expression"
    low: "Expression"
    high: "Expression"
    span: Span


class OneOf(Struct, frozen=True):
    value: "Expression"
    among: "tuple[Expression, ...]"
    negated: bool
    span: Span


class Known(Struct, frozen=True):
    """`words` is as written: `is known`, `is unknown`, or one of the refused `is not …`."""

    value: "Expression"
    words: str
    span: Span


class Arithmetic(Struct, frozen=True):
    operator: str
    left: "Expression"
    right: "Expression"
    span: Span


class Negative(Struct, frozen=True):
    value: "Expression"
    span: Span


class Since(Struct, frozen=True):
    """`time since X` (`unit` is time) or `years since X` (years)."""

    unit: str
    value: "Expression"
    span: Span


class Window(Struct, frozen=True):
    """`in last D` (duration), `since entry` (neither) or `since DATE` (start)."""

    duration: Duration | None
    start: "Expression | None"
    span: Span


class History(Struct, frozen=True):
    """`kind` is any, no, count, sum, average, largest, smallest, first or last."""

    kind: str
    path: Path
    where: "Expression | None"
    window: Window | None
    span: Span


class Logic(Struct, frozen=True):
    """`operator` is and, or."""

    operator: str
    parts: "tuple[Expression, ...]"
    span: Span


class Not(Struct, frozen=True):
    part: "Expression"
    span: Span


class InSegment(Struct, frozen=True):
    segment: Name
    span: Span


class AgreedTo(Struct, frozen=True):
    topic: Name
    span: Span


class Tagged(Struct, frozen=True):
    tag: str
    span: Span


class MailTest(Struct, frozen=True):
    """`kind` is opened, clicked or sent."""

    kind: str
    step: Name
    link: str | None
    span: Span


class CouponCode(Struct, frozen=True):
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
        if isinstance(here, tuple):
            todo += reversed(here)
            continue
        members = _members(here.__class__)
        if members and isinstance(here, Expression):
            yield here
        todo += [getattr(here, name) for name in members]


@cache
def _members(kind: type) -> tuple[str, ...]:
    """The fields, last one first, in which there may be expressions."""
    if not issubclass(kind, Struct) or issubclass(kind, Name | Span):
        return ()
    return tuple(reversed(kind.__struct_fields__))
