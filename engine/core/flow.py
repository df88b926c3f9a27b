"""One graph made ready to run: closures instead of conditions and values."""

import hashlib
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from dsl.graph import (
    END,
    Attribute,
    Call,
    Condition,
    CouponCode,
    Emit,
    Fill,
    Graph,
    Hear,
    History,
    If,
    Leave,
    Money,
    Repeat,
    Send,
    Set,
    Split,
    StartAt,
    StartByRequest,
    StartEvery,
    StartOnDate,
    StartOnEvent,
    StartOnSegment,
    Tell,
    Value,
    Wait,
    WaitFor,
    WaitUntil,
    WaitUntilDate,
)
from engine.core import calendar, keeping
from engine.core.alone import alone, only_looks
from engine.core.boundary import Boundaries, boundaries
from engine.core.conditions import Reading, Scene, Test, condition, reading
from engine.core.grounds import Telling, Wording, grounds, grounds_of_value, nothing
from engine.core.record import SHARE, Ground
from engine.core.trial import Trial, trial_of
from engine.core.windows import PURPOSE_OF

SENT = "email_sent"
DELIVERED = "email_delivered"

_PLACES = 4
"""Digits behind the point that a text shows of a number."""

Piece = str | tuple[Reading, str] | None
"""Part of a text: written, or a value with the word that stands in for an unknown one; None is the contact's
address, which is not known here."""

ADDRESS = Attribute("email")


class Listener(Struct, frozen=True):
    """An event that matters, and the condition on it, if any; `grounds` tells by which values it held."""

    event: str
    test: Test | None
    grounds: Telling


class Awaited(Struct, frozen=True):
    """A condition, and when time alone can change it."""

    test: Test
    boundaries: Boundaries


class Dated(Struct, frozen=True):
    """A start on a date, or by the calendar for members of `segment`. `key` is the flow's name, behind NUL
    what tells further such starts apart; `value` is the date, `boundaries` are when time alone can change
    it."""

    key: str
    start: StartOnDate | StartEvery | StartAt
    value: Reading
    boundaries: Boundaries
    segment: str = ""


class Tongue(Struct, frozen=True):
    """The parts of a step with `with` that are computed per contact; `codes` are the coupons' names by the
    names that the template (or the receiver) knows. `subject` is that of a mail."""

    values: tuple[tuple[str, Reading], ...]
    codes: tuple[tuple[str, str], ...]
    subject: tuple[Piece, ...] = ()


class Flow(Struct, frozen=True):
    """One graph, ready to run. The maps are keyed by the index of a node."""

    graph: Graph
    topics: frozenset[str]  # of its mails
    starts: tuple[Listener, ...]
    segment_starts: tuple[StartOnSegment, ...]
    dated: tuple[Dated, ...]
    leaves: tuple[Listener, ...]
    leave_when: Awaited | None
    leave_grounds: Telling
    tests: dict[int, Test]
    awaited: dict[int, Awaited]
    hears: dict[int, tuple[tuple[Hear, Listener], ...]]
    sends: dict[int, Tongue]
    values: dict[int, Reading]  # of `set` and of `wait until` a date
    texts: dict[int, tuple[Piece, ...]]
    reports: frozenset[int]  # sends whose hand-over the journey must hear of
    again: frozenset[int]  # nodes that a journey may meet more than once
    watches: bool  # whether time alone can move a journey of it
    given: dict[int, Tongue]  # of `emit` and `call`
    clock: ZoneInfo | None  # None: the contact's
    by_request: bool
    trials: dict[int, Trial]  # of splits that find out which arm is best
    looks: frozenset[int]  # nodes that change nothing but the journey that comes there, and the end
    alone: frozenset[int]  # nodes whose timer changes nothing but the journey that stands there
    asks: frozenset[int]  # those of them behind which more of the contact is asked than the clock
    grounds: dict[int, Telling]  # of conditions, and of dates that are waited for
    chances: dict[int, dict[str, tuple[Ground, ...]]]  # of splits: by label, why an arm was drawn

    def hears_of(self, event: str) -> bool:
        """Whether it starts, ends or goes on by such events."""
        listeners = {listener.event for listener in self.starts + self.leaves}
        return event in listeners or any(
            hear.event == event for hears in self.hears.values() for hear, _ in hears
        )

    def counts(self, event: str) -> bool:
        """Whether such events are what it is to bring about: its goal, or what a split goes by."""
        goal = self.graph.goal
        return (goal is not None and goal.event == event) or any(
            trial.event == event for trial in self.trials.values()
        )


