"""What ends a journey before its end: `leave on`, `leave when`, a topic that is over."""

from collections.abc import Callable
from typing import Any

from engine.core import calendar
from engine.core.bundle import Cancelled
from engine.core.flow import Flow
from engine.core.record import What, Why
from engine.core.turn import Turn


def on_event(turn: Turn, name: str, event: dict[str, Any]) -> None:
    """End the journeys that leave on this event."""
    for journey in turn.bundle.journeys:
        for listener in turn.flow(journey).leaves:
            if listener.event != name:
                continue
            scene = turn.scene(journey, event)
            if listener.test is None or listener.test(scene):
                turn.end(journey, What.LEFT, name, listener.grounds(scene, True))
                break


def when_true(turn: Turn) -> bool:
    """End the journeys whose `leave when` is true; whether there was one."""
    left = False
    for journey in turn.bundle.journeys:
        flow = turn.flow(journey)
        if flow.leave_when is not None and flow.leave_when.test(scene := turn.scene(journey)):
            turn.end(journey, What.LEFT, Why.CONDITION, flow.leave_grounds(scene, True))
            left = True
    return left


def all_of(turn: Turn, concerned: Callable[[Flow], bool], reason: str) -> None:
    """End the journeys of the flows that are concerned."""
    for journey in turn.bundle.journeys:
        if concerned(turn.flow(journey)):
            turn.end(journey, What.LEFT, reason)


def by_order(turn: Turn, order: Cancelled) -> None:
    """End what the operator cancels. The mail with which a journey stands does not count as one that it has
    sent while it is open: it is called back."""
    for journey in turn.bundle.journeys:
        flow = turn.flow(journey)
        if journey.flow != order.flow:
            continue
        began = calendar.day(journey.started, turn.clock_of(flow)).isoformat()
        mails = len(journey.sent) - (journey.mail in turn.stimulus.open)
        if (not mails or order.mailed) and order.issue in ("", began):
            turn.end(journey, What.LEFT, Why.CANCELLED)
