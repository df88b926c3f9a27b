"""`virta check`: what is wrong with a project's flows and templates."""

import sys
from pathlib import Path
from typing import Literal


def check(folder: Path = Path("."), *, format: Literal["text", "json", "sarif"] = "text") -> int:
    """Say what is wrong with the flows and templates of a project.

    Parameters
    ----------
    folder
        The project's folder, which holds virta.toml.
    format
        text for people, json for programs, sarif for code hosts and editors.
    """
    from dsl.finding import Severity
    from dsl.report import as_json, as_text, summary
    from virta.colours import coloured
    from virta.project import load_project

    _, compiled = load_project(folder)
    findings = compiled.findings
    if format == "json":
        print(as_json(findings).decode())
    elif format == "sarif":
        from dsl.report_sarif import as_sarif
        from virta.command_table import VERSION

        print(as_sarif(findings, VERSION).decode())
    elif findings:
        print(as_text(findings, compiled.sources, coloured(sys.stdout)))
        print(summary(findings))
    elif compiled.program is not None:
        flows, templates = len(compiled.program.flows), len(compiled.templates)
        print(f"Nothing to mend. Flows: {flows}, templates: {templates}.")
    return 1 if any(finding.severity is Severity.ERROR for finding in findings) else 0
