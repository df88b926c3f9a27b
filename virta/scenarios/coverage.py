"""Which steps and arms of the flows the scenarios reach, and which none does."""

from collections import Counter
from collections.abc import Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from dsl.graph import Finish, Graph, If, Node, Program, Split, WaitFor, WaitUntil
from dsl.wording.flows import node_words
from engine.core.bundle import Entry
from engine.core.record import What
from virta.scenarios.outcome import Reached


class Gap(Struct, frozen=True):
    """A step that no scenario reaches, or an arm of one that none takes. `words` is the step as the flow
    words it, `line` where it stands in `file`, from 1 (0: not known)."""

    step: str
    words: str
    arm: str = ""
    file: str = ""
    line: int = 0


class Covered(Struct, frozen=True):
    """How much of a flow the scenarios reach. Arms are those of splits, conditions and waits. `scenarios` is
    how many name the flow, which need not reach any of its steps."""

    flow: str
    steps: int
    reached: int
    arms: int
    taken: int
    gaps: tuple[Gap, ...]
    scenarios: int = 0


def reached_in(program: Program, journal: Iterable[Entry]) -> frozenset[Reached]:
    """What the journal of a contact tells of the steps that were met."""
    known = {(graph.flow, node.step): node for graph in program.flows for node in graph.nodes}
    found: set[Reached] = set()
    for entry in journal:
        node = known.get((entry.flow, entry.step))
        if node is not None:
            found.add(Reached(entry.flow, entry.step))
            arm = _arm(node, entry)
            if arm in arms_of(node):
                found.add(Reached(entry.flow, entry.step, arm))
    return frozenset(found)


def coverage(program: Program, reached: Iterable[Reached], named: Iterable[str] = ()) -> list[Covered]:
    """The flows by name, each with what is missing, in the order of its steps. `named`: the flows that the
    scenarios name, each as often as they do."""
    known, count = set(reached), Counter(named)
    flows = sorted(program.flows, key=lambda graph: graph.flow)
    return [replace(_covered(graph, known), scenarios=count[graph.flow]) for graph in flows]


def placed(covered: Covered, places: Mapping[tuple[str, str], tuple[str, int]]) -> Covered:
    """The same, each gap with its file and line, which `places` has by the names of flow and step."""
    gaps: list[Gap] = []
    for gap in covered.gaps:
        file, line = places.get((covered.flow, gap.step), ("", 0))
        gaps.append(replace(gap, file=file, line=line))
    return replace(covered, gaps=tuple(gaps))


def arms_of(node: Node) -> tuple[str, ...]:
    """The ways on from a step, where there is more than one."""
    match node:
        case If():
            return "yes", "no"
        case Split():
            return tuple(arm.label for arm in node.arms)
        case WaitFor():
            return (*(f"on {hear.event}" for hear in node.hears), "on timeout")
        case WaitUntil():
            return "on met", "on timeout"
    return ()


def _arm(node: Node, entry: Entry) -> str:
    match entry.what:
        case What.DECIDED | What.ARM:
            return entry.reason
        case What.HEARD:
            return f"on {entry.reason}"
        case What.MET:
            return "on met"
        case What.TIMED_OUT:
            return "on timeout"
    return ""


def _covered(graph: Graph, known: set[Reached]) -> Covered:
    gaps: list[Gap] = []
    reached = arms = taken = 0
    for node in graph.nodes:
        ways = arms_of(node)
        arms += len(ways)
        if Reached(graph.flow, node.step) not in known:
            gaps.append(Gap(node.step, _words(node)))
            continue
        reached += 1
        for way in ways:
            if Reached(graph.flow, node.step, way) in known:
                taken += 1
            else:
                gaps.append(Gap(node.step, _words(node), way))
    return Covered(graph.flow, len(graph.nodes), reached, arms, taken, tuple(gaps))


def _words(node: Node) -> str:
    match node:
        case Finish():
            return f"finish as {node.label}" if node.label else "finish"
        case If():
            return f"if {node_words(node)}"
    return node_words(node)
