"""What the parser reads of a flow's head: its header lines as written, each with its place."""

from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from dsl.finding import Span
from dsl.graph import Duration
from dsl.schema_nodes import Cap, Quiet
from dsl.terms import Expression, Name, Path, TextValue


@dataclass(frozen=True, slots=True)
class FlowTopic:
    topic: Name
    span: Span


@dataclass(frozen=True, slots=True)
class StartOnEvent:
    event: Name
    where: Expression | None
    span: Span


@dataclass(frozen=True, slots=True)
class StartOnSegment:
    segment: Name
    joining: bool
    span: Span


@dataclass(frozen=True, slots=True)
class StartOnDate:
    """`offset` lies before or after the date, as `before` says."""

    value: Expression
    every_year: bool
    offset: Duration | None
    before: bool
    at: str | None
    span: Span


@dataclass(frozen=True, slots=True)
class Enter:
    """`kind` is once, again or every_time; `after` belongs to again."""

    kind: str
    after: Duration | None
    span: Span


@dataclass(frozen=True, slots=True)
class JourneyPer:
    path: Path
    span: Span


@dataclass(frozen=True, slots=True)
class LeaveOn:
    event: Name
    where: Expression | None
    span: Span


@dataclass(frozen=True, slots=True)
class LeaveWhen:
    test: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Priority:
    number: Decimal
    span: Span


@dataclass(frozen=True, slots=True)
class GoalLine:
    event: Name
    where: Expression | None
    within: Duration | None
    span: Span


@dataclass(frozen=True, slots=True)
class StartEvery:
    """`start every DAY [on day N] [at TIME] [for segment S]`; `day` is a weekday, day or month."""

    day: Name
    number: Decimal | None
    at: str | None
    segment: Name | None
    span: Span


@dataclass(frozen=True, slots=True)
class StartAt:
    """`start at 2026-12-01 10:00 for segment S`; `local` is None where the moment means nothing."""

    local: str | None
    segment: Name | None
    span: Span


@dataclass(frozen=True, slots=True)
class StartByRequest:
    span: Span


@dataclass(frozen=True, slots=True)
class TimeZone:
    """`zone` None: that of the contact."""

    zone: TextValue | None
    span: Span


@dataclass(frozen=True, slots=True)
class Holdout:
    percent: Decimal
    span: Span


@dataclass(frozen=True, slots=True)
class Moved:
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
