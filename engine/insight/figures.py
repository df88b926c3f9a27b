"""The table of a flow: who entered, what was sent and skipped, how journeys ended, what it led to."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from dsl.graph import Goal, Graph
from engine.core import calendar
from engine.core.bundle import Bundle, Entry
from engine.core.conditions import Scene, condition
from engine.core.record import What, Why
from engine.store.store import Received

_UTC = calendar.zone("UTC")


@dataclass(slots=True)
class FlowFigures:
    """Counts of journeys and mails of one flow. `not_entered`, `skipped` and `left` are by reason; `waiting`
    journeys are under way. `converted` counts journeys that reached the goal, None where there is none."""

    flow: str
    entered: int = 0
    not_entered: Counter[str] = field(default_factory=Counter)
    sent: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    unknown: int = 0
    left: Counter[str] = field(default_factory=Counter)
    finished: int = 0
    converted: int | None = None

    @property
    def not_reachable(self) -> int:
        """People who had not agreed to the flow's topic when it would have started for them."""
        return self.not_entered[Why.NOT_SUBSCRIBED]

    @property
    def waiting(self) -> int:
        return self.entered - self.finished - self.left.total()


def figures(
    flows: Sequence[Graph], journal: Iterable[Entry], history: Iterable[Received]
) -> list[FlowFigures]:
    """One table row per flow, by name. `journal` and `history` come in order of time."""
    table = {graph.flow: FlowFigures(graph.flow) for graph in sorted(flows, key=lambda graph: graph.flow)}
    mails: dict[str, list[Entry]] = {}
    for entry in journal:
        row = table.get(entry.flow)
        if row is None:
            continue
        match entry.what:
            case What.ENTERED:
                row.entered += 1
            case What.NOT_ENTERED:
                row.not_entered[entry.reason] += 1
            case What.SENT:
                row.sent += 1
                mails.setdefault(entry.contact, []).append(entry)
            case What.SKIPPED:
                row.skipped[entry.reason] += 1
            case What.UNKNOWN:
                row.unknown += 1
            case What.LEFT:
                row.left[entry.reason] += 1
            case What.FINISHED:
                row.finished += 1
    goals = {graph.flow: graph.goal for graph in flows if graph.goal is not None}
    for flow in goals:
        if flow in table:
            table[flow].converted = 0
    for flow, count in _conversions(goals, mails, history).items():
        table[flow].converted = count
    return list(table.values())


def _conversions(
    goals: dict[str, Goal], mails: dict[str, list[Entry]], history: Iterable[Received]
) -> dict[str, int]:
    """A goal event credits the flow that mailed last before it, if that flow has this goal and the mail was
    at most D ago; once per journey."""
    tests = {flow: None if goal.where is None else condition(goal.where) for flow, goal in goals.items()}
    wanted = {goal.event for goal in goals.values()}
    converted: set[tuple[str, str]] = set()
    assert _UTC is not None
    for happened in history:
        if happened.kind not in wanted:
            continue
        sent = mails.get(happened.contact, [])
        place = bisect_left(
            sent, happened.at, key=lambda entry: entry.at
        )  # a mail at that instant is its answer
        if not place:
            continue
        last = sent[place - 1]
        goal = goals.get(last.flow)
        if goal is None or goal.event != happened.kind:
            continue
        test = tests[last.flow]
        scene = Scene(Bundle(happened.contact), happened.at, _UTC, None, {**happened.data, "at": happened.at})
        in_time = calendar.add(last.at, goal.within, _UTC) >= happened.at
        if in_time and (test is None or test(scene)):
            converted.add((last.flow, last.journey))
    counts = Counter(flow for flow, _ in converted)
    return dict(counts)
