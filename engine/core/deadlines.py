"""The instant at which a wait is over that begins now."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from dsl.graph import Wait, WaitFor, WaitUntilDate, WaitUntilTime
from engine.core import calendar
from engine.core.bundle import Journey
from engine.core.flow import Flow
from engine.core.record import What, Why
from engine.core.turn import Turn


def of(turn: Turn, flow: Flow, node: Wait | WaitUntilTime | WaitFor) -> int:
    """Of a wait for a while, for a time of day or for an event, on the flow's clock."""
    clock = turn.clock_of(flow)
    match node:
        case Wait():
            due = calendar.add(turn.now, node.duration, clock)
            return calendar.next_at(due, node.at, clock) if node.at else due
        case WaitUntilTime():
            return calendar.next_at(turn.now + 1, node.at, clock, node.day)
        case WaitFor():
            return calendar.add(turn.now, node.up_to, clock)


def of_date(turn: Turn, flow: Flow, journey: Journey, node: WaitUntilDate) -> int | None:
    """Of a wait for a date or moment; None, and a line of the journal, if it does not lie ahead."""
    value = flow.values[journey.node](turn.scene(journey))
    due = None
    if value is not None:
        due = _moment(value, node.at, turn.clock_of(flow))
        if due > turn.now:
            return due
    why = Why.DATE_UNKNOWN if due is None else Why.DATE_PASSED
    turn.note(journey.flow, journey.id, node.step, What.PASSED, why)
    return None


def _moment(value: date | int, at: str | None, clock: ZoneInfo) -> int:
    if at is None:
        return calendar.midnight(value, clock) if isinstance(value, date) else value
    day = value if isinstance(value, date) else calendar.day(value, clock)
    return calendar.instant(datetime.combine(day, time.fromisoformat(at)), clock)
