"""The nodes of a graph: what a journey can stand at."""

from decimal import Decimal
from typing import Literal, TypeAlias

from msgspec import Struct

from dsl.graph.values import Condition, Duration, Value

Weekday: TypeAlias = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

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
    `recommends`: the most products that its template, in any variant, asks `recommend(N)` for.
    """

    template: str
    topic: str
    next: int
    values: tuple[tuple[str, Value], ...] = ()
    subject: tuple[str | Fill, ...] = ()
    sender: str | None = None
    reply_to: str | None = None
    received_step: str = ""
    recommends: int = 0


class Wait(Step, frozen=True, tag="wait"):
    """`wait D [at TIME]`; `at` is HH:MM on the flow's clock: the first such time not before D has passed."""

    duration: Duration
    next: int
    at: str | None = None


class WaitUntilTime(Step, frozen=True, tag="wait_until_time"):
    """`wait until [DAY at] TIME`: the next such moment strictly after now, on the flow's clock."""

    at: str
    next: int
    day: Weekday | None = None


class WaitUntilDate(Step, frozen=True, tag="wait_until_date"):
    """`wait until DATE-EXPR [at TIME]`; `value` is a date or a moment, perhaps unknown. A past or unknown one
    passes at once. `at` is HH:MM, None for the moment itself or a date's 00:00."""

    value: Value
    next: int
    at: str | None = None


class WaitUntil(Step, frozen=True, tag="wait_until"):
    """`wait until COND up to D`, with its arms; an arm that is absent goes on below."""

    test: Condition
    up_to: Duration
    on_met: int
    on_timeout: int


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


class Winner(Struct, frozen=True):
    """`keep winner by METRIC after N contacts` (per arm), or `adapt by METRIC` (`adapts`, `after` is 0).
    `event` names the event that counts, for the metric `event`."""

    metric: Literal["clicks", "opens", "event", "revenue"]
    event: str = ""
    after: int = 0
    adapts: bool = False


class Split(Step, frozen=True, tag="split"):
    arms: tuple[Arm, ...]
    winner: Winner | None = None


class Repeat(Step, frozen=True, tag="repeat"):
    """`repeat up to N times`, met before each round: behind the last step of its block the journey comes back
    to this node. With a round behind it and `until` true, or with all rounds done, it goes on at `next`."""

    times: int
    body: int
    next: int
    until: Condition | None = None


class Set(Step, frozen=True, tag="set"):
    """`set contact.NAME to EXPR`; None makes the attribute unknown."""

    attribute: str
    value: Value | None
    next: int


class Tag(Step, frozen=True, tag="tag"):
    """`add tag "x"` or `remove tag "x"`."""

    tag: str
    add: bool
    next: int


class Unsubscribe(Step, frozen=True, tag="unsubscribe"):
    """`unsubscribe from TOPIC`: withdraws on the person's behalf."""

    topic: str
    next: int


class Tell(Step, frozen=True, tag="tell"):
    """`tell "address" "text"`: a plain mail to somebody of the team."""

    address: str
    text: tuple[str | Fill, ...]
    next: int


class WaitForBestTime(Step, frozen=True, tag="wait_for_best_time"):
    """`wait for best time up to D`: the hour at which this person most often clicks or opens; without enough
    history, at once."""

    up_to: Duration
    next: int


class Emit(Step, frozen=True, tag="emit"):
    """`emit EVENT [with …]`: an event of the project happens to this contact, at the same moment, behind the
    one that is being worked on."""

    event: str
    next: int
    values: tuple[tuple[str, Value], ...] = ()


class Call(Step, frozen=True, tag="call"):
    """`call WEBHOOK [with …]`: signed, tried again with back-off, in order per contact."""

    webhook: str
    next: int
    values: tuple[tuple[str, Value], ...] = ()


class StartFlow(Step, frozen=True, tag="start_flow"):
    """`start flow NAME`: the other flow starts by request; this journey does not wait for it."""

    flow: str
    next: int


class Finish(Step, frozen=True, tag="finish"):
    label: str = ""


Node: TypeAlias = (
    Send
    | Wait
    | WaitForBestTime
    | WaitUntilTime
    | WaitUntilDate
    | WaitUntil
    | WaitFor
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
)
