"""`virta check`: what is wrong with a project's flows and templates."""

import os
import sys
from pathlib import Path
from typing import Literal


def check(folder: Path = Path("."), *, format: Literal["text", "json"] = "text") -> int:
    """Say what is wrong with the flows and templates of a project.

    Parameters
    ----------
    folder
        The project's folder, which holds virta.toml.
    format
        text for people, json for programs.
    """
    from dsl.finding import Severity
    from dsl.report import as_json, as_text, summary
    from virta.project import load_project

    _, compiled = load_project(folder)
    findings = compiled.findings
    if format == "json":
        print(as_json(findings).decode())
    elif findings:
        colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        print(as_text(findings, compiled.sources, colour))
        print(summary(findings))
    elif compiled.program is not None:
        flows, templates = len(compiled.program.flows), len(compiled.templates)
        print(f"Nothing to mend. Flows: {flows}, templates: {templates}.")
    return 1 if any(finding.severity is Severity.ERROR for finding in findings) else 0
