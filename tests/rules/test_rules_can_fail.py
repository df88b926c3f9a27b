"""A scenario that no fault turns red shows nothing: break a rule in the engine, and its scenario fails."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from broken import BROKEN, Broken
from shown import ROOT, chapters

PACKAGES = ("virta", "web", "engine", "dsl", "consent")
PLAY = "from virta.command import main; main()"


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the packages, to be broken."""
    place = tmp_path_factory.mktemp("tree")
    for name in PACKAGES:
        shutil.copytree(ROOT / name, place / name, ignore=shutil.ignore_patterns("__pycache__"))
    return place


def played(tree: Path, rule: str) -> "subprocess.CompletedProcess[str]":
    """The rule's scenario, played by the engine of the copied tree."""
    (chapter,) = (each for each in chapters() if rule in each.rules)
    folder = chapter.file.parent.parent
    words = ["test", str(folder), "--only", rule, "--jobs", "1", "--brief"]
    return subprocess.run(
        [sys.executable, "-c", PLAY, *words],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.mark.slow
@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.rule)
def test_a_broken_rule_is_noticed(tree: Path, broken: Broken) -> None:
    """Its scenario says what came in place of what was expected."""
    path = tree / "engine" / "core" / f"{broken.module}.py"
    text = path.read_text("utf-8")
    path.write_text(text.replace(broken.written, broken.instead), "utf-8")
    try:
        outcome = played(tree, broken.rule)
    finally:
        path.write_text(text, "utf-8")
    assert outcome.returncode == 1, outcome.stdout + outcome.stderr
    assert f"FAILED  {broken.rule}\n" in outcome.stdout
    assert "Traceback" not in outcome.stderr


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.rule)
def test_what_is_broken_stands_in_the_engine(broken: Broken) -> None:
    """Code that moved takes its row along: the slow test above breaks what it means to break."""
    path = ROOT / "engine" / "core" / f"{broken.module}.py"
    assert path.read_text("utf-8").count(broken.written) == 1


def test_what_is_broken_has_a_rule() -> None:
    """Each row names a rule of the page, once."""
    rules = [rule for chapter in chapters() for rule in chapter.rules]
    assert [broken.rule for broken in BROKEN if rules.count(broken.rule) != 1] == []
