"""The instant at which a wait is over that begins now."""

from datetime import date, datetime, time

from dsl.graph import Wait, WaitFor, WaitUntilDate, WaitUntilTime
from engine.core import calendar
from engine.core.bundle import Journey
from engine.core.flow import Flow
from engine.core.record import What, Why
from engine.core.turn import Turn


def of(turn: Turn, node: Wait | WaitUntilTime | WaitFor) -> int:
    """Of a wait for a while, for a time of day or for an event."""
    match node:
        case Wait():
            due = calendar.add(turn.now, node.duration, turn.clock)
            return calendar.next_at(due, node.at, turn.clock) if node.at else due
        case WaitUntilTime():
            return calendar.next_at(turn.now + 1, node.at, turn.clock, node.day)
        case WaitFor():
            return calendar.add(turn.now, node.up_to, turn.clock)


def of_date(turn: Turn, flow: Flow, journey: Journey, node: WaitUntilDate) -> int | None:
    """Of a wait for a date or moment; None, and a line of the journal, if it does not lie ahead."""
    value = flow.values[journey.node](turn.scene(journey))
    due = None
    if value is not None:
        due = _moment(turn, value, node.at)
        if due > turn.now:
            return due
    why = Why.DATE_UNKNOWN if due is None else Why.DATE_PASSED
    turn.note(journey.flow, journey.id, node.step, What.PASSED, why)
    return None


def _moment(turn: Turn, value: date | int, at: str | None) -> int:
    if at is None:
        return calendar.midnight(value, turn.clock) if isinstance(value, date) else value
    day = value if isinstance(value, date) else calendar.day(value, turn.clock)
    return calendar.instant(datetime.combine(day, time.fromisoformat(at)), turn.clock)
