"""A program made ready to run: who listens to what, and what must be known of people."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from dsl.graph import EventNeed, Graph, Program, Segment, Send, StartOnDate
from engine.core import calendar, codes, limits, windows
from engine.core.asked import Asked, asked_by
from engine.core.boundary import Boundaries, boundaries
from engine.core.bundle import Bundle
from engine.core.conditions import Test, condition
from engine.core.flow import DELIVERED, SENT, Flow, Listener, dates_digest, events_asked_for, prepare
from engine.core.grounds import Wording
from engine.core.mailkey import mail_key
from engine.core.trial import Shares


class Watched(Struct, frozen=True):
    """One segment: its condition, and when time alone can change it."""

    segment: Segment
    test: Test
    boundaries: Boundaries


class Loaded:
    """All graphs that journeys run on, the flows that new journeys enter, the segments and the history they
    need. `default_zone` serves contacts whose zone is unknown; `secret` makes the keys of mails; `currency`
    is that of sums beside which no amount is written (empty: that of the first amount in them). `since` is
    when the present starts by date came into force: whoever has not heard of them yet misses none from then
    on. `shares` are what trials have found, by mark. `asked_before` is what earlier programs asked of the
    past, `judged_before` how they defined segments, by digest. `cancelled` has by flow the last day of a
    start by the calendar that the operator has cancelled. `wording` is how the journal names the values that
    decided; without it, it tells none."""

    def __init__(
        self,
        program: Program,
        older: Iterable[Graph],
        default_zone: str,
        secret: bytes,
        currency: str = "",
        wording: Wording | None = None,
    ) -> None:
        found = calendar.zone(default_zone)
        if found is None:
            raise ValueError(f"`{default_zone}` is no time zone")
        self.program = program
        self.since = calendar.NEVER
        self.shares: dict[str, Shares] = {}
        self.asked_before: Mapping[str, Asked] = {}
        self.judged_before: Mapping[str, Mapping[str, str]] = {}
        self.cancelled: Mapping[str, str] = {}
        self.default_zone: ZoneInfo = found
        flows = sorted(program.flows, key=lambda graph: graph.flow)
        self.current = {graph.flow: prepare(graph, currency, wording) for graph in flows}
        self.graphs = {flow.graph.digest: flow for flow in self.current.values()}
        for graph in older:
            self.graphs.setdefault(graph.digest, prepare(graph, currency, wording))
        self.segments = tuple(
            Watched(segment, condition(segment.test, currency), boundaries(segment.test))
            for segment in _in_order(program.segments)
        )
        self.judges = hashlib.sha256(msgspec.json.encode(program.segments)).hexdigest()[:32]
        self.definitions = _definitions([watched.segment for watched in self.segments])
        self.dated = tuple(dated for flow in self.current.values() for dated in flow.dated)
        self.dated_by = dates_digest(self.current.values())
        self.dated_segments = frozenset(dated.segment for dated in self.dated if dated.segment)
        self.judged_events = frozenset(
            need.event for watched in self.segments for need in watched.segment.needs.events
        )
        self.dated_events = frozenset(
            event
            for dated in self.dated
            if isinstance(dated.start, StartOnDate)
            for event in events_asked_for(dated.start.value)
        )
        self.needs = self._needs()
        every = self.graphs.values()
        self.trials = {trial.mark: trial for flow in every for trial in flow.trials.values()}
        self.watches = any(flow.watches for flow in every)
        self.hears_of_mails = SENT in self.needs or any(flow.hears_of(SENT) for flow in every)
        self.hears_of_deliveries = DELIVERED in self.needs or any(
            flow.hears_of(DELIVERED) or flow.counts(DELIVERED) for flow in every
        )
        self.service_topics = frozenset(topic.name for topic in program.topics if topic.purpose == "service")
        self.attributes = dict(program.attributes)
        self.events = {event.name: dict(event.fields) for event in program.events}
        self.coupons = {coupon.name: coupon for coupon in program.coupons}
        self.limited = bool(program.limits.caps or program.limits.quiet)
        self.counts_mails = limits.horizon([program.limits, *(flow.graph.limits for flow in every)])
        self.recommends = any(
            isinstance(node, Send) and node.recommends for flow in every for node in flow.graph.nodes
        )
        self.asked = asked_by(self.needs, self.recommends)
        self.kept_by = self.asked.digest
        self.starts_by_event = self._starts()
        self.heeded = self.judged_events | self.starts_by_event.keys()  # whoever they happen to
        self._secret = secret

    def clock(self, bundle: Bundle) -> ZoneInfo:
        """The contact's own zone, or the project's."""
        return self.zone(clock_named(bundle.attributes))

    def zone(self, name: str) -> ZoneInfo:
        """The zone of that name, or the project's where there is none."""
        return (calendar.zone(name) if name else None) or self.default_zone

    def key(self, journey: str, step: str, visit: int) -> str:
        """The key of a mail: the same for every attempt, and after every replay."""
        return mail_key(self._secret, journey, step, visit)

    def code(self, coupon: str, journey: str, step: str) -> str:
        """The code that a step of a journey gives of a coupon. Raises `KeyError` for one that is not declared
        any more."""
        return codes.code(self._secret, self.coupons[coupon].pattern, journey, step, coupon)

    def _needs(self) -> dict[str, EventNeed]:
        every = [need for flow in self.graphs.values() for need in flow.graph.needs.events]
        every += [need for watched in self.segments for need in watched.segment.needs.events]
        return windows.merge([*every, *windows.ALWAYS])

    def _starts(self) -> dict[str, tuple[tuple[Flow, Listener], ...]]:
        found: dict[str, list[tuple[Flow, Listener]]] = {}
        for flow in self.current.values():
            for listener in flow.starts:
                found.setdefault(listener.event, []).append((flow, listener))
        return {event: tuple(listeners) for event, listeners in found.items()}


def clock_named(attributes: Mapping[str, Any]) -> str:
    """The name of a contact's own zone; empty where none is known."""
    name = attributes.get("time_zone")
    return name if isinstance(name, str) else ""


def _definitions(segments: Iterable[Segment]) -> dict[str, str]:
    """By segment, what tells its definition apart, with those of the segments that it asks for; each stands
    behind those."""
    found: dict[str, str] = {}
    for segment in segments:
        parts = [segment.test, *(found.get(asked, "") for asked in segment.needs.segments)]
        found[segment.name] = hashlib.sha256(msgspec.json.encode(parts)).hexdigest()[:16]
    return found


def _in_order(segments: Iterable[Segment]) -> tuple[Segment, ...]:
    """Each segment behind those that it asks for."""
    waiting = {segment.name: segment for segment in segments}
    ordered: list[Segment] = []

    def take(name: str) -> None:
        segment = waiting.pop(name, None)
        if segment is not None:
            for asked in segment.needs.segments:
                take(asked)
            ordered.append(segment)

    for name in sorted(waiting):
        take(name)
    return tuple(ordered)
