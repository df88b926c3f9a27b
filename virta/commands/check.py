"""`virta check`: what is wrong with a project's flows and templates."""

import sys
from pathlib import Path
from typing import Literal


def check(
    folder: Path = Path("."),
    *,
    explain_limits: bool = False,
    format: Literal["text", "json", "sarif"] = "text",
) -> int:
    """Say what is wrong with the flows and templates of a project.

    Parameters
    ----------
    folder
        The project's folder, which holds virta.toml.
    explain_limits
        Tell the fewest and most mails of each flow, its shortest and longest way, and the most mails that one
        person can get in a day, a week and 30 days, with the steps that send them.
    format
        text for people, json for programs, sarif for code hosts and editors.
    """
    import msgspec

    from dsl.found.finding import Severity
    from dsl.found.report import as_json, as_text, summary
    from virta.project.folder import load_project
    from virta.project.wording import read_wording
    from virta.terminal.colours import coloured

    settings, compiled = load_project(folder)
    if compiled.program is not None:
        read_wording(folder, settings.languages, compiled.program.topics, settings.purposes)
    findings = compiled.findings
    told = None
    if explain_limits and compiled.program is not None:
        from virta.terminal.limits_shown import known

        told = known(compiled.program)
    if format == "json":
        rows = as_json(findings)
        if told is not None:
            rows = msgspec.json.encode({**msgspec.json.decode(rows), "limits": told})
            rows = msgspec.json.format(rows, indent=2)
        print(rows.decode())
    elif format == "sarif":
        from dsl.found.report_sarif import as_sarif
        from virta.command_table import VERSION

        print(as_sarif(findings, VERSION).decode())
    elif findings:
        print(as_text(findings, compiled.sources, coloured(sys.stdout)))
        print(summary(findings))
    elif compiled.program is not None:
        flows, templates = len(compiled.program.flows), len(compiled.templates)
        print(f"Nothing to mend. Flows: {flows}, templates: {templates}.")
    if told is not None and format == "text":
        from virta.terminal.limits_shown import shown

        print(f"\n{shown(told, coloured(sys.stdout))}", end="")
    return 1 if any(finding.severity is Severity.ERROR for finding in findings) else 0