def prepare(graph: Graph, currency: str = "", wording: Wording | None = None) -> Flow:
    """The graph with its conditions compiled; without `wording` the journal tells no values."""
    told: dict[int, Telling] = {}
    chances: dict[int, dict[str, tuple[Ground, ...]]] = {}
    tests: dict[int, Test] = {}
    awaited: dict[int, Awaited] = {}
    hears: dict[int, tuple[tuple[Hear, Listener], ...]] = {}
    sends: dict[int, Tongue] = {}
    values: dict[int, Reading] = {}
    texts: dict[int, tuple[Piece, ...]] = {}
    given: dict[int, Tongue] = {}
    trials: dict[int, Trial] = {}
    reports: set[int] = set()
    for index, node in enumerate(graph.nodes):
        match node:
            case If():
                tests[index] = condition(node.test, currency)
                told[index] = grounds(node.test, wording, currency)
            case Repeat() if node.until is not None:
                tests[index] = condition(node.until, currency)
                told[index] = grounds(node.until, wording, currency)
            case WaitUntil():
                awaited[index] = _awaited(node.test, currency)
                told[index] = grounds(node.test, wording, currency)
            case WaitUntilDate():
                values[index] = reading(node.value, currency)
                told[index] = grounds_of_value(node.value, wording, currency)
            case Set() if node.value is not None and not isinstance(node.value, CouponCode):
                values[index] = reading(node.value, currency)
            case WaitFor():
                hears[index] = tuple((hear, _listener(hear, currency, wording)) for hear in node.hears)
            case Tell():
                texts[index] = _pieces(node.text, currency)
            case Send():
                sends[index] = _tongue(node.values, currency, node.subject)
                if not _long_wait(graph, node.next):
                    reports.add(index)
            case Split():
                chances[index] = {arm.label: (Ground(SHARE, arm.weight),) for arm in node.arms}
                if (trial := trial_of(graph, node, currency)) is not None:
                    trials[index] = trial
            case Emit() | Call():
                given[index] = _tongue(node.values, currency)
    starts = [start for start in graph.starts if isinstance(start, StartOnEvent)]
    leave_when = None if graph.leave_when is None else _awaited(graph.leave_when, currency)
    watches = leave_when is not None or bool(awaited)
    looks = only_looks(graph, trials)
    lone, asking = alone(graph, looks, watches)
    return Flow(
        graph,
        frozenset(node.topic for node in graph.nodes if isinstance(node, Send)),
        _listeners(starts, currency, wording),
        tuple(start for start in graph.starts if isinstance(start, StartOnSegment)),
        _dated(graph, currency),
        _listeners(graph.leaves, currency, wording),
        leave_when,
        nothing if graph.leave_when is None else grounds(graph.leave_when, wording, currency),
        tests,
        awaited,
        hears,
        sends,
        values,
        texts,
        frozenset(reports),
        _in_rounds(graph),
        watches,
        given,
        None if graph.time_zone is None else calendar.zone(graph.time_zone),
        any(isinstance(start, StartByRequest) for start in graph.starts),
        trials,
        looks,
        lone,
        asking,
        told,
        chances,
    )


def events_asked_for(asked: object) -> set[str]:
    """The events whose history a value looks at."""
    found = {asked.event} if isinstance(asked, History) else set()
    if isinstance(asked, Struct):
        for field in asked.__struct_fields__:
            found |= events_asked_for(getattr(asked, field))
    elif isinstance(asked, tuple):
        for part in asked:
            found |= events_asked_for(part)
    return found


def dates_digest(flows: Iterable[Flow]) -> str:
    """By what the dates of starts are armed; empty where no flow starts on one."""
    starts = [
        (dated.key, dated.start, *filter(None, [flow.graph.time_zone]))
        for flow in flows
        for dated in flow.dated
    ]
    return hashlib.sha256(msgspec.json.encode(starts)).hexdigest()[:16] if starts else ""


def spoken(pieces: Iterable[Piece], scene: Any) -> str | tuple[str, ...]:
    """A text with its values filled in; in parts where the contact's address belongs between them."""
    said = [""]
    for piece in pieces:
        if piece is None:
            said.append("")
        else:
            said[-1] += "".join(str(part) for part in filled((piece,), scene))
    return tuple(said) if len(said) > 1 else said[0]


