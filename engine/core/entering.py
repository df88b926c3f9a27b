"""Who enters a flow: the rules of `start`, `enter` and `one journey per`."""

import hashlib
from bisect import bisect_left, bisect_right
from decimal import Decimal
from operator import attrgetter
from typing import Any
from zoneinfo import ZoneInfo

from dsl.graph import Entry, Graph
from engine.core import calendar, choice
from engine.core.bundle import Journey
from engine.core.calendar import NEVER
from engine.core.conditions import known
from engine.core.flow import Flow
from engine.core.record import Ground, What, Why
from engine.core.steps import walk
from engine.core.turn import Turn

_AT = attrgetter("at")


def enter(
    turn: Turn, flow: Flow, trigger: dict[str, Any], cause: str = "", grounds: tuple[Ground, ...] = ()
) -> None:
    """Start a journey, or write down why not. `cause` tells starts apart that one stimulus may bring;
    `grounds` decided that its event starts one."""
    graph = flow.graph
    per = ""
    if graph.journey_per is not None:
        value = known(trigger.get(graph.journey_per))
        if value is None:
            turn.note(graph.flow, "", "", What.NOT_ENTERED, Why.NO_VALUE)
            return
        per = _written(value)
    refusal = _refusal(turn, flow, per)
    if refusal is not None:
        turn.note(graph.flow, "", "", What.NOT_ENTERED, refusal)
        return
    started = trigger.get("at", turn.now)
    journey = Journey(
        id=journey_id(turn.stimulus.contact, graph.flow, turn.stimulus.id, per, cause or turn.cause),
        contact=turn.bundle.contact,
        flow=graph.flow,
        graph=graph.digest,
        node=0,
        due=NEVER,
        epoch=0,
        started=started,
        trigger_id=turn.occasion,
        trigger=trigger,
        per=per,
        beside=_beside(turn, started),
    )
    if flow.leave_when is not None and flow.leave_when.test(scene := turn.scene(journey, trigger or None)):
        grounds = flow.leave_grounds(scene, True)
        turn.note(graph.flow, "", "", What.NOT_ENTERED, Why.LEAVES_AT_ONCE, grounds=grounds)
        return
    turn.change(entered={**turn.bundle.entered, _slot(graph.flow, per): turn.now})
    turn.note(graph.flow, journey.id, "", What.ENTERED, grounds=grounds)
    if choice.held_out(graph, turn.bundle.contact):
        turn.note(graph.flow, journey.id, "", What.HELD_OUT)
    else:
        walk(turn, journey, 0)


def enter_by_request(turn: Turn, name: str) -> None:
    """Start a journey of the flow of that name, if it starts by request, or write down why not."""
    flow = turn.loaded.current.get(name)
    if flow is None or not flow.by_request:
        turn.note(name, "", "", What.NOT_ENTERED, Why.NOT_BY_REQUEST)
    else:
        enter(turn, flow, {})


def free_again(graph: Graph, last: int, zone: ZoneInfo) -> int:
    """From when on whoever entered at `last` may enter again; `NEVER` for a flow that is entered once."""
    if graph.entry is Entry.AGAIN and graph.again_after is not None:
        return calendar.add(last, graph.again_after, zone)
    return NEVER if graph.entry is Entry.ONCE else 0


def _refusal(turn: Turn, flow: Flow, per: str) -> Why | None:
    if turn.bundle.restricted is not None:
        return Why.RESTRICTED
    graph = flow.graph
    if any(journey.flow == graph.flow and journey.per == per for journey in turn.bundle.journeys):
        return Why.IN_FLOW
    last = turn.bundle.entered.get(_slot(graph.flow, per))
    if last is not None and turn.now < free_again(graph, last, turn.clock_of(flow)):
        return Why.ENTERED_BEFORE
    if graph.purpose == "marketing" and graph.topic is not None and graph.topic not in turn.bundle.agreed:
        return Why.NOT_SUBSCRIBED
    only_marketing = flow.topics and not flow.topics & turn.loaded.service_topics
    return Why.NOT_SUBSCRIBED if only_marketing and turn.bundle.silenced else None


def _beside(turn: Turn, started: int) -> dict[str, int]:
    """How many events are known to have happened at that very moment, also those of which only a later
    version of the flow asks."""
    counts = {
        event: bisect_right(window, started, key=_AT) - bisect_left(window, started, key=_AT)
        for event, window in turn.bundle.windows.items()
        if window and window[-1].at >= started
    }
    return {event: count for event, count in counts.items() if count}


def _slot(flow: str, per: str) -> str:
    return f"{flow}\0{per}" if per else flow


def _written(value: Any) -> str:
    """Equal values, equal words: 1 and 1.0 are one number, blanks around a text do not count."""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return str(value).strip()


def journey_id(contact: str, flow: str, stimulus: str, per: str = "", cause: str = "") -> str:
    """The id of the journey that a stimulus starts: the same when it is replayed."""
    text = f"{contact}\0{flow}\0{stimulus}\0{per}\0{cause}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]
