"""What a text compiles to: plain data that the engine runs and that JSON can carry.

Nothing here knows lines and columns, so a comment or a blank line changes no digest. Every type is a frozen
struct; the tagged ones carry their name as `"is"` in JSON.

Values at run time, in attributes, event data and literals alike: text is `str`, a number `Decimal`, money
`Money`, a flag `bool`, a date `datetime.date`, a moment an `int` of milliseconds since 1970 UTC, a list a
`tuple`, a record a `dict`, unknown `None`.
"""

import hashlib
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Literal, TypeAlias

import msgspec
from msgspec import Struct


class Money(Struct, frozen=True, array_like=True):
    """An amount in one currency (ISO 4217). Never converted."""

    amount: Decimal
    currency: str


class Duration(Struct, frozen=True):
    """A length of time in three parts that do not mix: calendar months, calendar days, elapsed seconds."""

    months: int = 0
    days: int = 0
    seconds: int = 0


# ---------------------------------------------------------------- schema


class FieldType(Struct, frozen=True):
    """`kind` is one of text, number, money, flag, date, moment, url, choice, list, record.

    `choices` serves choice; `item` serves list; `fields` serves record.
    """

    kind: Literal["text", "number", "money", "flag", "date", "moment", "url", "choice", "list", "record"]
    choices: tuple[str, ...] = ()
    item: "FieldType | None" = None
    fields: "tuple[tuple[str, FieldType], ...]" = ()


class EventType(Struct, frozen=True):
    """An event's fields. `built_in` events come from Virta itself and are refused at the API."""

    name: str
    fields: tuple[tuple[str, FieldType], ...]
    built_in: bool = False


class TopicType(Struct, frozen=True):
    """What a person agrees to (`marketing`) or gets because of something they did (`service`)."""

    name: str
    title: str
    purpose: Literal["marketing", "service"]
    basis: Literal["consent", "contract", "legal_obligation"]
    wording: str = ""
    cap_count: int = 0  # at most this many mails per `cap_unit`; 0: no cap
    cap_unit: Literal["day", "week", "month"] = "month"


# ---------------------------------------------------------------- values


class Expression(Struct, frozen=True, tag_field="is"):
    """Anything that has a value at run time."""


class Text(Expression, frozen=True, tag="text"):
    value: str


class Number(Expression, frozen=True, tag="number"):
    value: Decimal


class Amount(Expression, frozen=True, tag="amount"):
    value: Money


class Flag(Expression, frozen=True, tag="flag"):
    value: bool


class Day(Expression, frozen=True, tag="day"):
    value: date


class Moment(Expression, frozen=True, tag="moment"):
    """A wall-clock moment as written, `YYYY-MM-DDTHH:MM`; it becomes an instant on the flow's clock."""

    local: str


class Attribute(Expression, frozen=True, tag="attribute"):
    """`contact.NAME`; also id, email, email_domain, language, time_zone, country, created_at."""

    name: str


class Trigger(Expression, frozen=True, tag="trigger"):
    """`trigger.FIELD`: a field of the event that started the journey."""

    field: str


class Received(Expression, frozen=True, tag="received"):
    """`received.FIELD`: a field of the event that came at the `wait for` named `step`."""

    step: str
    field: str


class Field(Expression, frozen=True, tag="field"):
    """A bare name under `where`: a field of the event being looked at. `path` runs into records of a list."""

    path: tuple[str, ...]


class Now(Expression, frozen=True, tag="now"):
    pass


class Today(Expression, frozen=True, tag="today"):
    """The date on the flow's clock."""


class Arithmetic(Expression, frozen=True, tag="arithmetic"):
    operator: Literal["+", "-", "*", "/"]
    left: "Value"
    right: "Value"


class Negative(Expression, frozen=True, tag="negative"):
    value: "Value"


class YearsSince(Expression, frozen=True, tag="years_since"):
    """Whole years that have passed since a date or moment."""

    value: "Value"


class LastSpan(Struct, frozen=True, tag_field="is", tag="last"):
    """`in last D`: (now − D, now]."""

    duration: Duration


class SinceEntry(Struct, frozen=True, tag_field="is", tag="entry"):
    """`since entry`: after the event that started the journey."""


class SinceDate(Struct, frozen=True, tag_field="is", tag="date"):
    """`since DATE`: from 00:00 of that day on the flow's clock; a value that may be unknown."""

    value: "Value"


Span: TypeAlias = LastSpan | SinceEntry | SinceDate


class History(Expression, frozen=True, tag="history"):
    """A question to the contact's past. `any` and `no` are conditions, the others values."""

    kind: Literal["any", "no", "count", "sum", "average", "largest", "smallest", "first", "last"]
    event: str
    path: tuple[str, ...] = ()
    where: "Condition | None" = None
    span: Span | None = None


# ---------------------------------------------------------------- conditions


class Compare(Expression, frozen=True, tag="compare"):
    operator: Literal["is", "is not", "<", "<=", ">", ">=", "contains", "starts with", "ends with"]
    left: "Value"
    right: "Value"


