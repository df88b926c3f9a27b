"""The table of a flow: who entered, what was sent and skipped, how journeys ended, what it led to."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from zoneinfo import ZoneInfo

from dsl.graph import Goal, Graph, Money
from engine.core import calendar
from engine.core.bundle import Bundle, Entry
from engine.core.conditions import Scene, condition
from engine.core.record import What, Why
from engine.insight.holdout import Comparison, compared
from engine.store.store import Received

_UTC = ZoneInfo("UTC")
_WORTH = "total"
"""The field of a goal event that says what it was worth."""


@dataclass(slots=True)
class FlowFigures:
    """Counts of journeys and mails of one flow. `not_entered`, `skipped` and `left` are by reason; `waiting`
    journeys are under way. Of those that entered, `held_out` took no step. `converted` counts journeys that
    reached the goal, None where there is none; `revenue` is what those goal events were worth, by currency.
    `compared` has both sides of a holdout, where the flow has a goal and anybody was held out."""

    flow: str
    entered: int = 0
    not_entered: Counter[str] = field(default_factory=Counter)
    sent: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    unknown: int = 0
    left: Counter[str] = field(default_factory=Counter)
    finished: int = 0
    held_out: int = 0
    compared: Comparison | None = None
    converted: int | None = None
    revenue: dict[str, Decimal] = field(default_factory=dict)

    @property
    def not_reachable(self) -> int:
        """People who had not agreed to the flow's topic when it would have started for them."""
        return self.not_entered[Why.NOT_SUBSCRIBED]

    @property
    def waiting(self) -> int:
        return self.entered - self.held_out - self.finished - self.left.total()


@dataclass(frozen=True, slots=True)
class Conversion:
    """A goal event that is credited to a journey. `after` is the moment of the mail, `at` that of the event
    (ms UTC); `worth` is None where the event names no total."""

    contact: str
    flow: str
    journey: str
    event: str
    after: int
    at: int
    worth: Money | None


def figures(
    flows: Sequence[Graph], journal: Iterable[Entry], history: Iterable[Received], clock: ZoneInfo = _UTC
) -> list[FlowFigures]:
    """One table row per flow, by name. `journal` and `history` come in order of time; the days of a goal are
    those of the flow's own clock, else of `clock`."""
    lines = list(journal)
    table = {graph.flow: FlowFigures(graph.flow) for graph in sorted(flows, key=lambda graph: graph.flow)}
    for (flow, what, reason), count in Counter((e.flow, e.what, e.reason) for e in lines).items():
        row = table.get(flow)
        if row is not None:
            _add(row, what, reason, count)
    events = list(history)
    for graph in flows:
        if graph.goal is not None:
            row = table[graph.flow]
            row.converted = 0
            goal, test = graph.goal, _test(graph.goal)
            reached = partial(_reached, goal, test)
            row.compared = compared(graph, goal, lines, events, reached, _clock(graph, clock))
    for conversion in conversions(flows, lines, events, clock):
        row = table[conversion.flow]
        row.converted = (row.converted or 0) + 1
        if conversion.worth is not None:
            amount, currency = conversion.worth.amount, conversion.worth.currency
            row.revenue[currency] = row.revenue.get(currency, Decimal(0)) + amount
    return list(table.values())


def _add(row: FlowFigures, what: str, reason: str, count: int) -> None:
    match what:
        case What.ENTERED:
            row.entered += count
        case What.NOT_ENTERED:
            row.not_entered[reason] += count
        case What.SENT | What.ARRIVED:
            row.sent += count
        case What.RESENT if not reason:
            row.sent += count
        case What.SKIPPED:
            row.skipped[reason] += count
        case What.UNKNOWN:
            row.unknown += count
        case What.LEFT:
            row.left[reason] += count
        case What.FINISHED:
            row.finished += count
        case What.HELD_OUT:
            row.held_out += count


def conversions(
    flows: Sequence[Graph], journal: Iterable[Entry], history: Iterable[Received], clock: ZoneInfo = _UTC
) -> list[Conversion]:
    """The goal events that count, in order of time.

    One counts for the journey whose mail was the last that the person had got from any flow, if that flow has
    this goal and the mail was at most D ago; of several for one journey the first (docs/language.md,
    "Goals"). A mail handed over at the very moment of the event is its answer, and not its cause.
    """
    goals = {graph.flow: graph.goal for graph in flows if graph.goal is not None}
    tests = {flow: _test(goal) for flow, goal in goals.items()}
    clocks = {graph.flow: _clock(graph, clock) for graph in flows}
    wanted = {goal.event for goal in goals.values()}
    mails = _mails(journal)
    found: dict[str, Conversion] = {}
    for happened in history:
        if happened.kind not in wanted or happened.contact not in mails:
            continue
        moments, sent = mails[happened.contact]
        place = bisect_left(moments, happened.at)
        if not place:
            continue
        last = sent[place - 1]
        goal = goals.get(last.flow)
        if goal is None or last.journey in found or not _reached(goal, tests[last.flow], happened):
            continue
        if calendar.add(last.at, goal.within, clocks[last.flow]) >= happened.at:
            worth = happened.data.get(_WORTH)
            found[last.journey] = Conversion(
                happened.contact,
                last.flow,
                last.journey,
                happened.kind,
                last.at,
                happened.at,
                worth if isinstance(worth, Money) else None,
            )
    return list(found.values())


def _mails(journal: Iterable[Entry]) -> Mapping[str, tuple[list[int], list[Entry]]]:
    """What each contact was sent, with its moments, in order of time."""
    mails: dict[str, tuple[list[int], list[Entry]]] = {}
    for entry in journal:
        if entry.what == What.SENT:
            moments, sent = mails.setdefault(entry.contact, ([], []))
            moments.append(entry.at)
            sent.append(entry)
    return mails


def _clock(graph: Graph, clock: ZoneInfo) -> ZoneInfo:
    """The flow's own clock, or that of the project."""
    return (calendar.zone(graph.time_zone) if graph.time_zone else None) or clock


def _test(goal: Goal) -> Callable[[Scene], bool] | None:
    return None if goal.where is None else condition(goal.where)


def _reached(goal: Goal, test: Callable[[Scene], bool] | None, happened: Received) -> bool:
    if goal.event != happened.kind:
        return False
    event = {**happened.data, "at": happened.at}
    return test is None or test(Scene(Bundle(happened.contact), happened.at, _UTC, None, event))
