"""`virta graph`: flows as drawings or as data."""

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from cyclopts import Parameter

if TYPE_CHECKING:
    from dsl.graph import Graph, Program
    from virta.settings import Settings
    from virta.telling.live import Counted

Format: TypeAlias = Literal["mermaid", "svg", "dot", "json"]
_ENDINGS: Mapping[Format, str] = {"mermaid": "mmd", "svg": "svg", "dot": "dot", "json": "json"}
_WHAT_NEXT = (
    "This is Mermaid's notation: GitHub, GitLab and many editors draw it in a ```mermaid block. "
    "For a picture: `virta graph . FLOW --format svg > FLOW.svg`."
)
_MANY = 20
"""From so many flows on, drawing them is worth a bar."""


def graph(
    folder: Path = Path("."),
    /,
    *flow: str,
    output: Annotated[Format, Parameter(name="--format")] = "mermaid",
    out: Path | None = None,
    counts: Annotated[bool | None, Parameter(negative="--no-counts")] = None,
) -> int:
    """Draw the flows of a project, for Mermaid, as SVG or for Graphviz, or print them as JSON.

    Parameters
    ----------
    folder
        The project's folder, which holds virta.toml.
    flow
        The names of flows; all of them if none is named.
    output
        mermaid for a drawing in Mermaid's notation, svg for a drawing of one flow as a file of its own, dot
        for Graphviz, json for the graph that the engine runs.
    out
        A folder to write to, one file for each flow; it is made if it is not there.
    counts
        How many people stand at each step now, and how many went through; if it is left out, where the
        project has run.
    """
    from dsl.found.report import as_text, summary
    from virta.project.folder import load_project
    from virta.settings import BrokenProject

    if not flow and not folder.exists() and folder.name == str(folder):
        raise BrokenProject(
            f"There is no folder {folder}. For the flow of that name write `virta graph . {folder}`."
        )
    settings, compiled = load_project(folder)
    if compiled.program is None:
        print(as_text(compiled.findings, compiled.sources), file=sys.stderr)
        print(summary(compiled.findings), file=sys.stderr)
        return 1
    chosen = _chosen(folder, compiled.program, flow)
    if output == "svg" and out is None and len(chosen) != 1:
        raise BrokenProject(
            "An SVG file holds one drawing: name the flow, as in `virta graph . welcome`, or a folder for "
            "all of them with `--out`."
        )
    people = _people(folder, settings, chosen, counts)
    if out is not None:
        _write(out, chosen, output, people)
    elif output == "json" and not flow:
        print(_json(compiled.program, people))
    elif output == "mermaid":
        print("\n".join(f"%% {each.flow}\n{_drawn(each, output, people)}" for each in chosen), end="")
        if sys.stdout.isatty():
            print(_WHAT_NEXT, file=sys.stderr)
    else:
        print("\n".join(_drawn(each, output, people) for each in chosen), end="")
    return 0


def _chosen(folder: Path, program: "Program", names: Sequence[str]) -> list["Graph"]:
    from dsl.meaning.names import nearest
    from virta.settings import BrokenProject

    flows = {each.flow: each for each in program.flows}
    for name in names:
        if name not in flows:
            close = nearest(name, flows)
            hint = f" Did you mean {close}?" if close else ""
            there = f" Its flows: {', '.join(sorted(flows))}." if flows else " It has no flows."
            raise BrokenProject(f"There is no flow {name} in {folder.resolve()}.{hint}{there}")
    return [flows[name] for name in dict.fromkeys(names)] if names else list(flows.values())


def _people(
    folder: Path, settings: "Settings", flows: Sequence["Graph"], wanted: bool | None
) -> Mapping[str, "Counted"]:
    """The people in each flow; none if they are not wanted or not there."""
    from engine.store.database import StoreFault, exists
    from virta.settings import BrokenProject
    from virta.telling.live import count, store_of

    if wanted is False:
        return {}
    store = store_of(folder, settings)
    try:
        if wanted is None and not exists(store):
            return {}
        return count(store, flows)
    except StoreFault as fault:
        if wanted:
            raise BrokenProject(str(fault)) from None
        print(f"virta: Drawn without people: {fault}", file=sys.stderr)
        return {}


def _write(out: Path, flows: Sequence["Graph"], output: Format, people: Mapping[str, "Counted"]) -> None:
    from virta.disk_fault import disk_fault
    from virta.terminal.progress import Bar

    def write(told: Callable[[int], None]) -> None:
        for number, flow in enumerate(flows, start=1):
            path = out / f"{flow.flow}.{_ENDINGS[output]}"
            path.write_text(_drawn(flow, output, people), "utf-8")
            print(path)
            told(number)

    try:
        out.mkdir(parents=True, exist_ok=True)
        if len(flows) < _MANY:
            write(lambda number: None)
        else:
            with Bar("Drawing", len(flows), "flows") as bar:
                write(lambda number: bar.at(number, number))
    except OSError as fault:
        raise disk_fault(fault, out, "written") from None


def _drawn(flow: "Graph", output: Format, people: Mapping[str, "Counted"]) -> str:
    from dsl.draw.dot import dot
    from dsl.draw.marks import NOBODY
    from dsl.draw.mermaid import mermaid
    from dsl.draw.svg import draw

    live = people[flow.flow].live if flow.flow in people else NOBODY
    match output:
        case "mermaid":
            return mermaid(flow, live)
        case "svg":
            return draw(flow, live, alone=True).text
        case "dot":
            return dot(flow, live)
        case "json":
            return f"{_json(flow, people)}\n"


def _json(thing: "Graph | Program", people: Mapping[str, "Counted"]) -> str:
    """The JSON that the engine reads; each flow with people has `counts` beside it."""
    import msgspec

    from dsl.graph import to_json

    shown = msgspec.json.decode(to_json(thing))
    for flow in shown.get("flows", [shown]):
        if flow["flow"] in people:
            flow["counts"] = people[flow["flow"]].counts
    return msgspec.json.format(msgspec.json.encode(shown), indent=2).decode()
