"""What all flows of a project can send to one person together."""

from collections.abc import Collection
from dataclasses import dataclass

from dsl.bounds.caps import Let, caps_of_topic, fewest_a_day, let_through, tightest
from dsl.bounds.flow import WINDOWS, Peak, peak
from dsl.graph import Graph, Program, Send


@dataclass(frozen=True, slots=True)
class Together:
    """The most mails of several flows in a day, a week from Monday on and any 30 days. The names in the paths
    are `FLOW: STEP`. Each flow counts at its most, as if their worst windows fell together."""

    name: str
    flows: tuple[str, ...]
    day: Peak
    week: Peak
    month: Peak


def of_topic(name: str, program: Program) -> Together:
    """Over all flows, the mails on one topic; a topic that nobody declares has none."""
    return _together(name, {name}, program)


def of_marketing(program: Program) -> Together:
    """Over all flows and topics, the mails for marketing."""
    marketing = {topic.name for topic in program.topics if topic.purpose == "marketing"}
    return _together("all marketing", marketing, program)


def _together(name: str, topics: Collection[str], program: Program) -> Together:
    flows = tuple(graph for graph in program.flows if _sends(graph, topics))
    day, week, month = (_peak(flows, topics, program, days) for days in WINDOWS)
    return Together(name, tuple(graph.flow for graph in flows), day, week, month)


def _peak(flows: Collection[Graph], topics: Collection[str], program: Program, days: int) -> Peak:
    peaks = {graph.flow: peak(graph, program, days, topics) for graph in flows}
    mails = _sum([each.mails for each in peaks.values()])
    path = tuple(f"{flow}: {step}" for flow, each in peaks.items() for step in each.path)
    why = "; ".join(f"{flow}: {each.why}" for flow, each in peaks.items() if each.why)
    declared = [topic for topic in program.topics if topic.name in topics]
    marketing = bool(declared) and all(topic.purpose == "marketing" for topic in declared)
    per_day = fewest_a_day(program.limits.caps) if marketing else None
    lets = [let_through(program.limits.caps, "the project's", days, per_day)] if marketing else []
    if len(declared) == 1:
        lets.append(let_through(caps_of_topic(declared[0]), f"topic `{declared[0].name}`'s", days, per_day))
    let = tightest([*lets, Let(_sum([each.let_through for each in peaks.values()]))])
    cut = let.mails is not None and (mails is None or let.mails < mails)
    return Peak(mails, path, why, let.mails, let.by if cut else "")


def _sum(numbers: Collection[int | None]) -> int | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if len(known) == len(numbers) else None


def _sends(graph: Graph, topics: Collection[str]) -> bool:
    return any(isinstance(node, Send) and node.topic in topics for node in graph.nodes)
