"""What stands over each flow: how many mails it comes to, and how many scenarios play it."""

from lsprotocol.types import CodeLens, Command

from dsl.bounds import of_flow, sentence
from dsl.nodes.flows import Flow
from virta.language_server.snapshot import Snapshot


def lenses(snapshot: Snapshot, file: str) -> list[CodeLens]:
    """The lenses of a `.flow` file. Without a program, while there are errors, nothing is known of mails."""
    program = snapshot.compiled.program
    found = []
    for flow in snapshot.draft.flows:
        if flow.span.file != file or not flow.name.text:
            continue
        told = [_played(flow, snapshot)]
        if program is not None:
            graphs = [graph for graph in program.flows if graph.flow == flow.name.text]
            told = [*(sentence(of_flow(graph, program)) for graph in graphs), *told]
        range_ = snapshot.text(file).range_of(flow.span)
        found += [CodeLens(range_, Command(each, "")) for each in told]
    return found


def _played(flow: Flow, snapshot: Snapshot) -> str:
    count = sum(
        any(line.flow.text == flow.name.text for line in scenario.flows)
        for scenario in snapshot.draft.scenarios
    )
    return "no scenario plays it" if not count else f"{count} scenario{'s' if count != 1 else ''}"