class Between(Expression, frozen=True, tag="between"):
    """Both ends included."""

    value: "Value"
    low: "Value"
    high: "Value"


class OneOf(Expression, frozen=True, tag="one_of"):
    value: "Value"
    among: "tuple[Value, ...]"
    negated: bool = False


class Known(Expression, frozen=True, tag="known"):
    value: "Value"
    negated: bool = False


class TimeSince(Expression, frozen=True, tag="time_since"):
    """`time since X > D` means X + D < now (and so for the other signs)."""

    value: "Value"
    operator: Literal["<", "<=", ">", ">="]
    duration: Duration


class InSegment(Expression, frozen=True, tag="in_segment"):
    segment: str


class AgreedTo(Expression, frozen=True, tag="agreed_to"):
    topic: str


class Tagged(Expression, frozen=True, tag="tagged"):
    tag: str


class MailTest(Expression, frozen=True, tag="mail_test"):
    """`opened NAME`, `clicked NAME [link "…"]`, `sent NAME`, in this journey."""

    kind: Literal["opened", "clicked", "sent"]
    step: str
    link: str | None = None


class And(Expression, frozen=True, tag="and"):
    parts: "tuple[Condition, ...]"


class Or(Expression, frozen=True, tag="or"):
    parts: "tuple[Condition, ...]"


class Not(Expression, frozen=True, tag="not"):
    part: "Condition"


Value: TypeAlias = (
    Text
    | Number
    | Amount
    | Flag
    | Day
    | Moment
    | Attribute
    | Trigger
    | Received
    | Field
    | Now
    | Today
    | Arithmetic
    | Negative
    | YearsSince
    | History
)
Condition: TypeAlias = (
    Compare
    | Between
    | OneOf
    | Known
    | TimeSince
    | History
    | InSegment
    | AgreedTo
    | Tagged
    | MailTest
    | And
    | Or
    | Not
)


# ---------------------------------------------------------------- steps

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


# ---------------------------------------------------------------- flows


class StartOnEvent(Struct, frozen=True, tag_field="is", tag="event"):
    event: str
    where: Condition | None = None


class StartOnSegment(Struct, frozen=True, tag_field="is", tag="segment"):
    segment: str
    joining: bool = True


class Leave(Struct, frozen=True):
    event: str
    where: Condition | None = None


class Goal(Struct, frozen=True):
    event: str
    within: Duration
    where: Condition | None = None


class Entry(StrEnum):
    ONCE = "once"
    AGAIN = "again"  # after `again_after` from the last entry
    EVERY_TIME = "every_time"


class EventNeed(Struct, frozen=True):
    """Which of an event's fields must stay in a contact's history, and for how long (None: as long as raw
    events are kept)."""

    event: str
    fields: tuple[str, ...]
    keep: Duration | None = None


class Needs(Struct, frozen=True):
    """What the engine must know of a contact to run a flow or to tell a segment."""

    attributes: tuple[str, ...] = ()
    events: tuple[EventNeed, ...] = ()
    segments: tuple[str, ...] = ()


class Graph(Struct, frozen=True):
    """One flow, ready to run. `nodes[0]` is the first step; links are indexes, `END` ends the journey."""

    flow: str
    title: str
    topic: str | None  # of sends that name no other
    purpose: Literal["marketing", "service"]
    starts: tuple[StartOnEvent | StartOnSegment, ...]
    nodes: tuple[Node, ...]
    needs: Needs
    entry: Entry = Entry.ONCE
    again_after: Duration | None = None
    journey_per: str | None = None  # a field of the trigger
    leaves: tuple[Leave, ...] = ()
    goal: Goal | None = None
    digest: str = ""

    def sealed(self) -> "Graph":
        """This graph with its digest: SHA-256, hex, of its JSON without one."""
        bare = msgspec.structs.replace(self, digest="")
        return msgspec.structs.replace(self, digest=hashlib.sha256(to_json(bare)).hexdigest())


class Segment(Struct, frozen=True):
    name: str
    title: str
    test: Condition
    needs: Needs


class Program(Struct, frozen=True):
    """A whole project, compiled."""

    attributes: tuple[tuple[str, FieldType], ...]
    events: tuple[EventType, ...]
    topics: tuple[TopicType, ...]
    segments: tuple[Segment, ...]
    flows: tuple[Graph, ...]


def to_json(thing: Graph | Program) -> bytes:
    """UTF-8 JSON with object keys in a fixed order: equal things give equal bytes."""
    return msgspec.json.encode(thing, order="deterministic")


def graph_from_json(data: bytes) -> Graph:
    """The graph that `to_json` wrote. Raises `msgspec.ValidationError` for anything else."""
    return msgspec.json.decode(data, type=Graph)


def program_from_json(data: bytes) -> Program:
    """The program that `to_json` wrote. Raises `msgspec.ValidationError` for anything else."""
    return msgspec.json.decode(data, type=Program)