def filled(pieces: Iterable[Piece], scene: Any) -> tuple[str | Money, ...]:
    """A text in parts: words, and amounts, which every language writes in its own way."""
    parts: list[str | Money] = []
    for piece in pieces:
        if piece is None:
            continue
        part = piece if isinstance(piece, str) else _word(piece[0](scene), piece[1])
        if parts and isinstance(part, str) and isinstance(parts[-1], str):
            parts[-1] += part
        else:
            parts.append(part)
    return tuple(parts)


def _word(value: Any, otherwise: str) -> str | Money:
    if value is None:
        return otherwise
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Money):
        return keeping.in_coins(value)
    if isinstance(value, Decimal):
        return f"{keeping.rounded(value, _PLACES).normalize():f}"
    return str(value)


def _awaited(test: Condition, currency: str) -> Awaited:
    return Awaited(condition(test, currency), boundaries(test))


def _dated(graph: Graph, currency: str) -> tuple[Dated, ...]:
    starts = [start for start in graph.starts if isinstance(start, StartOnDate)]
    on_dates = [
        Dated(
            f"{graph.flow}\0{number}" if number else graph.flow,
            start,
            reading(start.value, currency),
            boundaries(start.value),
        )
        for number, start in enumerate(starts)
    ]
    planned = [start for start in graph.starts if isinstance(start, StartEvery | StartAt)]
    by_calendar = [
        Dated(f"{graph.flow}\0planned {number}", start, _nothing, _at_no_time, start.segment)
        for number, start in enumerate(planned)
    ]
    return (*on_dates, *by_calendar)


def _nothing(scene: Scene) -> None:
    """The value of what has none."""


def _at_no_time(scene: Scene) -> Iterator[int]:
    yield from ()


def _listeners(
    lines: Iterable[StartOnEvent | Leave], currency: str, wording: Wording | None
) -> tuple[Listener, ...]:
    return tuple(_listener(line, currency, wording) for line in lines)


def _listener(line: StartOnEvent | Leave | Hear, currency: str, wording: Wording | None) -> Listener:
    if line.where is None:
        return Listener(line.event, None, nothing)
    # what such an event says may be known with an agreement only, which may end; the journal stays
    told = None if line.event in PURPOSE_OF else wording
    return Listener(line.event, condition(line.where, currency), grounds(line.where, told, currency))


def _long_wait(graph: Graph, index: int) -> bool:
    """Whether a wait stands there that is so long that a minute before its beginning does not matter."""
    node = graph.nodes[index] if index != END else None
    if not isinstance(node, Wait):
        return False
    length = node.duration
    return bool(length.months or length.days) or length.seconds >= 3600


def _in_rounds(graph: Graph) -> frozenset[int]:
    """The nodes from which a way leads back to themselves."""
    onward = [_onward(node) for node in graph.nodes]
    if not any(isinstance(node, Repeat) for node in graph.nodes):
        return frozenset()
    return frozenset(index for index in range(len(onward)) if index in _reached(onward, index))


def _reached(onward: list[frozenset[int]], start: int) -> set[int]:
    found: set[int] = set()
    waiting = set(onward[start])
    while waiting:
        index = waiting.pop()
        if index not in found:
            found.add(index)
            waiting |= onward[index]
    return found


def _onward(node: Struct) -> frozenset[int]:
    """Where a node leads: its own links and those of its arms."""
    links: set[int] = set()
    for name in ("next", "then", "otherwise", "body", "on_met", "on_timeout"):
        links.add(getattr(node, name, END))
    for name in ("arms", "hears"):
        links.update(part.next for part in getattr(node, name, ()))
    return frozenset(links - {END})


def _pieces(text: Iterable[str | Fill], currency: str) -> tuple[Piece, ...]:
    return tuple(_piece(piece, currency) for piece in text)


def _piece(piece: str | Fill, currency: str) -> Piece:
    if isinstance(piece, str):
        return piece
    return None if piece.value == ADDRESS else (reading(piece.value, currency), piece.otherwise)


def _tongue(
    values: tuple[tuple[str, Value], ...], currency: str, subject: tuple[str | Fill, ...] = ()
) -> Tongue:
    return Tongue(
        tuple(
            (name, reading(value, currency)) for name, value in values if not isinstance(value, CouponCode)
        ),
        tuple((name, value.coupon) for name, value in values if isinstance(value, CouponCode)),
        _pieces(subject, currency),
    )
