"""Findings as an editor shows them."""

from importlib import resources
from pathlib import Path

from lsprotocol.types import CodeDescription, Diagnostic, DiagnosticSeverity

from dsl.found.finding import Finding, Severity
from virta.language_server.snapshot import Snapshot

SOURCE = "virta"
_SEVERITIES = {Severity.ERROR: DiagnosticSeverity.Error, Severity.WARNING: DiagnosticSeverity.Warning}


def diagnostics(snapshot: Snapshot) -> dict[str, list[Diagnostic]]:
    """All findings of a project, by the file in which they stand."""
    found: dict[str, list[Diagnostic]] = {}
    for finding in snapshot.findings:
        found.setdefault(finding.span.file, []).append(diagnostic(finding, snapshot))
    return found


def diagnostic(finding: Finding, snapshot: Snapshot) -> Diagnostic:
    """A finding with its help; the code leads to its explanation."""
    page = explanation_page(finding.code)
    more = f"`virta explain {finding.code}` tells more." if page else ""
    return Diagnostic(
        snapshot.text(finding.span.file).range_of(finding.span),
        "\n".join(part for part in (finding.message, finding.help, more) if part),
        _SEVERITIES[finding.severity],
        finding.code,
        CodeDescription(page.as_uri()) if page else None,
        SOURCE,
    )


def explanation_page(code: str) -> Path | None:
    """The file that explains a code, if it is one on this machine."""
    page = resources.files("dsl") / "explain" / f"{code}.md"
    return page if isinstance(page, Path) and page.is_file() else None
