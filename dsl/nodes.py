"""What the parser reads: declarations, header lines and steps as written, each with its place."""

from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from dsl.finding import Span
from dsl.graph import Duration
from dsl.terms import Expression, Name, Path

# ---------------------------------------------------------------- steps


@dataclass(frozen=True, slots=True)
class TextValue:
    """A quoted text with its place."""

    value: str
    span: Span


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
class WaitFor:
    heard: tuple[Heard, ...]
    up_to: Duration | None
    arms: tuple[EventArm, ...]
    timeouts: tuple[TimeoutArm, ...]
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
class Finish:
    label: Name | None
    span: Span


@dataclass(frozen=True, slots=True)
class Broken:
    """A line that could not be read and was reported."""

    span: Span


Step: TypeAlias = Send | Wait | WaitFor | If | Split | Finish | Broken


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
class GoalLine:
    event: Name
    where: Expression | None
    within: Duration | None
    span: Span


Head: TypeAlias = FlowTopic | StartOnEvent | StartOnSegment | Enter | JourneyPer | LeaveOn | GoalLine


# ---------------------------------------------------------------- declarations


@dataclass(frozen=True, slots=True)
class TypeNode:
    """`kind` is a type's word, `choice`, `list` (with `item`) or `record` (with `fields`)."""

    kind: str
    span: Span
    choices: tuple[TextValue, ...] = ()
    item: "TypeNode | None" = None
    fields: "tuple[FieldNode, ...]" = ()


@dataclass(frozen=True, slots=True)
class FieldNode:
    name: Name
    type: TypeNode


@dataclass(frozen=True, slots=True)
class Use:
    name: Name
    span: Span


@dataclass(frozen=True, slots=True)
class Contact:
    fields: tuple[FieldNode, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Event:
    name: Name
    fields: tuple[FieldNode, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class TopicPurpose:
    """`purpose` is marketing or service; `by_law` is for `required by law`."""

    purpose: str
    by_law: bool
    span: Span


@dataclass(frozen=True, slots=True)
class TopicCap:
    count: Decimal
    unit: Name
    span: Span


@dataclass(frozen=True, slots=True)
class Topic:
    name: Name
    title: str
    purposes: tuple[TopicPurpose, ...]
    consents: tuple[TextValue, ...]
    caps: tuple[TopicCap, ...]
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


Declaration: TypeAlias = Use | Contact | Event | Topic | Segment | Flow
