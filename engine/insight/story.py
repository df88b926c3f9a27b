"""One person's story in plain sentences: what they did, what they agreed to, what they got and why not.

Pure: the journal's lines, the kept events and the consent service's history go in, sentences come out.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby
from typing import Literal
from zoneinfo import ZoneInfo

from msgspec import Struct

from dsl.graph import FieldType, Graph, Program
from dsl.wording.flows import node_words
from engine.core.bundle import Bundle, Entry
from engine.core.calendar import zone
from engine.core.record import What, Why
from engine.insight.figures import conversions
from engine.insight.grounds import Decider, deciders, parts
from engine.insight.values import fields_words, value_words
from engine.insight.words import (
    FREQUENCIES,
    HOW,
    LEAVES,
    MAIL_EVENTS,
    NO_EVIDENCE,
    SENTENCES,
    event_words,
    reason_words,
)
from engine.store.arrivals import REQUEST
from engine.store.store import Received

Kind = Literal["consent", "stop", "event", "flow", "mail", "skipped", "wait", "segment"]

_STOPS = frozenset(("withdrawn", "refused", "objected.marketing", "objected.profiling", "complaint"))
_KINDS: Mapping[str, Kind] = {
    What.NOT_ENTERED: "skipped",
    What.SENT: "mail",
    What.SKIPPED: "skipped",
    What.UNKNOWN: "mail",
    What.ARRIVED: "mail",
    What.RESENT: "mail",
    What.UNSUBSCRIBED: "stop",
    What.WAITS: "wait",
    What.WAIT_MOVED: "wait",
    What.HEARD: "wait",
    What.TIMED_OUT: "wait",
    What.MET: "wait",
    What.PASSED: "wait",
    What.HELD: "wait",
    What.PAUSED: "wait",
    What.JOINED: "segment",
    What.PARTED: "segment",
}
_MAILS = frozenset((What.SENT, What.SKIPPED, What.UNKNOWN))
_NAMED = _MAILS | {What.HELD, What.ARRIVED, What.RESENT}
_LATE = _MAILS | {What.TOLD, What.CALLED}
"""What is told by whoever carries a step out, when the journey is past it."""
_ENDS = frozenset((What.LEFT, What.FINISHED))


class Stand(Struct, frozen=True):
    """Where a person stands with a topic, since when (ms UTC), by which leaf of the log."""

    topic: str
    title: str
    state: str
    since: int
    leaf: int


class Happening(Struct, frozen=True):
    """A leaf of the consent service's log about a person. `wording` are the words it is about, `value` is
    what was chosen where it tells of a choice: a frequency, days of a pause, a language. `holds` is whether
    the evidence kept still is what the log committed to, None where none was kept."""

    leaf: int
    at: int
    type: str
    topic: str
    actor: str
    wording: str = ""
    value: str = ""
    holds: bool | None = None


class Person(Struct, frozen=True):
    """What the consent service knows of one person, oldest first."""

    contact: str
    address: str
    language: str
    stands: tuple[Stand, ...]
    happenings: tuple[Happening, ...]


class Line(Struct, frozen=True):
    """One sentence of a story. `at` is in ms UTC; `quote` are words that were agreed to, `mail` is the key of
    a mail that was handed over, `leaf` the position in the log, `reason` a word of the published list, `what`
    the journal's word, or the type of the leaf, `until` the moment (ms UTC) to which something waits at the
    latest, `grounds` the values that decided."""

    at: int
    kind: Kind
    text: str
    quote: str = ""
    flow: str = ""
    step: str = ""
    mail: str = ""
    leaf: int | None = None
    reason: str = ""
    journey: str = ""
    what: str = ""
    until: int | None = None
    grounds: tuple[Decider, ...] = ()


@dataclass(frozen=True, slots=True)
class Names:
    """What people call things. `key` gives the key of a mail from journey, step and visit (1, 2, …); `fields`
    are the types of each event's fields, `attributes` those of contacts, empty where no project says them."""

    flows: Mapping[str, Graph]
    topics: Mapping[str, str]
    segments: Mapping[str, str]
    key: Callable[[str, str, int], str]
    fields: Mapping[str, Mapping[str, FieldType]] = field(default_factory=dict)
    attributes: Mapping[str, FieldType] = field(default_factory=dict)

    @classmethod
    def of(cls, program: Program, key: Callable[[str, str, int], str]) -> "Names":
        """The names in a project."""
        return cls(
            {graph.flow: graph for graph in program.flows},
            {topic.name: topic.title for topic in program.topics},
            {segment.name: segment.title for segment in program.segments},
            key,
            {event.name: dict(event.fields) for event in program.events},
            dict(program.attributes),
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
    names: Names,
    person: Person | None,
    journal: Iterable[Entry],
    events: Iterable[Received],
    clock: ZoneInfo,
) -> list[Line]:
    """The sentences in order of time, the newest last. Within a minute what happened stands before what came
    of it, and steps stand in the order in which they were met. Moments are told on `clock`, and goals as they
    are counted."""
    entries, history = list(journal), list(events)
    told = _agreements(names, person) if person else []
    told += [_event(names, each, clock) for each in history]
    told += _goals(names, entries, history, clock)
    told += _journal(names, entries, clock)
    return _as_met(names, sorted(told, key=lambda line: line.at))


