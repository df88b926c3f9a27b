"""Where people stand in a flow now, and how many have gone which way."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dsl.draw.marks import Mark
from dsl.graph import (
    END,
    Graph,
    If,
    Node,
    Repeat,
    Send,
    Split,
    WaitFor,
    WaitUntil,
)
from dsl.wording.flows import ways
from engine.core.bundle import Entry, Journey
from engine.core.record import What

Tally = Counter[tuple[str, str, str, str]]
"""How often the journal says what: by flow, step, word and reason."""


@dataclass(frozen=True, slots=True)
class Place:
    """One journey at one step. `due` is the next deadline (ms UTC), if any; `per` is the value that tells the
    journeys of one person apart, where the flow has one."""

    contact: str
    journey: str
    due: int
    per: str = ""


@dataclass(frozen=True, slots=True)
class StepFigures:
    """What a step has seen: mails of a send (`sent`, None for other steps; `skipped`, `unknown`), and how
    many have gone on (`passed`), None for a wait of whose end the journal does not tell."""

    sent: int | None = None
    skipped: int = 0
    unknown: int = 0
    passed: int | None = None


def tally(journal: Iterable[Entry]) -> Tally:
    """The journal, counted."""
    return Counter((entry.flow, entry.step, entry.what, entry.reason) for entry in journal)


def places(flow: Graph, journeys: Iterable[Journey], graphs: Mapping[str, Graph]) -> dict[str, list[Place]]:
    """Who stands at which step of `flow`, by the step's name. Journeys of an earlier version stand at the
    step of the same name, and under an empty name if it has none any more."""
    names = {node.step for node in flow.nodes}
    found: dict[str, list[Place]] = {}
    for journey in journeys:
        if journey.flow == flow.flow:
            step = graphs[journey.graph].nodes[journey.node].step if journey.graph in graphs else ""
            place = Place(journey.contact, journey.id, journey.due, journey.per)
            found.setdefault(step if step in names else "", []).append(place)
    return found


def crowds(
    flow: Graph, people: Mapping[tuple[str, str, int], int], graphs: Mapping[str, Graph]
) -> Counter[str]:
    """How many stand at which step of `flow`, as `places` names them; by how many there are at the nodes of
    which graph."""
    names = {node.step for node in flow.nodes}
    found: Counter[str] = Counter()
    for (name, graph, index), count in people.items():
        if name == flow.flow:
            step = graphs[graph].nodes[index].step if graph in graphs else ""
            found[step if step in names else ""] += count
    return found


def arms(flow: Graph, counted: Tally) -> dict[tuple[str, str], int]:
    """How many went along each arm: by step and the arm's word (`yes`, `no`, `met`, `timeout`, an event, a
    split's label)."""
    found: dict[tuple[str, str], int] = {}
    for node in flow.nodes:
        match node:
            case If():
                ways_ = {word: (What.DECIDED, word) for word in ("yes", "no")}
            case Split():
                ways_ = {arm.label: (What.ARM, arm.label) for arm in node.arms}
            case WaitFor():
                ways_ = {hear.event: (What.HEARD, hear.event) for hear in node.hears}
                ways_["timeout"] = (What.TIMED_OUT, "")
            case Repeat():
                ways_ = {"done": (What.ROUND, "over")}
            case WaitUntil():
                ways_ = {"met": (What.MET, ""), "timeout": (What.TIMED_OUT, "")}
            case _:
                continue
        for word, (what, reason) in ways_.items():
            found[node.step, word] = counted[flow.flow, node.step, what, reason]
        if isinstance(node, Repeat):
            found[node.step, "again"] = _count(flow, node, counted, What.ROUND) - found[node.step, "done"]
    return found


def steps(flow: Graph, counted: Tally) -> dict[str, StepFigures]:
    """The figures of every step, by its name."""
    taken = arms(flow, counted)
    into = Counter(target for node in flow.nodes for _, target in ways(node) if target != END)
    return {node.step: _figures(flow, node, counted, taken, into) for node in flow.nodes}


def marks(figures: Mapping[str, StepFigures], standing: Mapping[str, int]) -> dict[str, Mark]:
    """What a drawing of a flow tells of its people, by step; from what `steps` and `crowds` give."""
    return {step: Mark(standing.get(step, 0), _told(each)) for step, each in figures.items()}


def _told(figures: StepFigures) -> str:
    if figures.sent is not None:
        skipped = f", {figures.skipped:,} skipped" if figures.skipped else ""
        return f"{figures.sent:,} mailed{skipped}"
    return f"{figures.passed:,} passed" if figures.passed is not None else ""


def _figures(
    flow: Graph,
    node: Node,
    counted: Tally,
    taken: Mapping[tuple[str, str], int],
    into: Mapping[int, int],
) -> StepFigures:
    sent, skipped, unknown = (_count(flow, node, counted, what) for what in _MAILS)
    if isinstance(node, Send):
        return StepFigures(sent, skipped, unknown, sent + skipped + unknown)
    along = [count for (step, _), count in taken.items() if step == node.step]
    if along:
        return StepFigures(passed=sum(along))
    targets = [target for _, target in ways(node)]
    if len(targets) == 1 and targets[0] != END and into[targets[0]] == 1:
        return StepFigures(passed=_arrived(flow, flow.nodes[targets[0]], counted, taken))
    return StepFigures()


_MAILS = (What.SENT, What.SKIPPED, What.UNKNOWN)


def _arrived(flow: Graph, node: Node, counted: Tally, taken: Mapping[tuple[str, str], int]) -> int | None:
    """How many have come to a step, if the journal says so."""
    match node:
        case Send():
            return sum(_count(flow, node, counted, what) for what in _MAILS)
        case WaitFor():
            return _count(flow, node, counted, What.WAITS)
        case If() | Split():
            return sum(count for (step, _), count in taken.items() if step == node.step)
        case _:
            return None


def _count(flow: Graph, node: Node, counted: Tally, what: What) -> int:
    return sum(count for (_, step, said, _), count in _of(flow, counted) if (step, said) == (node.step, what))


def _of(flow: Graph, counted: Tally) -> Sequence[tuple[tuple[str, str, str, str], int]]:
    return [item for item in counted.items() if item[0][0] == flow.flow]
