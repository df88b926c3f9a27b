"""What the parser reads: declarations, header lines and steps as written, each with its place."""

from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from dsl.finding import Span
from dsl.graph import Duration
from dsl.schema_nodes import Cap, Contact, Coupon, Event, Limits, Quiet, TopicPurpose, Use
from dsl.terms import Expression, Name, Path, TextValue

# ---------------------------------------------------------------- steps


@dataclass(frozen=True, slots=True)
class Send:
    template: Name
    values: tuple[tuple[Name, Expression], ...]
    label: Name | None
    subject: TextValue | None
    sender: TextValue | None
    reply_to: TextValue | None
    topic: Name | None
    span: Span


@dataclass(frozen=True, slots=True)
class Wait:
    duration: Duration
    at: str | None
    label: Name | None
    span: Span


@dataclass(frozen=True, slots=True)
class Heard:
    event: Name
    where: Expression | None


@dataclass(frozen=True, slots=True)
class EventArm:
    event: Name
    steps: "tuple[Step, ...]"
    span: Span


@dataclass(frozen=True, slots=True)
class TimeoutArm:
    steps: "tuple[Step, ...]"
    span: Span


@dataclass(frozen=True, slots=True)
class MetArm:
    steps: "tuple[Step, ...]"
    span: Span


@dataclass(frozen=True, slots=True)
class WaitFor:
    heard: tuple[Heard, ...]
    up_to: Duration | None
    arms: tuple[EventArm, ...]
    timeouts: tuple[TimeoutArm, ...]
    mets: tuple[MetArm, ...]  # they belong below a `wait until`
    label: Name | None
    span: Span


@dataclass(frozen=True, slots=True)
class WaitUntil:
    """`until` is a time, a day of the week (a path of one word), a date, a moment or a condition."""

    until: Expression
    at: str | None
    up_to: Duration | None
    mets: tuple[MetArm, ...]
    timeouts: tuple[TimeoutArm, ...]
    arms: tuple[EventArm, ...]  # they belong below a `wait for`
    label: Name | None
    span: Span


@dataclass(frozen=True, slots=True)
class Branch:
    test: Expression
    steps: "tuple[Step, ...]"
    span: Span


@dataclass(frozen=True, slots=True)
class If:
    """`if`, its `else if`s in order, and the steps under `else` (None: there is no `else`)."""

    branches: tuple[Branch, ...]
    otherwise: "tuple[Step, ...] | None"
    label: Name | None
    span: Span


@dataclass(frozen=True, slots=True)
class SplitArm:
    """`weight` is None where the line could not be read."""

    label: Name
    weight: Decimal | None
    steps: "tuple[Step, ...]"
    span: Span


@dataclass(frozen=True, slots=True)
class Split:
    name: Name
    arms: tuple[SplitArm, ...]
    label: Name | None
    span: Span


@dataclass(frozen=True, slots=True)
class Until:
    """The last line of a `repeat`."""

    test: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Repeat:
    """`steps` are those of a round, without the `until` lines; `behind` is the first below an `until`."""

    times: Decimal
    steps: "tuple[Step, ...]"
    untils: tuple[Until, ...]
    behind: "Step | None"
    label: Name | None
    span: Span


@dataclass(frozen=True, slots=True)
class Set:
    """`value` None: the attribute becomes unknown."""

    path: Path
    value: Expression | None
    label: Name | None
    span: Span


@dataclass(frozen=True, slots=True)
class Tag:
    tag: TextValue
    add: bool
    label: Name | None
    span: Span


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    topic: Name
    label: Name | None
    span: Span


@dataclass(frozen=True, slots=True)
class Tell:
    address: TextValue
    text: TextValue
    label: Name | None
    span: Span


@dataclass(frozen=True, slots=True)
class Finish:
    label: Name | None
    span: Span


@dataclass(frozen=True, slots=True)
class Broken:
    """A line that could not be read and was reported."""

    span: Span


Step: TypeAlias = (
    Send | Wait | WaitFor | WaitUntil | If | Split | Repeat | Set | Tag | Unsubscribe | Tell | Finish | Broken
)


# ---------------------------------------------------------------- the head of a flow


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


Start: TypeAlias = StartOnEvent | StartOnSegment | StartOnDate
Head: TypeAlias = (
    FlowTopic | Start | Enter | JourneyPer | LeaveOn | LeaveWhen | GoalLine | Priority | Cap | Quiet
)


# ---------------------------------------------------------------- declarations


@dataclass(frozen=True, slots=True)
class Topic:
    name: Name
    title: str
    purposes: tuple[TopicPurpose, ...]
    consents: tuple[TextValue, ...]
    caps: tuple[Cap, ...]
    damaged: bool  # a line of it could not be read
    span: Span


@dataclass(frozen=True, slots=True)
class Segment:
    name: Name
    title: str
    test: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Flow:
    """`lines` are the header lines and steps in written order."""

    name: Name
    title: str
    lines: tuple[Head | Step, ...]
    span: Span

    @property
    def heads(self) -> tuple[Head, ...]:
        return tuple(line for line in self.lines if isinstance(line, Head))

    @property
    def steps(self) -> tuple[Step, ...]:
        return tuple(line for line in self.lines if isinstance(line, Step))

    @property
    def damaged(self) -> bool:
        """Whether a line at the flow's own level could not be read."""
        return any(isinstance(line, Broken) for line in self.lines)


Declaration: TypeAlias = Use | Contact | Event | Topic | Segment | Coupon | Limits | Flow
