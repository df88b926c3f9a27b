"""`virta plan`: what a new version of the flows would change."""

import sys
from pathlib import Path
from typing import Literal

_CHANGES = 3


def plan(
    folder: Path = Path("."),
    *,
    against: Path | None = None,
    exit_code: bool = False,
    format: Literal["text", "json"] = "text",
) -> int:
    """Compare the flows in a folder with those that run, and tell where people will stand.

    Parameters
    ----------
    folder
        The project's folder, which holds virta.toml.
    against
        Compare with the flows in this folder, and not with those that run.
    exit_code
        End with exit code 3 where something changes.
    format
        text for people, json for programs.
    """
    import msgspec

    from dsl.found.report import as_json, as_text, summary
    from engine.store.current import Current
    from virta.planning.plan import nothing_yet, running
    from virta.planning.plan import plan as planned
    from virta.planning.plan_text import plan_text
    from virta.project.folder import load_project, load_sound_project
    from virta.terminal.colours import coloured

    settings, compiled = load_project(folder)
    if compiled.program is None:
        if format == "json":
            print(as_json(compiled.findings).decode())
        else:
            print(as_text(compiled.findings, compiled.sources), file=sys.stderr)
            print(summary(compiled.findings), file=sys.stderr)
        return 1
    templates = {template.name: template.digest for template in compiled.templates}
    if against is not None:
        _, other = load_sound_project(against)
        assert other.program is not None
        old = Current(other.program, {template.name: template.digest for template in other.templates})
        found = planned(old, compiled.program, templates, "folder")
    elif (now := running(folder / settings.stores.folder / "engine.db")) is None:
        found = planned(nothing_yet(), compiled.program, templates, "nothing", ())
    else:
        found = planned(now.current, compiled.program, templates, "store", now.journeys, now.graphs)
    if format == "json":
        print(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
    else:
        print(plan_text(found, coloured(sys.stdout)), end="")
    return _CHANGES if exit_code and found.changed else 0
