"""What the parser reads: declarations and steps as written, each with its place."""

from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from dsl.finding import Span
from dsl.graph import Duration
from dsl.head_nodes import Head
from dsl.scenarios.nodes import ScenarioNode
from dsl.schema_nodes import Cap, Contact, Coupon, Event, Limits, TopicPurpose, Use, Webhook
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
class Winner:
    """`keep winner by METRIC after N contacts`, or `adapt by METRIC`; `after` None: the line does not say."""

    metric: Name
    adapts: bool
    after: Decimal | None
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
    """`behind` is the first arm below a line about winners."""

    name: Name
    arms: tuple[SplitArm, ...]
    winners: tuple[Winner, ...]
    behind: SplitArm | None
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
class BestTime:
    """`wait for best time up to D`."""

    up_to: Duration | None
    label: Name | None
    span: Span


@dataclass(frozen=True, slots=True)
class Emit:
    event: Name
    values: tuple[tuple[Name, Expression], ...]
    label: Name | None
    span: Span


@dataclass(frozen=True, slots=True)
class Call:
    webhook: Name
    values: tuple[tuple[Name, Expression], ...]
    label: Name | None
    span: Span


@dataclass(frozen=True, slots=True)
class StartFlow:
    flow: Name
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
    Send
    | Wait
    | BestTime
    | WaitFor
    | WaitUntil
    | If
    | Split
    | Repeat
    | Set
    | Tag
    | Unsubscribe
    | Tell
    | Emit
    | Call
    | StartFlow
    | Finish
    | Broken
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


Declaration: TypeAlias = (
    Use | Contact | Event | Topic | Segment | Coupon | Webhook | Limits | Flow | ScenarioNode
)
