"""People under way in an edited flow, taken to their places in its new version; and those who enter a flow
for what happened before it was there.

Whoever stands at a step that is still there stays at it. A wait that is longer or shorter now counts from
when they came; one that ends at a time of day ends at that of the new version, on the day that was meant.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, time
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from dsl.graph import END, Duration, Node, Send, Wait, WaitFor, WaitUntil, WaitUntilDate, WaitUntilTime
from engine.core import calendar, deadlines
from engine.core.bundle import Backfilled, Carried, Journey, replace
from engine.core.calendar import NEVER
from engine.core.conditions import Scene, known
from engine.core.entering import enter
from engine.core.flow import Flow
from engine.core.looking import Stands, look
from engine.core.record import What, Why
from engine.core.steps import walk
from engine.core.turn import Turn

V = TypeVar("V")


def carry(turn: Turn, data: Carried) -> None:
    """Take the contact's journeys to the present graphs of their flows. One that is there already, and one
    whose flow is no more, is left alone: so nobody is carried twice, however often this is said."""
    for journey in turn.bundle.journeys:
        new = turn.loaded.current.get(journey.flow)
        if new is not None and journey.graph in data.places and journey.graph != new.graph.digest:
            journey = replace(journey, due=turn.due_of(journey))
            _carry(turn, turn.flow(journey), new, journey, data.places[journey.graph])


def backfill(turn: Turn, data: Backfilled) -> None:
    """Start the flow for what has happened already, by the rules of every start: for a member of its segment,
    or by the newest event of its start behind which nothing came that makes people leave it."""
    flow = turn.loaded.current.get(data.flow)
    if flow is None:
        return
    cause = f"backfill\0{data.flow}"
    if not data.events:
        segments = {start.segment for start in flow.segment_starts if start.joining}
        if segments & turn.bundle.segments:
            enter(turn, flow, {}, cause)
        return
    begun: set[object] = set()
    for place, (name, event) in enumerate(data.events):
        per = None if flow.graph.journey_per is None else known(event.get(flow.graph.journey_per))
        if per not in begun and _starts(turn, flow, name, event):
            begun.add(per)
            if not _left(turn, flow, event, data.events[:place]):
                enter(turn, flow, event, cause)
        if begun and flow.graph.journey_per is None:
            return


def _starts(turn: Turn, flow: Flow, name: str, event: dict[str, Any]) -> bool:
    return any(
        listener.event == name and (listener.test is None or listener.test(turn.scene_of(flow, event)))
        for listener in flow.starts
    )


def _left(
    turn: Turn, flow: Flow, trigger: dict[str, Any], later: Iterable[tuple[str, dict[str, Any]]]
) -> bool:
    """Whether one of the later events would have ended a journey that `trigger` had started."""
    graph = flow.graph
    journey = Journey("", turn.bundle.contact, graph.flow, graph.digest, 0, 0, 0, trigger["at"], "", trigger)
    clock = turn.clock_of(flow)
    return any(
        listener.event == name
        and (listener.test is None or listener.test(Scene(turn.bundle, turn.now, clock, journey, event)))
        for name, event in later
        for listener in flow.leaves
    )


def _carry(turn: Turn, old: Flow, new: Flow, journey: Journey, places: tuple[tuple[int, bool], ...]) -> None:
    was = old.graph.nodes[journey.node]
    index, stays = places[journey.node]
    if index == END:
        turn.end(journey, What.LEFT, Why.STEP_GONE)
        return
    node = new.graph.nodes[index]
    turn.note(journey.flow, journey.id, node.step, What.CARRIED, was.step)
    journey = replace(_renamed(journey, old, new, places), graph=new.graph.digest)
    if journey.due < 0:  # it stands still before that step
        turn.stand(journey, journey.due, index)
    elif stays and type(node) is type(was):
        _stand(turn, old, new, replace(journey, node=index), was)
    else:
        walk(turn, journey, index)


def _stand(turn: Turn, old: Flow, new: Flow, journey: Journey, was: Node) -> None:
    """At the same step; perhaps it waits for something else now."""
    node = new.graph.nodes[journey.node]
    due: int | None = journey.due
    if isinstance(node, Send):
        due = turn.now if journey.held else due  # the limits may be others
    elif journey.due < NEVER and (
        _timing(was) != _timing(node) or turn.clock_of(old) is not turn.clock_of(new)
    ):
        due = _due(turn, old, new, journey, was, node)
    if due is None:
        assert isinstance(node, WaitUntilDate)
        walk(turn, journey, node.next)
    else:
        turn.stand(journey, due)


def _timing(node: Node) -> tuple[object, ...]:
    """What a wait's end goes by."""
    match node:
        case Wait():
            return node.duration, node.at
        case WaitUntilTime():
            return node.at, node.day
        case WaitUntilDate():
            return node.value, node.at
        case WaitFor() | WaitUntil():
            return (node.up_to,)
    return ()


def _due(turn: Turn, old: Flow, new: Flow, journey: Journey, was: Node, node: Node) -> int | None:
    """When a wait of the new version is over. None: it does not wait."""
    before, clock = turn.clock_of(old), turn.clock_of(new)
    match was, node:
        case Wait(), Wait():
            meant = _instead(journey.due, was.duration, before, node.duration, clock)
            if node.at is None:
                return meant
            on = datetime.combine(calendar.day(meant, clock), time.fromisoformat(node.at))
            return calendar.instant(on, clock)
        case (WaitFor() | WaitUntil(), WaitFor() | WaitUntil()):
            return _instead(journey.due, was.up_to, before, node.up_to, clock)
        case _, WaitUntilTime():
            return deadlines.of(node, turn.now, clock)
        case _, WaitUntilDate():
            outcome = look(new, journey.node, turn.scene(journey))
            if isinstance(outcome, Stands):
                return outcome.line.until
            turn.tell(journey, outcome.line)
            return None
    return journey.due


def _instead(due: int, was: Duration, before: ZoneInfo, is_: Duration, clock: ZoneInfo) -> int:
    """The end of a wait that began when one of `was` began which ends at `due`."""
    return calendar.add(calendar.add(due, was, before, -1), is_, clock)


def _renamed(journey: Journey, old: Flow, new: Flow, places: tuple[tuple[int, bool], ...]) -> Journey:
    """What the journey remembers by names of steps, by those of the new version. What was heard and counted
    at a step that is no more is forgotten: another may bear its name now."""
    names = {
        node.step: new.graph.nodes[index].step
        for node, (index, stays) in zip(old.graph.nodes, places, strict=True)
        if stays
    }
    sent = tuple(names.get(step, step) for step in journey.sent)
    visits = {names[step]: count for step, count in journey.visits.items() if step in names}
    again = {new.graph.nodes[index].step for index in new.again}
    for step in sent:
        if step in again and step not in visits:  # the key of that mail is used up
            visits[step] = sent.count(step)
    return replace(
        journey,
        sent=sent,
        visits=visits,
        received={names[step]: event for step, event in journey.received.items() if step in names},
        codes=_by_slot(journey.codes, names),
        given=_by_slot(journey.given, names),
    )


def _by_slot(kept: Mapping[str, V], names: Mapping[str, str]) -> dict[str, V]:
    found = {}
    for slot, value in kept.items():
        step, _, coupon = slot.partition("\0")
        found[f"{names.get(step, step)}\0{coupon}"] = value
    return found
