"""`virta graph`: flows as drawings or as data."""

import sys
from pathlib import Path
from typing import Literal


def graph(
    folder: Path = Path("."),
    flow: str | None = None,
    *,
    format: Literal["mermaid", "svg", "json"] = "mermaid",
) -> int:
    """Draw the flows of a project, for Mermaid or as SVG, or print them as JSON.

    Parameters
    ----------
    folder
        The project's folder, which holds virta.toml.
    flow
        The name of one flow; all of them if it is left out.
    format
        mermaid for a drawing in Mermaid's notation, svg for a drawing of one flow as a file of its own, json
        for the graph that the engine runs.
    """
    import msgspec

    from dsl.draw import mermaid
    from dsl.draw_svg import draw
    from dsl.graph import to_json
    from dsl.names import nearest
    from dsl.report import as_text, summary
    from virta.project import load_project
    from virta.settings import BrokenProject

    if flow is None and not folder.exists() and folder.name == str(folder):
        raise BrokenProject(
            f"There is no folder {folder}. For the flow of that name write `virta graph . {folder}`."
        )
    _, compiled = load_project(folder)
    if compiled.program is None:
        print(as_text(compiled.findings, compiled.sources), file=sys.stderr)
        print(summary(compiled.findings), file=sys.stderr)
        return 1
    flows = {each.flow: each for each in compiled.program.flows}
    if flow is not None and flow not in flows:
        close = nearest(flow, flows)
        hint = f" Did you mean {close}?" if close else ""
        there = f" Its flows: {', '.join(sorted(flows))}." if flows else " It has no flows."
        raise BrokenProject(f"There is no flow {flow} in {folder.resolve()}.{hint}{there}")
    chosen = [flows[flow]] if flow is not None else list(flows.values())
    if format == "svg":
        if len(chosen) != 1:
            raise BrokenProject(
                "An SVG file holds one drawing: name the flow, as in `virta graph . welcome`."
            )
        print(draw(chosen[0], alone=True).text, end="")
    elif format == "json":
        if flow is not None:
            print(msgspec.json.format(to_json(chosen[0]), indent=2).decode())
        else:
            print(msgspec.json.format(to_json(compiled.program), indent=2).decode())
    else:
        print("\n".join(f"%% {each.flow}\n{mermaid(each)}" for each in chosen), end="")
    return 0
