"""The scenarios of the example shop and of a new project, and those of docs/testing.md, hold."""

import re
import shutil
from pathlib import Path

import pytest

from virta.command import run
from virta.project.folder import load_project
from virta.scenarios.coverage import Covered
from virta.scenarios.outcome import Outcome
from virta.scenarios.report import covered_by
from virta.scenarios.running import play_all

ROOT = Path(__file__).parents[2]
KAFIJA = ROOT / "examples" / "kafija"


def played(folder: Path) -> tuple[list[Outcome], tuple[Covered, ...]]:
    settings, compiled = load_project(folder)
    outcomes = play_all(folder, settings, compiled, compiled.scenarios, 1, lambda outcome: None)
    return outcomes, covered_by(settings, compiled, outcomes)


def failures(outcomes: list[Outcome]) -> list[tuple[str, str, str]]:
    return [
        (each.name, each.failure.text, each.failure.came) for each in outcomes if each.failure is not None
    ]


def test_the_shop_does_what_its_scenarios_say() -> None:
    """At least one for each flow; together they reach every step and take every arm."""
    outcomes, covered = played(KAFIJA)
    assert failures(outcomes) == []
    assert len(outcomes) == 50
    assert [each.gaps for each in covered] == [()] * 13


def test_a_new_project_passes_its_own_tests(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Right after `virta new`, with every step reached."""
    folder = tmp_path / "shop"
    assert run(["new", str(folder)]) == 0
    outcomes, (welcome,) = played(folder)
    assert failures(outcomes) == []
    assert (len(outcomes), welcome.gaps) == (3, ())


PAGE = (ROOT / "docs" / "testing.md").read_text("utf-8")
BLOCKS = re.findall(r"^```flow\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def shop_with(folder: Path, *scenarios: str) -> Path:
    """A copy of the shop with these scenarios only."""
    leave = shutil.ignore_patterns("stores", "dev-keys.toml", "*.jsonl", "scenarios")
    shutil.copytree(KAFIJA, folder, ignore=leave)
    (folder / "scenarios").mkdir()
    (folder / "scenarios" / "abandoned_cart.flow").write_text("\n".join(scenarios), "utf-8")
    return folder


def test_the_scenarios_of_the_page_hold(tmp_path: Path) -> None:
    """Each block of docs/testing.md, at the example shop."""
    assert len(BLOCKS) == 4
    outcomes, _ = played(shop_with(tmp_path / "kafija", *BLOCKS))
    assert (len(outcomes), failures(outcomes)) == (5, [])


def test_the_failure_of_the_page_is_a_real_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The first scenario of docs/testing.md with another time is printed as the page shows it."""
    section = PAGE.partition("## What a failure shows")[2].partition("## ")[0]
    shown = [line for line in re.findall(r"^    (.*)$", section, re.MULTILINE) if line]
    faulty = BLOCKS[0].replace("after 1 hour expect", "after 50 minutes expect")
    assert run(["test", str(shop_with(tmp_path / "kafija", faulty)), "--brief"]) == 1
    *printed, _summary = [line for line in capsys.readouterr().out.splitlines() if line]
    assert printed == shown
