"""`virta plan`: what a new version of the flows would change."""

import sys
from pathlib import Path
from typing import Literal

_CHANGES = 3


def plan(
    folder: Path = Path("."),
    *,
    against: Path | None = None,
    backfill: tuple[str, ...] | None = None,
    within: int = 0,
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
    backfill
        Count for how many people this flow would start for the past, as `virta apply` does with it.
    within
        How many days of the past count for a flow that starts on an event.
    exit_code
        End with exit code 3 where something changes.
    format
        text for people, json for programs.
    """
    import msgspec

    from dsl.found.report import as_json, as_text, summary
    from virta.planning.plan import plan as planned
    from virta.planning.plan_text import plan_text
    from virta.project.folder import load_project, load_sound_project
    from virta.release.content import content_of
    from virta.release.planning import plan_release
    from virta.terminal.colours import coloured
    from virta.wiring import wall_clock

    settings, compiled = load_project(folder)
    if compiled.program is None:
        if format == "json":
            print(as_json(compiled.findings).decode())
        else:
            print(as_text(compiled.findings, compiled.sources), file=sys.stderr)
            print(summary(compiled.findings), file=sys.stderr)
        return 1
    content = content_of(folder, settings, compiled)
    if against is not None:
        found = planned(content_of(against, *load_sound_project(against)), content, "folder")
    else:
        found = plan_release(folder, settings, content, wall_clock(), backfill or (), within).plan
    if format == "json":
        print(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
    else:
        print(plan_text(found, coloured(sys.stdout)), end="")
    return _CHANGES if exit_code and found.changed else 0
