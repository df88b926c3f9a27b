"""How soon a person can enter a flow again."""

from dataclasses import dataclass

from dsl.bounds.moves import DAY, HOUR, SHORT_MONTH, WEEK, Clock, least_seconds
from dsl.bounds.showing import entry_clock
from dsl.graph import Entry, Graph, Start, StartAt, StartEvery, StartOnDate, StartOnEvent
from dsl.wording.flows import start_words

_YEAR = 365 * DAY


@dataclass(frozen=True, slots=True)
class Entering:
    """`period` seconds pass at the least from one entry to the next, None: nobody enters twice.
    `side_by_side` says why there is no bound on the journeys of one person, and is empty where they have one
    at a time. `leaving`: a journey can be over behind each of its mails. `clock` is what it shows at an
    entry. `again` names what brings people back."""

    period: int | None
    side_by_side: str
    leaving: bool
    clock: Clock | None
    again: str


def entering(graph: Graph) -> Entering:
    """The rules of a flow's head. Dates of contacts count as if they never changed, and nobody withdraws to
    sign up again."""
    again = ", or ".join(f"start {start_words(start)}" for start in graph.starts)
    leaving = bool(graph.leaves) or graph.leave_when is not None
    side_by_side = ""
    if graph.journey_per is not None:
        side_by_side = f"each {graph.journey_per} of {_events(graph)} starts a journey of its own"
    return Entering(_period(graph), side_by_side, leaving, entry_clock(graph.starts), again)


def _events(graph: Graph) -> str:
    return " or ".join(
        dict.fromkeys(start.event for start in graph.starts if isinstance(start, StartOnEvent))
    )


def _period(graph: Graph) -> int | None:
    if graph.entry is Entry.ONCE:
        return None
    starts = [_start_period(start) for start in graph.starts]
    if all(period is None for period in starts) and len(starts) == 1:
        return None
    # two starts may come at one moment, however far apart the times of each are
    period = (starts[0] or 0) if len(starts) == 1 else 0
    if graph.again_after is not None:
        again = least_seconds(graph.again_after)
        period = max(period, again - (HOUR if graph.again_after.seconds else 0))
    return period


def _start_period(start: Start) -> int | None:
    """The least seconds between two such starts; None: there is but one."""
    match start:
        case StartEvery(weekday=weekday) if weekday is not None:
            return WEEK
        case StartEvery(month_day=day):
            return DAY if day is None else SHORT_MONTH * DAY
        case StartAt():
            return None
        case StartOnDate(every_year=yearly):
            return _YEAR if yearly else None
    return 0
