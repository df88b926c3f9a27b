"""The program as a scenario plays it: rewritten, so that the engine needs no word for scenarios."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from msgspec.structs import replace

from dsl.graph import Arm, Finish, Graph, Node, Program, Split
from dsl.graph.scenario import Choice, Scenario
from engine.core.bundle import Entry
from engine.core.record import What

_MARK = "\0"
"""Parts the label of a `finish` from its name, which the journal has no room for."""

_ALL, _NONE = Decimal(100), Decimal(0)


def staged(program: Program, scenario: Scenario) -> Program:
    """Only the flows that the scenario names; in them nobody is held out and every split is decided: by
    `choose`, else for its first arm."""
    chosen = {choice.split: choice.label for choice in scenario.choices}
    flows = (graph for graph in program.flows if graph.flow in scenario.flows)
    return replace(program, flows=tuple(_decided(graph, chosen) for graph in flows))


def standing_still(program: Program) -> Program:
    """The same flows, and nothing starts any."""
    return replace(program, flows=tuple(replace(graph, starts=()).sealed() for graph in program.flows))


def unknown_choices(program: Program, choices: Sequence[Choice]) -> list[Choice]:
    """Those that no split of the program has an arm for."""
    splits = [node for graph in program.flows for node in graph.nodes if isinstance(node, Split)]
    known = {(split.step, arm.label) for split in splits for arm in split.arms}
    return [choice for choice in choices if (choice.split, choice.label) not in known]


def readable(entries: Iterable[Entry]) -> list[Entry]:
    """The journal's lines with the mark taken off: a line that tells of an end names its `finish`."""
    return [_unmarked(entry) if _MARK in entry.reason else entry for entry in entries]


def _decided(graph: Graph, chosen: Mapping[str, str]) -> Graph:
    nodes = tuple(_node(node, chosen) for node in graph.nodes)
    return replace(graph, nodes=nodes, holdout=_NONE).sealed()


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
