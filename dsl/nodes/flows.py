"""What the parser reads: declarations and steps as written, each with its place."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import cached_property
from typing import TypeAlias, get_args

from msgspec import Struct

from dsl.found.finding import Span
from dsl.graph import Duration
from dsl.nodes.heads import Head
from dsl.nodes.scenarios import ScenarioNode
from dsl.nodes.schema import Cap, Contact, Coupon, Event, Limits, TopicPurpose, Use, Webhook
from dsl.nodes.terms import Expression, Name, Path, TextValue, within

# ---------------------------------------------------------------- steps


class Send(Struct, frozen=True):
    template: Name
    values: tuple[tuple[Name, Expression], ...]
    label: Name | None
    subject: TextValue | None
    sender: TextValue | None
    reply_to: TextValue | None
    topic: Name | None
    span: Span


class Wait(Struct, frozen=True):
    duration: Duration
    at: str | None
    label: Name | None
    span: Span


class Heard(Struct, frozen=True):
    event: Name
    where: Expression | None


class EventArm(Struct, frozen=True):
    event: Name
    steps: "tuple[Step, ...]"
    span: Span


class TimeoutArm(Struct, frozen=True):
    steps: "tuple[Step, ...]"
    span: Span


class MetArm(Struct, frozen=True):
    steps: "tuple[Step, ...]"
    span: Span


class WaitFor(Struct, frozen=True):
    heard: tuple[Heard, ...]
    up_to: Duration | None
    arms: tuple[EventArm, ...]
    timeouts: tuple[TimeoutArm, ...]
    mets: tuple[MetArm, ...]  # they belong below a `wait until`
    label: Name | None
    span: Span


class WaitUntil(Struct, frozen=True):
    """`until` is a time, a day of the week (a path of one word), a date, a moment or a condition."""

    until: Expression
    at: str | None
    up_to: Duration | None
    mets: tuple[MetArm, ...]
    timeouts: tuple[TimeoutArm, ...]
    arms: tuple[EventArm, ...]  # they belong below a `wait for`
    label: Name | None
    span: Span


class Branch(Struct, frozen=True):
    test: Expression
    steps: "tuple[Step, ...]"
    span: Span


class If(Struct, frozen=True):
    """`if`, its `else if`s in order, and the steps under `else` (None: there is no `else`)."""

    branches: tuple[Branch, ...]
    otherwise: "tuple[Step, ...] | None"
    label: Name | None
    span: Span


class Winner(Struct, frozen=True):
    """`keep winner by METRIC after N contacts`, or `adapt by METRIC`; `after` None: the line does not say."""

    metric: Name
    adapts: bool
    after: Decimal | None
    span: Span


class SplitArm(Struct, frozen=True):
    """`weight` is None where the line could not be read."""

    label: Name
    weight: Decimal | None
    steps: "tuple[Step, ...]"
    span: Span


class Split(Struct, frozen=True):
    """`behind` is the first arm below a line about winners."""

    name: Name
    arms: tuple[SplitArm, ...]
    winners: tuple[Winner, ...]
    behind: SplitArm | None
    label: Name | None
    span: Span


class Until(Struct, frozen=True):
    """The last line of a `repeat`."""

    test: Expression
    span: Span


class Repeat(Struct, frozen=True):
    """`steps` are those of a round, without the `until` lines; `behind` is the first below an `until`."""

    times: Decimal
    steps: "tuple[Step, ...]"
    untils: tuple[Until, ...]
    behind: "Step | None"
    label: Name | None
    span: Span


class Set(Struct, frozen=True):
    """`value` None: the attribute becomes unknown."""

    path: Path
    value: Expression | None
    label: Name | None
    span: Span


class Tag(Struct, frozen=True):
    tag: TextValue
    add: bool
    label: Name | None
    span: Span


class Unsubscribe(Struct, frozen=True):
    topic: Name
    label: Name | None
    span: Span


class Tell(Struct, frozen=True):
    address: TextValue
    text: TextValue
    label: Name | None
    span: Span


class BestTime(Struct, frozen=True):
    """`wait for best time up to D`."""

    up_to: Duration | None
    label: Name | None
    span: Span


class Emit(Struct, frozen=True):
    event: Name
    values: tuple[tuple[Name, Expression], ...]
    label: Name | None
    span: Span


class Call(Struct, frozen=True):
    webhook: Name
    values: tuple[tuple[Name, Expression], ...]
    label: Name | None
    span: Span


class StartFlow(Struct, frozen=True):
    flow: Name
    label: Name | None
    span: Span


class Finish(Struct, frozen=True):
    label: Name | None
    span: Span


class Broken(Struct, frozen=True):
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


class Topic(Struct, frozen=True):
    name: Name
    title: str
    purposes: tuple[TopicPurpose, ...]
    consents: tuple[TextValue, ...]
    caps: tuple[Cap, ...]
    damaged: bool  # a line of it could not be read
    span: Span


class Segment(Struct, frozen=True):
    name: Name
    title: str
    test: Expression
    span: Span


_HEADS = get_args(Head)
_STEPS = get_args(Step)
"""The kinds as a tuple, which is asked faster than a union."""


class Flow(Struct, frozen=True, dict=True):
    """`lines` are the header lines and steps in written order."""

    name: Name
    title: str
    lines: tuple[Head | Step, ...]
    span: Span

    @cached_property
    def heads(self) -> tuple[Head, ...]:
        """The header lines."""
        return tuple(line for line in self.lines if isinstance(line, _HEADS))

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """The steps at the flow's own level."""
        return tuple(line for line in self.lines if isinstance(line, _STEPS))

    @cached_property
    def all_steps(self) -> tuple[Step, ...]:
        """All steps in written order, those within blocks behind their opener."""
        return tuple(every_step(self.steps))

    @cached_property
    def all_terms(self) -> tuple[Expression, ...]:
        """All expressions in written order, those within others behind them."""
        return tuple(within(self))

    @cached_property
    def damaged(self) -> bool:
        """Whether a line at the flow's own level could not be read."""
        return any(isinstance(line, Broken) for line in self.lines)


def every_step(steps: Iterable[Step]) -> Iterator[Step]:
    """All steps in written order, those within blocks behind their opener."""
    for step in steps:
        yield step
        for block in blocks(step):
            yield from every_step(block)


def blocks(step: Step) -> "tuple[tuple[Step, ...], ...]":
    """The blocks that hang on a step, in written order."""
    if step.__class__ not in _WITH_BLOCKS:
        return ()
    match step:
        case If(branches, otherwise):
            below = tuple(branch.steps for branch in branches)
            return below if otherwise is None else (*below, otherwise)
        case Split(arms=arms):
            return tuple(arm.steps for arm in arms)
        case WaitFor(arms=events, timeouts=timeouts):
            return tuple(arm.steps for arm in (*events, *timeouts))
        case WaitUntil(mets=mets, timeouts=timeouts):
            return tuple(arm.steps for arm in (*mets, *timeouts))
        case Repeat(steps=steps):
            return (steps,)
    return ()


_WITH_BLOCKS = frozenset((If, Split, WaitFor, WaitUntil, Repeat))
"""What blocks can hang on: few steps of a flow."""


Declaration: TypeAlias = (
    Use | Contact | Event | Topic | Segment | Coupon | Webhook | Limits | Flow | ScenarioNode
)
