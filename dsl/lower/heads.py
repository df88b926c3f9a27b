"""What the graph calls starts, ways to leave and goals. Only for projects without errors."""

from typing import cast

from dsl import graph
from dsl.draft import Draft
from dsl.graph import Entry
from dsl.lower.values import condition, value
from dsl.meaning.scope import Scope
from dsl.meaning.until import WEEKDAYS
from dsl.nodes.heads import (
    GoalLine,
    LeaveOn,
    Start,
    StartAt,
    StartByRequest,
    StartEvery,
    StartOnDate,
    StartOnEvent,
    StartOnSegment,
)


def usual_entry(starts: tuple[graph.Start, ...]) -> Entry:
    """Who may enter where no line says: a start of every year or every week means each time."""
    again = any(
        isinstance(start, graph.StartEvery) or (isinstance(start, graph.StartOnDate) and start.every_year)
        for start in starts
    )
    return Entry.EVERY_TIME if again else Entry.ONCE


def start(head: Start, draft: Draft) -> graph.Start:
    """What begins a journey."""
    match head:
        case StartOnEvent():
            return graph.StartOnEvent(head.event.text, where(head, draft.outside()))
        case StartOnSegment():
            return graph.StartOnSegment(head.segment.text, head.joining)
        case StartOnDate():
            return graph.StartOnDate(
                value(head.value, draft.outside()), head.at or "", head.every_year, head.offset, head.before
            )
        case StartEvery():
            return graph.StartEvery(
                head.segment.text if head.segment else "",
                head.at or "",
                cast(graph.Weekday, head.day.text) if head.day.text in WEEKDAYS else None,
                int(head.number) if head.number is not None else None,
            )
        case StartAt():
            return graph.StartAt(head.segment.text if head.segment else "", head.local or "")
        case StartByRequest():
            return graph.StartByRequest()


def where(head: StartOnEvent | LeaveOn | GoalLine, scope: Scope) -> graph.Condition | None:
    """The condition behind `where` of a header line."""
    if head.where is None:
        return None
    return condition(head.where, scope.under(scope.names.events[head.event.text]))
