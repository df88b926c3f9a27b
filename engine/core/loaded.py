"""A program made ready to run: closures instead of conditions, and who listens to what."""

import hashlib
import hmac
from collections.abc import Iterable
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from dsl.graph import (
    END,
    Condition,
    EventNeed,
    Graph,
    Hear,
    If,
    Leave,
    Program,
    Segment,
    Send,
    StartOnEvent,
    StartOnSegment,
    Wait,
    WaitFor,
)
from engine.core import calendar, windows
from engine.core.boundary import Boundaries, boundaries
from engine.core.bundle import Bundle
from engine.core.conditions import Reading, Test, condition, reading

SENT = "email_sent"


class Listener(Struct, frozen=True):
    """An event that matters, and the condition on it, if any."""

    event: str
    test: Test | None


class Tongue(Struct, frozen=True):
    """The parts of one `send` that are computed per contact."""

    values: tuple[tuple[str, Reading], ...]
    subject: tuple[str | tuple[Reading, str], ...]


class Flow(Struct, frozen=True):
    """One graph, ready to run. The maps are keyed by the index of a node."""

    graph: Graph
    starts: tuple[Listener, ...]
    segment_starts: tuple[StartOnSegment, ...]
    leaves: tuple[Listener, ...]
    tests: dict[int, Test]
    hears: dict[int, tuple[tuple[Hear, Test | None], ...]]
    sends: dict[int, Tongue]
    reports: frozenset[int]  # sends whose hand-over the journey must hear of


class Watched(Struct, frozen=True):
    """One segment: its condition, and when time alone can change it."""

    segment: Segment
    test: Test
    boundaries: Boundaries


class Loaded:
    """All graphs that journeys run on, the flows that new journeys enter, the segments and the history they
    need. `default_zone` serves contacts whose zone is unknown; `secret` makes the keys of mails; `currency`
    is that of sums beside which no amount is written (empty: that of the first amount in them)."""

    def __init__(
        self, program: Program, older: Iterable[Graph], default_zone: str, secret: bytes, currency: str = ""
    ) -> None:
        found = calendar.zone(default_zone)
        if found is None:
            raise ValueError(f"`{default_zone}` is no time zone")
        self.program = program
        self.default_zone: ZoneInfo = found
        flows = sorted(program.flows, key=lambda graph: graph.flow)
        self.current = {graph.flow: prepare(graph, currency) for graph in flows}
        self.graphs = {flow.graph.digest: flow for flow in self.current.values()}
        for graph in older:
            self.graphs.setdefault(graph.digest, prepare(graph, currency))
        self.segments = tuple(
            Watched(segment, condition(segment.test, currency), boundaries(segment.test))
            for segment in _in_order(program.segments)
        )
        self.judges = hashlib.sha256(msgspec.json.encode(program.segments)).hexdigest()[:32]
        self.needs = self._needs()
        self.hears_of_mails = SENT in self.needs or any(map(_hears_of_mails, self.graphs.values()))
        self.service_topics = frozenset(topic.name for topic in program.topics if topic.purpose == "service")
        self.starts_by_event = self._starts()
        self._secret = secret

    def clock(self, bundle: Bundle) -> ZoneInfo:
        """The contact's own zone, or the project's."""
        name = bundle.attributes.get("time_zone")
        return (calendar.zone(name) if isinstance(name, str) else None) or self.default_zone

    def key(self, journey: str, step: str, visit: int) -> str:
        """The key of a mail: the same for every attempt, and after every replay."""
        text = f"{journey}\0{step}\0{visit}".encode()
        return hmac.digest(self._secret, text, "sha256")[:16].hex()

    def _needs(self) -> dict[str, EventNeed]:
        every = [need for flow in self.graphs.values() for need in flow.graph.needs.events]
        every += [need for watched in self.segments for need in watched.segment.needs.events]
        return windows.merge(every)

    def _starts(self) -> dict[str, tuple[tuple[Flow, Listener], ...]]:
        found: dict[str, list[tuple[Flow, Listener]]] = {}
        for flow in self.current.values():
            for listener in flow.starts:
                found.setdefault(listener.event, []).append((flow, listener))
        return {event: tuple(listeners) for event, listeners in found.items()}


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


def _hears_of_mails(flow: Flow) -> bool:
    """Whether a flow starts, ends or goes on by mails that are sent."""
    listeners = {listener.event for listener in flow.starts + flow.leaves}
    return SENT in listeners or any(hear.event == SENT for hears in flow.hears.values() for hear, _ in hears)


def prepare(graph: Graph, currency: str = "") -> Flow:
    """The graph with its conditions compiled."""
    tests: dict[int, Test] = {}
    hears: dict[int, tuple[tuple[Hear, Test | None], ...]] = {}
    sends: dict[int, Tongue] = {}
    reports: set[int] = set()
    for index, node in enumerate(graph.nodes):
        match node:
            case If():
                tests[index] = condition(node.test, currency)
            case WaitFor():
                hears[index] = tuple((hear, _test(hear.where, currency)) for hear in node.hears)
            case Send():
                sends[index] = _tongue(node, currency)
                if not _long_wait(graph, node.next):
                    reports.add(index)
    starts = [start for start in graph.starts if isinstance(start, StartOnEvent)]
    return Flow(
        graph,
        _listeners(starts, currency),
        tuple(start for start in graph.starts if isinstance(start, StartOnSegment)),
        _listeners(graph.leaves, currency),
        tests,
        hears,
        sends,
        frozenset(reports),
    )


def _listeners(lines: Iterable[StartOnEvent | Leave], currency: str) -> tuple[Listener, ...]:
    return tuple(Listener(line.event, _test(line.where, currency)) for line in lines)


def _test(where: Condition | None, currency: str) -> Test | None:
    return None if where is None else condition(where, currency)


def _long_wait(graph: Graph, index: int) -> bool:
    """Whether a wait stands there that is so long that a minute before its beginning does not matter."""
    node = graph.nodes[index] if index != END else None
    if not isinstance(node, Wait):
        return False
    length = node.duration
    return bool(length.months or length.days) or length.seconds >= 3600


def _tongue(node: Send, currency: str) -> Tongue:
    return Tongue(
        tuple((name, reading(value, currency)) for name, value in node.values),
        tuple(
            piece if isinstance(piece, str) else (reading(piece.value, currency), piece.otherwise)
            for piece in node.subject
        ),
    )
