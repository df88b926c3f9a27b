"""One person's story in plain sentences: what they did, what they agreed to, what they got and why not.

Pure: the journal's lines, the kept events and the consent service's history go in, sentences come out.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from msgspec import Struct

from dsl.draw_words import node_words
from dsl.graph import Graph, Money, Program
from engine.core.bundle import Entry
from engine.core.record import What, Why
from engine.insight.words import EVENTS, HOW, LEAVES, MAIL_EVENTS, SENTENCES, reason_words
from engine.store.store import Received

Kind = Literal["consent", "stop", "event", "flow", "mail", "skipped", "wait", "segment"]

_STOPS = frozenset(("withdrawn", "refused", "objected.marketing", "objected.profiling", "complaint"))
_KINDS: Mapping[str, Kind] = {
    What.NOT_ENTERED: "skipped",
    What.SENT: "mail",
    What.SKIPPED: "skipped",
    What.UNKNOWN: "mail",
    What.UNSUBSCRIBED: "stop",
    What.WAITS: "wait",
    What.HEARD: "wait",
    What.TIMED_OUT: "wait",
    What.MET: "wait",
    What.PASSED: "wait",
    What.HELD: "wait",
    What.JOINED: "segment",
    What.PARTED: "segment",
}
_MAILS = frozenset((What.SENT, What.SKIPPED, What.UNKNOWN))
_SHOWN_FIELDS = 4
_LONGEST = 80


class Stand(Struct, frozen=True):
    """Where a person stands with a topic, since when (ms UTC), by which leaf of the log."""

    topic: str
    title: str
    state: str
    since: int
    leaf: int


class Happening(Struct, frozen=True):
    """A leaf of the consent service's log about a person. `wording` are the words it is about."""

    leaf: int
    at: int
    type: str
    topic: str
    actor: str
    wording: str = ""


class Person(Struct, frozen=True):
    """What the consent service knows of one person, oldest first."""

    contact: str
    address: str
    language: str
    stands: tuple[Stand, ...]
    happenings: tuple[Happening, ...]


class Line(Struct, frozen=True):
    """One sentence of a story. `at` is in ms UTC; `quote` are words that were agreed to, `mail` is the key of
    a mail that was handed over, `leaf` the position in the log, `reason` a word of the published list."""

    at: int
    kind: Kind
    text: str
    quote: str = ""
    flow: str = ""
    step: str = ""
    mail: str = ""
    leaf: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Names:
    """What people call things. `key` gives the key of a mail from journey, step and visit (1, 2, …)."""

    flows: Mapping[str, Graph]
    topics: Mapping[str, str]
    segments: Mapping[str, str]
    key: Callable[[str, str, int], str]

    @classmethod
    def of(cls, program: Program, key: Callable[[str, str, int], str]) -> "Names":
        """The names in a project."""
        return cls(
            {graph.flow: graph for graph in program.flows},
            {topic.name: topic.title for topic in program.topics},
            {segment.name: segment.title for segment in program.segments},
            key,
        )

    def flow(self, name: str) -> str:
        """A flow's title in quotation marks."""
        graph = self.flows.get(name)
        return f"“{graph.title or name}”" if graph else f"“{name}”"

    def topic(self, name: str) -> str:
        """A topic's title in quotation marks."""
        return f"“{self.topics.get(name) or name}”" if name else "everything"

    def step(self, flow: str, name: str) -> str:
        """A step as the flow words it; its bare name if the flow has it no more."""
        graph = self.flows.get(flow)
        for node in graph.nodes if graph else ():
            if node.step == name:
                return node_words(node)
        return name


def story(
    names: Names, person: Person | None, journal: Iterable[Entry], events: Iterable[Received]
) -> list[Line]:
    """The sentences in order of time, the newest last. At one moment what happened stands before what came of
    it."""
    told = _agreements(names, person) if person else []
    told += [_event(names, each) for each in events]
    told += _journal(names, journal)
    return sorted(told, key=lambda line: line.at)


def last_refusal(lines: Iterable[Line]) -> Line | None:
    """The newest line that says why a mail did not go; None if every mail went that was due."""
    return next((line for line in reversed(list(lines)) if line.kind == "skipped"), None)


