"""The nodes of a graph: what a journey can stand at."""

from decimal import Decimal
from typing import TypeAlias

from msgspec import Struct

from dsl.graph.values import Condition, Duration, Value

END = -1
"""The index of no step: the journey is over."""


class Step(Struct, frozen=True, tag_field="is"):
    """A node of the graph. `step` is its name, unique in the flow: written, or made from kind and place."""

    step: str


class Fill(Struct, frozen=True):
    """A `{VALUE}` within a text, with the word that stands in for an unknown value."""

    value: Value
    otherwise: str = ""


class Send(Step, frozen=True, tag="send"):
    """Ask the consent service, render, hand over. `topic` is resolved: the step's own or the flow's.

    `subject`, `sender` and `reply_to` come from the indented block and win over the template's header.
    `received_step` is the `wait for` in whose arm it stands, whose event templates see as `received`.
    """

    template: str
    topic: str
    next: int
    values: tuple[tuple[str, Value], ...] = ()
    subject: tuple[str | Fill, ...] = ()
    sender: str | None = None
    reply_to: str | None = None
    received_step: str = ""


class Wait(Step, frozen=True, tag="wait"):
    """`wait D [at TIME]`; `at` is HH:MM on the flow's clock: the first such time not before D has passed."""

    duration: Duration
    next: int
    at: str | None = None


class Hear(Struct, frozen=True):
    """One event that a `wait for` listens to, and where the journey goes when it comes."""

    event: str
    next: int
    where: Condition | None = None


class WaitFor(Step, frozen=True, tag="wait_for"):
    hears: tuple[Hear, ...]
    up_to: Duration
    on_timeout: int


class If(Step, frozen=True, tag="if"):
    test: Condition
    then: int
    otherwise: int


class Arm(Struct, frozen=True):
    """`weight` is in percent; an arm without a block goes on below the split."""

    label: str
    weight: Decimal
    next: int


class Split(Step, frozen=True, tag="split"):
    arms: tuple[Arm, ...]


class Finish(Step, frozen=True, tag="finish"):
    label: str = ""


Node: TypeAlias = Send | Wait | WaitFor | If | Split | Finish
