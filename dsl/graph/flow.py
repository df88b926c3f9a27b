"""Whole flows and programs, and their JSON."""

import hashlib
from decimal import Decimal
from enum import StrEnum
from typing import Literal, TypeAlias

import msgspec
from msgspec import Struct

from dsl.graph.schema import Coupon, EventType, FieldType, Limits, Sale, TopicType, Webhook
from dsl.graph.steps import Node, Weekday
from dsl.graph.values import Condition, Duration, Value


class StartOnEvent(Struct, frozen=True, tag_field="is", tag="event"):
    event: str
    where: Condition | None = None


class StartOnSegment(Struct, frozen=True, tag_field="is", tag="segment"):
    segment: str
    joining: bool = True


class StartOnDate(Struct, frozen=True, tag_field="is", tag="date"):
    """`start on date EXPR [every year] [D before|after] at TIME`. `value` is a date or moment of the
    contact, perhaps unknown. `every_year` begins with the first anniversary; 29 February falls on the 28th in
    other years."""

    value: Value
    at: str  # HH:MM on the flow's clock
    every_year: bool = False
    offset: Duration | None = None
    before: bool = False  # the offset lies before the date


class StartEvery(Struct, frozen=True, tag_field="is", tag="every"):
    """`start every monday at 09:00 for segment S`: on `weekday`, or on the `month_day`-th of each month (a
    day that a month lacks is its last), or (neither is given) every day, on the flow's clock."""

    segment: str
    at: str  # HH:MM
    weekday: Weekday | None = None
    month_day: int | None = None


class StartAt(Struct, frozen=True, tag_field="is", tag="at"):
    """`start at 2026-12-01 10:00 for segment S`: once, on the flow's clock."""

    segment: str
    local: str  # YYYY-MM-DDTHH:MM


class StartByRequest(Struct, frozen=True, tag_field="is", tag="request"):
    """`start by request`: by the API, by `start flow` or from the studio."""


Start: TypeAlias = StartOnEvent | StartOnSegment | StartOnDate | StartEvery | StartAt | StartByRequest


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
    starts: tuple[Start, ...]
    nodes: tuple[Node, ...]
    needs: Needs
    entry: Entry = Entry.ONCE
    again_after: Duration | None = None
    journey_per: str | None = None  # a field of the trigger
    leaves: tuple[Leave, ...] = ()
    leave_when: Condition | None = None
    goal: Goal | None = None
    limits: Limits = Limits()  # the flow's own `quiet` and `at most` lines, beside the project's
    priority: int = 5  # 1 goes first
    time_zone: str | None = None  # the flow's clock; None: the contact's, and the project's where unknown
    holdout: Decimal = Decimal(0)  # the percentage that enters and takes no step
    moved: tuple[tuple[str, str], ...] = ()  # old name of a step, and the one where its people go
    named: tuple[str, ...] = ()  # names of steps that were written, though they look like made ones
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
    """A whole project, compiled. `similar` are the topics that rest on `sales`, each with the category of
    its goods."""

    attributes: tuple[tuple[str, FieldType], ...]
    events: tuple[EventType, ...]
    topics: tuple[TopicType, ...]
    segments: tuple[Segment, ...]
    flows: tuple[Graph, ...]
    coupons: tuple[Coupon, ...] = ()
    limits: Limits = Limits()
    webhooks: tuple[Webhook, ...] = ()
    sales: tuple[Sale, ...] = ()
    similar: tuple[tuple[str, str], ...] = ()


def to_json(thing: Graph | Program) -> bytes:
    """UTF-8 JSON with object keys in a fixed order: equal things give equal bytes."""
    return msgspec.json.encode(thing, order="deterministic")


def graph_from_json(data: bytes) -> Graph:
    """The graph that `to_json` wrote. Raises `msgspec.ValidationError` for anything else."""
    return msgspec.json.decode(data, type=Graph)


def program_from_json(data: bytes) -> Program:
    """The program that `to_json` wrote. Raises `msgspec.ValidationError` for anything else."""
    return msgspec.json.decode(data, type=Program)
