"""Every rule of the language that says what happens is shown, by a scenario or by a test that is named."""

from collections import Counter
from pathlib import Path

import pytest
from elsewhere import ELSEWHERE, Elsewhere
from shown import FOLDERS, ROOT, chapters, page

from virta.project.folder import load_project
from virta.scenarios.running import play_all

PAGE = ROOT / "docs" / "rules.md"

WARNED_OF = {("W205", "rules/unknown.flow"), ("W205", "rules/history.flow"), ("W215", "rules/unknown.flow")}
"""Some rules are about just what is warned of: decisions by opens, and absence of what few let us see."""


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_each_rule_holds(folder: Path) -> None:
    """Its scenario passes, and nothing is to be mended in the flows around it."""
    settings, compiled = load_project(folder)
    found = {(finding.code, finding.span.file) for finding in compiled.findings}
    assert found <= WARNED_OF
    assert compiled.program is not None
    named = {flow for scenario in compiled.scenarios for flow in scenario.flows}
    assert named == {graph.flow for graph in compiled.program.flows}
    outcomes = play_all(folder, settings, compiled, compiled.scenarios, 1, lambda outcome: None)
    failures = [
        f"{each.name} ({each.file}:{each.failure.line}): {each.failure.expected} {each.failure.came}"
        for each in outcomes
        if each.failure is not None
    ]
    assert failures == []
    assert len(outcomes) == sum(len(each.rules) for each in chapters() if folder in each.file.parents)


def test_the_page_knows_every_file() -> None:
    """No file of rules is left out of it."""
    files = [path for folder in FOLDERS for path in folder.rglob("*.flow") if path.name != "schema.flow"]
    assert sorted(files) == sorted(chapter.file for chapter in chapters())


def test_each_rule_stands_once() -> None:
    """No title names two scenarios, nor a scenario and a test."""
    rules = [rule for chapter in chapters() for rule in chapter.rules]
    rules += [each.rule for each in ELSEWHERE]
    assert [rule for rule, number in Counter(rules).items() if number > 1] == []


def test_the_page_lists_every_rule(update: bool) -> None:
    """docs/rules.md is what the scenarios say; `pytest --update` writes it anew."""
    if update:
        PAGE.write_text(page(), "utf-8")
    assert PAGE.read_text("utf-8") == page()


@pytest.mark.parametrize("rule", ELSEWHERE, ids=lambda rule: rule.test)
def test_what_no_scenario_can_see_has_its_test(rule: Elsewhere) -> None:
    """The test that the page names is there, and stands in the chapter of a file of rules."""
    text = (ROOT / rule.file).read_text("utf-8")
    assert f"def {rule.test}(" in text
    assert rule.chapter in {chapter.file.stem for chapter in chapters()}