def _journal(names: Names, journal: Iterable[Entry]) -> Iterable[Line]:
    visits: Counter[tuple[str, str]] = Counter()
    for entry in journal:
        mail = ""
        if entry.what in _MAILS:
            visits[entry.journey, entry.step] += 1
            if entry.what != What.SKIPPED:
                mail = names.key(entry.journey, entry.step, visits[entry.journey, entry.step])
        yield Line(
            entry.at,
            "flow" if entry.reason in _EXPECTED else _KINDS.get(entry.what, "flow"),
            sentence(names, entry),
            flow=entry.flow,
            step=entry.step,
            mail=mail,
            reason=entry.reason if entry.what in _REASONED else "",
        )


_EXPECTED = frozenset((Why.IN_FLOW, Why.ENTERED_BEFORE, Why.EVENT_LATE))
"""Reasons for which nothing starts and nobody would have expected it to."""
_REASONED = frozenset((What.NOT_ENTERED, What.SKIPPED, What.LEFT))


def sentence(names: Names, entry: Entry) -> str:
    """A line of the journal in words."""
    return SENTENCES[entry.what].format(
        flow=names.flow(entry.flow),
        step=entry.step if entry.what in _MAILS else names.step(entry.flow, entry.step),
        segment=f"“{names.segments.get(entry.step) or entry.step}”",
        reason=entry.reason,
        why=reason_words(entry.reason),
        topic=names.topic(entry.reason),
        unless=f", but in vain: {reason_words(entry.reason)}" if entry.reason else "",
        round="no further round" if entry.reason == "over" else f"round {entry.reason}",
        ending=f", as {entry.reason}" if entry.reason else "",
    )


def _agreements(names: Names, person: Person) -> list[Line]:
    """What the log says; purposes that are no topics of the project are named as the person was asked."""
    titles = {stand.topic: stand.title for stand in person.stands} | dict(names.topics)
    return [_happening(replace(names, topics=titles), each) for each in person.happenings]


def _happening(names: Names, happened: Happening) -> Line:
    by, _, how = happened.actor.rpartition(":")
    way = f", by the flow {names.flow(how)}" if by == "flow" else HOW.get(how, "")
    return Line(
        happened.at,
        "stop" if happened.type in _STOPS else "consent",
        LEAVES.get(happened.type, f"The consent service recorded `{happened.type}`.").format(
            topic=names.topic(happened.topic), how=way
        ),
        quote=happened.wording if happened.type in ("requested", "confirmed", "renewed") else "",
        leaf=happened.leaf,
    )


def _event(names: Names, happened: Received) -> Line:
    if happened.kind in MAIL_EVENTS:
        return Line(happened.at, "event", _of_mail(names, happened))
    told = EVENTS.get(happened.kind, f"The event `{happened.kind}` happened")
    shown = [f"{name.replace('_', ' ')} {words}" for name, words in _fields(happened.data)]
    return Line(happened.at, "event", f"{told}{': ' if shown else ''}{', '.join(shown)}.")


def _of_mail(names: Names, happened: Received) -> str:
    """What became of a mail, by the step that sent it."""
    data = happened.data
    return MAIL_EVENTS[happened.kind].format(
        step=data.get("step") or "from us",
        flow=names.flow(str(data.get("flow") or "")),
        link=value_words(data.get("link") or "a link"),
        kind="not for good" if data.get("kind") == "soft" else "for good",
    )


def _fields(data: Mapping[str, Any]) -> list[tuple[str, str]]:
    shown = [(name, value_words(value)) for name, value in data.items() if value is not None]
    return [(name, words) for name, words in shown if words][:_SHOWN_FIELDS]


def value_words(value: Any) -> str:
    """A value of an event or attribute, short enough for a sentence."""
    match value:
        case bool():
            return "yes" if value else "no"
        case Money():
            return f"{value.amount:,} {value.currency}"
        case Decimal():
            return f"{value.normalize():f}"
        case date():
            return value.isoformat()
        case dict():
            return str(value.get("name") or "")
        case list() | tuple():
            return " and ".join(filter(None, map(value_words, value)))[:_LONGEST]
        case _:
            text = str(value)
            return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
