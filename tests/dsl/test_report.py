"""Findings as people, programs and code hosts get them. `pytest --update` writes the golden files anew."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from golden_cases import GOLDEN, compiled_case, compiled_text

from dsl.compile import Compiled
from dsl.found.explanation import explanation
from dsl.found.finding import Finding, Severity, Span
from dsl.found.report import as_json, as_text, summary
from dsl.found.report_sarif import as_sarif
from dsl.found.source import Source

MIXED = GOLDEN / "reports" / "mixed.flow"


@pytest.fixture(scope="module")
def found() -> Compiled:
    return compiled_case(MIXED)


def recorded(name: str, report: str, update: bool) -> str:
    """What the golden file of this name holds; it is written first if that is asked for."""
    path = MIXED.parent / name
    if update:
        path.write_text(report, "utf-8")
    return path.read_text("utf-8")


# ------------------------------------------------------------------ text


def test_the_report_for_people(found: Compiled, update: bool) -> None:
    """Wide letters are underlined to their width, long lines are cut around the fault, and what is told
    again and again is told once."""
    report = f"{as_text(found.findings, found.sources)}\n{summary(found.findings)}\n"
    assert report == recorded("mixed.txt", report, update)


def test_the_report_with_colours(found: Compiled, update: bool) -> None:
    """Errors are red, warnings yellow; without the codes it is the plain one."""
    report = as_text(found.findings, found.sources, colour=True)
    assert report == recorded("mixed.colours.txt", report, update)
    for code in ("0", "1", "2", "1;31", "1;33"):
        report = report.replace(f"\x1b[{code}m", "")
    assert report == as_text(found.findings, found.sources)


def finding(line: int, message: str = "A fault.", file: str = "a.flow", code: str = "E101") -> Finding:
    return Finding(code, Severity.ERROR, Span(file, line, 1, line, 2), message, "Mend it.")


def test_five_alike_are_all_shown() -> None:
    """They fit on a screen."""
    assert as_text([finding(line) for line in range(1, 6)], {}).count("A fault.") == 5


def test_six_alike_are_shown_once_with_the_other_places() -> None:
    """Those of the same file by their lines only; others stay apart and keep their order."""
    alike = [
        *(finding(line) for line in (1, 4, 9)),
        finding(2, "Another."),
        *[finding(n) for n in (11, 12, 13)],
    ]
    report = as_text(alike, {})
    assert report.count("A fault.") == 1
    assert report.index("A fault.") < report.index("Another.")
    assert "  and 5 more: lines 4, 9, 11, 12, 13\n" in report


def test_places_in_other_files_have_their_names() -> None:
    """And of very many only the first five are named."""
    alike = [finding(1, file=f"{name}.html") for name in "abcdefgh"]
    assert "  and 7 more: b.html:1; c.html:1; d.html:1; e.html:1; f.html:1 and 2 others\n" in as_text(
        alike, {}
    )
    assert "; f.html:1 and one other\n" in as_text(alike[:-1], {})


def test_the_summary_counts_every_finding() -> None:
    """Those that are not shown, too."""
    assert summary([finding(line) for line in range(1, 9)]) == "8 errors in 1 file."


def test_a_control_character_does_not_reach_the_terminal() -> None:
    """The line is shown with a sign in its place."""
    found = compiled_text('flow case\n    topic news\n    start on order_placed\n    send "\x1b[31m"\n')
    assert "\x1b" not in as_text(found.findings, found.sources)


def test_findings_come_in_the_order_of_files_and_lines(found: Compiled) -> None:
    """Whatever found them."""
    places = [(each.span.file, each.span.line, each.span.column) for each in found.findings]
    assert places == sorted(places)


def test_a_finding_without_a_source_is_told_without_its_line() -> None:
    """Its place stands in the first line all the same."""
    assert as_text([finding(3)], {}) == "error E101 a.flow:3:1\n  A fault.\n  Mend it.\n"
    assert "| " not in as_text([finding(3)], {"a.flow": Source("a.flow", ())})


# ------------------------------------------------------------------ JSON


def test_the_report_for_programs(found: Compiled, update: bool) -> None:
    """Every finding, also those that a person is shown once."""
    report = as_json(found.findings).decode() + "\n"
    assert report == recorded("mixed.json", report, update)
    rows = json.loads(report)["findings"]
    assert len(rows) == len(found.findings)
    assert {tuple(row) for row in rows} == {
        ("code", "severity", "file", "line", "column", "end_line", "end_column", "message", "help")
    }


# ------------------------------------------------------------------ SARIF


@pytest.fixture(scope="module")
def sarif(found: Compiled) -> dict[str, Any]:
    return dict(json.loads(as_sarif(found.findings, "1.2.3")))


def test_the_report_for_code_hosts(found: Compiled, update: bool) -> None:
    """As recorded; it was checked against the schema of the standard when it was."""
    report = as_sarif(found.findings, "1.2.3").decode() + "\n"
    assert report == recorded("mixed.sarif", report, update)


def test_the_log_has_what_the_standard_requires(sarif: dict[str, Any]) -> None:
    """SARIF 2.1.0: §3.13 version and runs, §3.14 tool, §3.19 a driver with a name."""
    assert sarif["version"] == "2.1.0"
    [run] = sarif["runs"]
    assert run["tool"]["driver"]["name"] == "Virta"
    assert run["columnKind"] in ("utf16CodeUnits", "unicodeCodePoints")


def test_every_result_has_its_rule_and_its_place(sarif: dict[str, Any], found: Compiled) -> None:
    """§3.27: a message, a rule by id and index, a level of the standard; §3.30: lines and columns from 1, the
    end column exclusive; §3.4: a relative address."""
    [run] = sarif["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert len(run["results"]) == len(found.findings)
    for result, finding in zip(run["results"], found.findings, strict=True):
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == finding.code
        assert result["level"] in ("error", "warning")
        assert result["message"]["text"].startswith(finding.message)
        [place] = [each["physicalLocation"] for each in result["locations"]]
        assert unquote(place["artifactLocation"]["uri"]) == finding.span.file
        assert place["artifactLocation"]["uriBaseId"] in run["originalUriBaseIds"]
        region = place["region"]
        assert region["startLine"] == finding.span.line >= 1
        assert region["startColumn"] == finding.span.column >= 1
        assert (region["endLine"], region["endColumn"]) > (region["startLine"], region["startColumn"])


def test_every_rule_is_explained_once(sarif: dict[str, Any], found: Compiled) -> None:
    """§3.49: an id of its own, and help as text and as Markdown from the explanations."""
    rules = sarif["runs"][0]["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == sorted({each.code for each in found.findings})
    for rule in rules:
        page = explanation(rule["id"])
        assert rule["shortDescription"]["text"] == f"{page.title}."
        assert page.wrong[0].text.strip() in rule["help"]["markdown"]
        assert "```" not in rule["help"]["text"]
        assert rule["defaultConfiguration"]["level"] == ("error" if rule["id"][0] == "E" else "warning")


def every_object(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for each in value.values():
            yield from every_object(each)
    elif isinstance(value, list):
        for each in value:
            yield from every_object(each)


def test_no_property_is_empty(sarif: dict[str, Any]) -> None:
    """Messages have text, as §3.11 requires."""
    for each in every_object(sarif):
        assert each
        assert each.get("text") != ""


def test_a_name_of_a_file_is_an_address() -> None:
    """Blanks and letters beyond ASCII are written as RFC 3986 has them."""
    log = json.loads(as_sarif([finding(1, file="flows/mana plūsma.flow")], "1"))
    place = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "flows/mana%20pl%C5%ABsma.flow"


def test_no_findings_are_an_empty_run() -> None:
    """Which tells a code host that what it showed before is mended."""
    [run] = json.loads(as_sarif([], "1"))["runs"]
    assert run["results"] == []


def test_the_golden_reports_are_of_this_folder() -> None:
    """Nothing is left of cases that are gone."""
    names = {path.name for path in MIXED.parent.iterdir()}
    assert names == {Path(name).name for name in ("mixed.flow", "mixed", "mixed.txt", "mixed.json")} | {
        "mixed.colours.txt",
        "mixed.sarif",
    }
