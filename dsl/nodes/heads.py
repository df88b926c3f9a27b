"""What the parser reads of a flow's head: its header lines as written, each with its place."""

from decimal import Decimal
from typing import TypeAlias

from msgspec import Struct

from dsl.found.finding import Span
from dsl.graph import Duration
from dsl.nodes.schema import Cap, Quiet
from dsl.nodes.terms import Expression, Name, Path, TextValue


class FlowTopic(Struct, frozen=True):
    topic: Name
    span: Span


class StartOnEvent(Struct, frozen=True):
    event: Name
    where: Expression | None
    span: Span


class StartOnSegment(Struct, frozen=True):
    segment: Name
    joining: bool
    span: Span


class StartOnDate(Struct, frozen=True):
    """`offset` lies before or after the date, as `before` says."""

    value: Expression
    every_year: bool
    offset: Duration | None
    before: bool
    at: str | None
    span: Span


class Enter(Struct, frozen=True):
    """`kind` is once, again or every_time; `after` belongs to again."""

    kind: str
    after: Duration | None
    span: Span


class JourneyPer(Struct, frozen=True):
    path: Path
    span: Span


class LeaveOn(Struct, frozen=True):
    event: Name
    where: Expression | None
    span: Span


class LeaveWhen(Struct, frozen=True):
    test: Expression
    span: Span


class Priority(Struct, frozen=True):
    number: Decimal
    span: Span


class GoalLine(Struct, frozen=True):
    event: Name
    where: Expression | None
    within: Duration | None
    span: Span


class StartEvery(Struct, frozen=True):
    """`start every DAY [on day N] [at TIME] [for segment S]`; `day` is a weekday, day or month."""

    day: Name
    number: Decimal | None
    at: str | None
    segment: Name | None
    span: Span


class StartAt(Struct, frozen=True):
    """`start at 2026-12-01 10:00 for segment S`; `local` is None where the moment means nothing."""

    local: str | None
    segment: Name | None
    span: Span


class StartByRequest(Struct, frozen=True):
    span: Span


class TimeZone(Struct, frozen=True):
    """`zone` None: that of the contact."""

    zone: TextValue | None
    span: Span


class Holdout(Struct, frozen=True):
    percent: Decimal
    span: Span


class Moved(Struct, frozen=True):
    old: Name
    new: Name
    span: Span


Start: TypeAlias = StartOnEvent | StartOnSegment | StartOnDate | StartEvery | StartAt | StartByRequest
Head: TypeAlias = (
    FlowTopic
    | Start
    | Enter
    | JourneyPer
    | LeaveOn
    | LeaveWhen
    | GoalLine
    | Priority
    | TimeZone
    | Holdout
    | Moved
    | Cap
    | Quiet
)
