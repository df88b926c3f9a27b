"""Waits: when each is over, and what ends one early."""

from typing import Any

from dsl.graph import WaitUntil
from engine.core import boundary
from engine.core.alone import behind
from engine.core.bundle import Journey, replace
from engine.core.calendar import NEVER
from engine.core.flow import Flow
from engine.core.record import What
from engine.core.steps import walk
from engine.core.turn import Turn


def fired(turn: Turn, journey: Journey) -> None:
    """The deadline of the wait at which a journey stands has come; a condition that is met wins over it."""
    flow = turn.flow(journey)
    node = flow.graph.nodes[journey.node]
    if isinstance(node, WaitUntil) and _met(turn, flow, journey):
        return
    found = behind(node)
    if found is not None:
        index, lines = found
        for line in lines:
            if isinstance(node, WaitUntil):
                line = replace(line, grounds=flow.grounds[journey.node](turn.scene(journey), False))
            turn.tell(journey, line)
        walk(turn, journey, index)


def hear(turn: Turn, journey: Journey, name: str, event: dict[str, Any]) -> None:
    """Let a journey that waits for this event go on by it."""
    flow = turn.flow(journey)
    if event["at"] > journey.due:  # its time was up before this happened; the timer is on its way
        return
    for heard, listener in flow.hears.get(journey.node, ()):
        if heard.event != name:
            continue
        scene = turn.scene(journey, event)
        if listener.test is None or listener.test(scene):
            step = flow.graph.nodes[journey.node].step
            grounds = listener.grounds(scene, True)
            turn.note(journey.flow, journey.id, step, What.HEARD, name, grounds=grounds)
            received = {**journey.received, step: event}
            walk(turn, replace(journey, received=received), heard.next)
            return


def meet(turn: Turn) -> bool:
    """Let every journey go on whose condition is met; whether there was one."""
    moved = False
    for journey in turn.bundle.journeys:
        flow = turn.flow(journey)
        if journey.node in flow.awaited and turn.journey(journey.id) is journey:
            moved |= _met(turn, flow, journey)
    return moved


def run_out(turn: Turn, before: int) -> None:
    """End the waits for conditions whose time was up before what now happens."""
    for journey in turn.bundle.journeys:
        if journey.due < before and journey.node in turn.flow(journey).awaited:
            turn.due = journey.due
            fired(turn, journey)


def boundaries(turn: Turn) -> int:
    """When time alone may next move a journey by a condition."""
    earliest = NEVER
    for journey in turn.bundle.journeys:
        flow = turn.flow(journey)
        if flow.watches:
            scene = turn.scene(journey)
            for awaited in (flow.leave_when, flow.awaited.get(journey.node)):
                if awaited is not None:
                    earliest = min(earliest, boundary.next_turn(awaited.test, awaited.boundaries, scene))
    return earliest


def _met(turn: Turn, flow: Flow, journey: Journey) -> bool:
    node = flow.graph.nodes[journey.node]
    assert isinstance(node, WaitUntil)
    scene = turn.scene(journey)
    if not flow.awaited[journey.node].test(scene):
        return False
    grounds = flow.grounds[journey.node](scene, True)
    turn.note(journey.flow, journey.id, node.step, What.MET, grounds=grounds)
    walk(turn, journey, node.on_met)
    return True
