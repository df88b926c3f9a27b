"""Values and conditions as written, each with its place."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any, TypeAlias

from dsl.finding import Span
from dsl.graph import Duration, Money


@dataclass(frozen=True, slots=True)
class Name:
    """A word that names something; empty where the line could not be read."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class TextValue:
    """A quoted text with its place."""

    value: str
    span: Span


@dataclass(frozen=True, slots=True)
class Hole:
    """Something that could not be read and was reported; it fits everywhere."""

    span: Span


@dataclass(frozen=True, slots=True)
class Literal:
    """`kind` is text, number, money, flag, date, moment (`YYYY-MM-DDTHH:MM`), time (`HH:MM`) or duration."""

    kind: str
    value: "LiteralValue"
    span: Span


@dataclass(frozen=True, slots=True)
class Path:
    """`contact.city`, `trigger.total`, `items.category`, `now`."""

    parts: tuple[Name, ...]
    span: Span

    @property
    def text(self) -> str:
        return ".".join(part.text for part in self.parts)


@dataclass(frozen=True, slots=True)
class Comparison:
    operator: str
    left: "Expression"
    right: "Expression"
    span: Span


@dataclass(frozen=True, slots=True)
class Between:
    value: "Expression"
    low: "Expression"
    high: "Expression"
    span: Span


@dataclass(frozen=True, slots=True)
class OneOf:
    value: "Expression"
    among: "tuple[Expression, ...]"
    negated: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Known:
    """`words` is as written: `is known`, `is unknown`, or one of the refused `is not …`."""

    value: "Expression"
    words: str
    span: Span


@dataclass(frozen=True, slots=True)
class Arithmetic:
    operator: str
    left: "Expression"
    right: "Expression"
    span: Span


@dataclass(frozen=True, slots=True)
class Negative:
    value: "Expression"
    span: Span


@dataclass(frozen=True, slots=True)
class Since:
    """`time since X` (`unit` is time) or `years since X` (years)."""

    unit: str
    value: "Expression"
    span: Span


@dataclass(frozen=True, slots=True)
class Window:
    """`in last D` (duration), `since entry` (neither) or `since DATE` (start)."""

    duration: Duration | None
    start: "Expression | None"
    span: Span


@dataclass(frozen=True, slots=True)
class History:
    """`kind` is any, no, count, sum, average, largest, smallest, first or last."""

    kind: str
    path: Path
    where: "Expression | None"
    window: Window | None
    span: Span


@dataclass(frozen=True, slots=True)
class Logic:
    """`operator` is and, or."""

    operator: str
    parts: "tuple[Expression, ...]"
    span: Span


@dataclass(frozen=True, slots=True)
class Not:
    part: "Expression"
    span: Span


@dataclass(frozen=True, slots=True)
class InSegment:
    segment: Name
    span: Span


@dataclass(frozen=True, slots=True)
class AgreedTo:
    topic: Name
    span: Span


@dataclass(frozen=True, slots=True)
class Tagged:
    tag: str
    span: Span


@dataclass(frozen=True, slots=True)
class MailTest:
    """`kind` is opened, clicked or sent."""

    kind: str
    step: Name
    link: str | None
    span: Span


@dataclass(frozen=True, slots=True)
class CouponCode:
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
    if not is_dataclass(kind) or issubclass(kind, Name | Span):
        return ()
    return tuple(member.name for member in reversed(fields(kind)))
