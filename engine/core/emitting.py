"""What a journey sets off beside itself: events (`emit`) and other flows (`start flow`). Both are worked on
when all that follows from the present event is done, in the order in which they were asked for."""

from typing import Any

from dsl.graph import Emit, StartFlow
from engine.core import keeping, mailing
from engine.core.bundle import Effect, EventBody, Happened, Journey, Requested
from engine.core.flow import Flow
from engine.core.record import What, Why
from engine.core.turn import Turn

MOST = 1000
"""So many events and starts may follow from one stimulus. The compiler refuses flows that set each other off
for ever; journeys on an earlier version and flows of the present one may still do so together."""


def emit(turn: Turn, flow: Flow, journey: Journey, node: Emit) -> Journey:
    """Have an event happen to the contact, with what is known of its fields in their declared types."""
    found = mailing.given(turn, flow, journey, node.step)
    if found is None:
        return journey
    journey, values = found
    if not turn.may_follow(MOST):
        turn.note(journey.flow, journey.id, node.step, What.NOT_EMITTED, Why.ENDLESS)
        return journey
    journey, key = mailing.visit(turn, flow, journey, node.step)
    data = _fitting(turn, flow, node.event, values)
    body = EventBody(journey.flow, journey.id, node.step, turn.now, node.event, data)
    turn.ask(Effect(key, journey.contact, "event", body))
    turn.note(journey.flow, journey.id, node.step, What.EMITTED, node.event)
    turn.following.append((key, Happened(node.event, data)))
    return journey


def start_flow(turn: Turn, flow: Flow, journey: Journey, node: StartFlow) -> Journey:
    """Have another flow start for the contact, by its own rules."""
    if not turn.may_follow(MOST):
        turn.note(node.flow, "", "", What.NOT_ENTERED, Why.ENDLESS)
        return journey
    journey, key = mailing.visit(turn, flow, journey, node.step)
    turn.note(journey.flow, journey.id, node.step, What.STARTED, node.flow)
    turn.following.append((key, Requested(node.flow)))
    return journey


def _fitting(turn: Turn, flow: Flow, event: str, values: dict[str, Any]) -> dict[str, Any]:
    kinds = turn.loaded.events.get(event, {})
    clock = turn.clock_of(flow)
    found = {name: keeping.fitting(kinds.get(name), value, clock) for name, value in values.items()}
    return {name: value for name, value in found.items() if value is not None}
