"""The program as a scenario plays it: rewritten, so that the engine needs no word for scenarios."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from msgspec.structs import replace

from dsl.graph import Arm, EventNeed, Finish, Graph, Node, Program, Split
from dsl.graph.scenario import ExpectHolds, Scenario
from dsl.lower.needs import needs_of
from engine.core.bundle import Entry
from engine.core.record import What

_MARK = "\0"
"""Parts the label of a `finish` from its name, which the journal has no room for."""

_ALL, _NONE = Decimal(100), Decimal(0)


def staged(program: Program, scenario: Scenario) -> Program:
    """Only the flows that the scenario names; in them nobody is held out and every split is decided: by
    `choose`, else for its first arm. What the scenario asks of the past is remembered."""
    chosen = {choice.split: choice.label for choice in scenario.choices}
    asked = needs_of(line.does.test for line in scenario.lines if isinstance(line.does, ExpectHolds))
    flows = (graph for graph in program.flows if graph.flow in scenario.flows)
    return replace(program, flows=tuple(_decided(graph, chosen, asked.events) for graph in flows))


def standing_still(program: Program) -> Program:
    """The same flows, and nothing starts any."""
    return replace(program, flows=tuple(replace(graph, starts=()).sealed() for graph in program.flows))


def readable(entries: Iterable[Entry]) -> list[Entry]:
    """The journal's lines with the mark taken off: a line that tells of an end names its `finish`."""
    return [_unmarked(entry) if _MARK in entry.reason else entry for entry in entries]


def _decided(graph: Graph, chosen: Mapping[str, str], asked: tuple[EventNeed, ...]) -> Graph:
    nodes = tuple(_node(node, chosen) for node in graph.nodes)
    needs = replace(graph.needs, events=graph.needs.events + asked)
    return replace(graph, nodes=nodes, holdout=_NONE, needs=needs).sealed()


def _node(node: Node, chosen: Mapping[str, str]) -> Node:
    match node:
        case Split():
            taken = chosen.get(node.step, node.arms[0].label)
            return replace(node, arms=tuple(_weighed(arm, taken) for arm in node.arms), winner=None)
        case Finish():
            return replace(node, label=f"{node.label}{_MARK}{node.step}")
    return node


def _weighed(arm: Arm, taken: str) -> Arm:
    return replace(arm, weight=_ALL if arm.label == taken else _NONE)


def _unmarked(entry: Entry) -> Entry:
    label, _, step = entry.reason.partition(_MARK)
    return replace(entry, reason=label, step=step if entry.what == What.FINISHED else entry.step)