def last_refusal(lines: Iterable[Line]) -> Line | None:
    """The newest line that says why a mail did not go, or why a flow did not begin; None if there is none."""
    return next((line for line in reversed(list(lines)) if line.kind == "skipped"), None)


_MINUTE = 60_000


def _as_met(names: Names, lines: list[Line]) -> list[Line]:
    """The lines with each mail before the steps behind it: it is handed over when the flow has gone on. What
    became of a mail stands behind it, and what waits behind what went in the same minute."""
    found: list[Line] = []
    for _, group in groupby(lines, key=lambda line: line.at // _MINUTE):
        minute: list[Line] = []
        for line in group:
            place = len(minute)
            if line.what in _LATE:
                behind = (at for at, each in enumerate(minute) if _is_behind(names, each, line))
                place = next(behind, place)
            minute.insert(place, line)
            if line.what in _MAILS:
                fate = [each for each in minute[:place] if _is_fate(each, line)]
                minute = [each for each in minute if each not in fate]
                place = minute.index(line) + 1
                minute[place:place] = fate
        found += sorted(minute, key=lambda line: line.what == What.HELD)
    return found


def _is_fate(line: Line, mail: Line) -> bool:
    """Whether `line` says what became of `mail` at the very moment at which it went."""
    one = (mail.at, mail.flow, mail.step)
    return line.what in MAIL_EVENTS and (line.at, line.flow, line.step) == one


def _is_behind(names: Names, line: Line, mail: Line) -> bool:
    """Whether `line` tells of a step of the same journey that is met after that of `mail`."""
    if line.journey != mail.journey or not line.journey:
        return False
    return _place(names, line) > _place(names, mail)


def _place(names: Names, line: Line) -> int:
    if line.what in (What.ENTERED, What.NOT_ENTERED, What.REACHED):
        return -1
    graph = names.flows.get(line.flow)
    steps = [node.step for node in graph.nodes] if graph else []
    return steps.index(line.step) if line.step in steps else len(steps)


def own_zone(bundle: Bundle) -> ZoneInfo | None:
    """The zone that a person's mails and waits go by; None: that of the project."""
    name = bundle.attributes.get("time_zone")
    return zone(name) if isinstance(name, str) else None


def told(line: Line, clock: ZoneInfo) -> str:
    """The sentence, with the moment to which something waits as it is on `clock`."""
    if line.until is None:
        return line.text
    until = datetime.fromtimestamp(line.until / 1000, clock)
    return f"{line.text.removesuffix('.')}, until {until:%Y-%m-%d %H:%M} at the latest."


def their_hour(line: Line, clock: ZoneInfo, theirs: ZoneInfo) -> str:
    """The person's own hour of a mail, as in `17:00`, where it is another than on `clock`; else empty."""
    ours, own = (datetime.fromtimestamp(line.at / 1000, each) for each in (clock, theirs))
    return f"{own:%H:%M}" if line.kind == "mail" and own.utcoffset() != ours.utcoffset() else ""


def _goals(
    names: Names, journal: Sequence[Entry], events: Sequence[Received], clock: ZoneInfo
) -> Iterable[Line]:
    for reached in conversions(list(names.flows.values()), journal, events, clock):
        flow, what = reached.flow, What.REACHED
        text = SENTENCES[what].format(flow=names.flow(flow), why=event_words(reached.event))
        yield Line(
            reached.at, "flow", text, flow=flow, reason=reached.event, journey=reached.journey, what=what
        )


def _journal(names: Names, journal: Iterable[Entry], clock: ZoneInfo) -> Iterable[Line]:
    visits: Counter[tuple[str, str]] = Counter()
    held: dict[str, str] = {}
    for entry in journal:
        mail, waited = "", ""
        if entry.what == What.HELD:
            held[entry.journey] = entry.step
        elif entry.what in _MAILS or entry.what in _ENDS:
            waited = held.pop(entry.journey, "")
        if entry.what in _MAILS:
            visits[entry.journey, entry.step] += 1
            if entry.what != What.SKIPPED:
                mail = names.key(entry.journey, entry.step, visits[entry.journey, entry.step])
        kind = "flow" if entry.reason in _EXPECTED else _KINDS.get(entry.what, "flow")
        unsent = waited if entry.what == What.LEFT else ""
        yield Line(
            entry.at,
            "skipped" if unsent else kind,
            sentence(names, entry, clock, unsent),
            flow=entry.flow,
            step=entry.step,
            mail=mail,
            reason=entry.reason if entry.what in _REASONED else "",
            journey=entry.journey,
            what=entry.what,
            until=entry.until or None,
            grounds=deciders(entry.grounds, clock),
        )


_EXPECTED = frozenset((Why.IN_FLOW, Why.ENTERED_BEFORE, Why.EVENT_LATE))
"""Reasons for which nothing starts and nobody would have expected it to."""
_REASONED = frozenset((What.NOT_ENTERED, What.SKIPPED, What.LEFT))


def sentence(names: Names, entry: Entry, clock: ZoneInfo, held: str = "") -> str:
    """A line of the journal in words, with moments as on `clock`. `held` is the mail that was still held back
    when a flow was left."""
    return SENTENCES[entry.what].format(
        flow=names.flow(entry.flow),
        step=entry.step if entry.what in _NAMED else names.step(entry.flow, entry.step),
        segment=f"“{names.segments.get(entry.step) or entry.step}”",
        reason=entry.reason,
        why=": ".join(filter(None, (reason_words(entry.reason), entry.fault))),
        topic=names.topic(entry.reason),
        other=names.flow(entry.reason),
        called=_called(names, entry),
        because=f": {reason_words(entry.reason)}" if entry.reason else "",
        unless=f", but in vain: {reason_words(entry.reason)}" if entry.reason else "",
        round="has done its rounds" if entry.reason == "over" else f"began round {entry.reason}",
        ending=f", as {entry.reason}" if entry.reason else "",
        held=f". The mail {held} had been held back, and never went" if held else "",
        **parts(entry.grounds, clock),
    )


def _called(names: Names, entry: Entry) -> str:
    """What became of a call, which the flow words as `call crm`."""
    whom = names.step(entry.flow, entry.step).removeprefix("call ")
    if entry.reason in (Why.RECORDED, Why.STAGING):
        return f"would call {whom}: {reason_words(entry.reason)}"
    return f"called {whom}" + (f" in vain: {reason_words(entry.reason)}" if entry.reason else "")


def _agreements(names: Names, person: Person) -> list[Line]:
    """What the log says; purposes that are no topics of the project are named as the person was asked."""
    titles = {stand.topic: stand.title for stand in person.stands} | dict(names.topics)
    known = replace(names, topics=titles)
    return [_happening(known, each) for each in _asked_once(person.happenings)]


def _asked_once(happenings: Sequence[Happening]) -> Iterator[Happening]:
    """Without the news that a mail was made ready, where the log also says what became of it."""
    ended = False
    kept = []
    for each in reversed(happenings):
        if each.type != "proof_mail.queued" or not ended:
            kept.append(each)
        if each.type.startswith("proof_mail."):
            ended = each.type != "proof_mail.queued"
    yield from reversed(kept)


def _happening(names: Names, happened: Happening) -> Line:
    by, _, how = happened.actor.partition("@")[0].rpartition(":")
    way = f", by the flow {names.flow(how)}" if by == "flow" else HOW.get(how, "")
    said = LEAVES.get(happened.type, f"The consent service recorded `{happened.type}`.").format(
        topic=names.topic(happened.topic), how=way, value=_chosen(happened)
    )
    return Line(
        happened.at,
        "stop" if happened.type in _STOPS else "consent",
        f"{said} {NO_EVIDENCE}" if happened.holds is False else said,
        quote=happened.wording if happened.type in ("requested", "confirmed", "renewed") else "",
        leaf=happened.leaf,
        what=happened.type,
    )


def _chosen(happened: Happening) -> str:
    """What was chosen, as the end of a sentence."""
    match happened.type, happened.value:
        case _, "":
            return ""
        case "frequency.changed", value:
            return f": {FREQUENCIES.get(value, value)}"
        case "paused", value:
            return f" of {value} {'day' if value == '1' else 'days'}"
        case _, value:
            return f": {value}"


def _event(names: Names, happened: Received, clock: ZoneInfo) -> Line:
    if happened.kind in MAIL_EVENTS:
        flow, step = (str(happened.data.get(name) or "") for name in ("flow", "step"))
        told = _of_mail(names, happened, clock)
        return Line(happened.at, "event", told, flow=flow, step=step, what=happened.kind)
    if happened.kind == REQUEST:
        asked, place = (str(happened.data.get(name) or "") for name in ("flow", "place"))
        who = f"Somebody at the {place}" if place else "The shop"
        return Line(happened.at, "event", f"{who} asked for {names.flow(asked)}.")
    told = event_words(happened.kind).removeprefix("they ")
    told = f"The event {told}" if told.startswith("`") else told[0].upper() + told[1:]
    fields = fields_words(happened.data, names.fields.get(happened.kind, {}), clock)
    shown = [f"{name.replace('_', ' ')} {words}" for name, words in fields]
    return Line(happened.at, "event", f"{told}{': ' if shown else ''}{', '.join(shown)}.")


def _of_mail(names: Names, happened: Received, clock: ZoneInfo) -> str:
    """What became of a mail, by the step that sent it."""
    data = happened.data
    return MAIL_EVENTS[happened.kind].format(
        step=data.get("step") or "from us",
        flow=names.flow(str(data.get("flow") or "")),
        link=value_words(data.get("link") or "a link", None, clock),
        kind="not for good" if data.get("kind") == "soft" else "for good",
    )
