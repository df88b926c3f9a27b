"""The page of attacks names tests that are there, and all that were written for it."""

import ast
import re
from pathlib import Path

import pytest
from mutations_of_attacks import BROKEN_DEFENCES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "attacks.md").read_text("utf-8")
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", PAGE)
ROWS = [
    re.split(r"(?<!\\)\|", line)[1:-1]
    for line in PAGE.partition("\n## ")[0].splitlines()
    if line.startswith("| ") and not line.startswith("| attack")
]
"""Attack, defence, tests."""


def named_in(path: Path) -> set[str]:
    """The names of a file's tests."""
    found = ast.walk(ast.parse(path.read_text("utf-8")))
    return {
        node.name
        for node in found
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    }


@pytest.mark.parametrize(("file", "name"), sorted(set(NAMED)))
def test_each_test_that_the_page_names_is_there(file: str, name: str) -> None:
    """By its file and its name."""
    assert name in named_in(ROOT / file)


def test_each_attack_has_a_defence_and_a_test() -> None:
    """In one line of the table."""
    assert len(ROWS) >= 29
    for attack, defence, tests in ROWS:
        assert attack.strip()
        assert defence.strip(), attack
        assert re.fullmatch(r"(`tests/[\w/]+\.py::test_\w+`(<br>)?)+", tests.strip()), attack


@pytest.mark.parametrize(("attack", "tests"), [(row[0].strip(), row[2]) for row in ROWS])
def test_each_defence_is_taken_out_and_a_test_of_its_row_misses_it(attack: str, tests: str) -> None:
    """The slow tests do so, by the table of faults that are planted for it."""
    assert any(attack.startswith(one.attack) and f"`{one.test}`" in tests for one in BROKEN_DEFENCES)


def test_each_fault_that_is_planted_belongs_to_one_attack_of_the_page() -> None:
    """And what it must turn red is named there."""
    for one in BROKEN_DEFENCES:
        [tests] = [row[2] for row in ROWS if row[0].strip().startswith(one.attack)]
        assert f"`{one.test}`" in tests, one.what


def test_each_test_that_was_written_for_the_page_is_named_by_it() -> None:
    """None is left for nobody to find."""
    written = {
        (path.relative_to(ROOT).as_posix(), name)
        for path in (ROOT / "tests" / "attacks").glob("test_*.py")
        for name in named_in(path)
    }
    assert written <= set(NAMED)
