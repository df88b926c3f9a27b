"""A help that says what to write heals what is underlined."""

import re
from pathlib import Path

import pytest
from golden_cases import GOLDEN, compiled, compiled_case

from dsl.found.finding import Finding

CASES = sorted((GOLDEN / "bad").glob("E[1-4]*.flow"))
WRITTEN = re.compile(r"Write `([^`…]+)`\.")
BESIDE = {
    "Write `to`.": "it belongs in front of the value that is underlined",
    "Write `with`.": "it belongs in front of the values that are underlined",
}
"""Helps that do not stand for what is underlined, and why."""


def _written(text: str, finding: Finding) -> str | None:
    """The text with what the help says in the place of what is underlined, and of the words before that it
    repeats."""
    found = WRITTEN.fullmatch(finding.help)
    span = finding.span
    if found is None or finding.help in BESIDE or span.line != span.end_line:
        return None
    lines = text.split("\n")
    line = lines[span.line - 1]
    before, under, behind = (
        line[: span.column - 1],
        line[span.column - 1 : span.end_column - 1],
        line[span.end_column - 1 :],
    )
    repeated = next((n for n in range(len(found[1]), 0, -1) if before.endswith(found[1][:n])), 0)
    blank = " " if under.endswith(" ") else ""
    lines[span.line - 1] = before[: len(before) - repeated] + found[1] + blank + behind
    return "\n".join(lines)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_what_a_help_says_heals_what_is_underlined(path: Path) -> None:
    """With it in its place, the same finding does not come again there."""
    text = path.read_bytes().decode("utf-8", "replace")
    for finding in compiled_case(path).findings:
        healed = _written(text, finding)
        if finding.span.file != path.name or healed is None:
            continue
        again = compiled((path.name, healed.encode())).findings
        left = {(each.code, each.span.line, each.span.column) for each in again}
        assert (finding.code, finding.span.line, finding.span.column) not in left, finding.help
