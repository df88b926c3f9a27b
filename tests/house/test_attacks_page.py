"""The page of attacks names tests that are there, and all that were written for it."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "attacks.md").read_text("utf-8")
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", PAGE)


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
    table = PAGE.partition("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ") and not line.startswith("| attack")]
    assert len(rows) >= 15
    for row in rows:
        _, attack, defence, tests, _ = re.split(r"(?<!\\)\|", row)
        assert attack.strip(), row
        assert defence.strip(), row
        assert re.fullmatch(r"(`tests/[\w/]+\.py::test_\w+`(<br>)?)+", tests.strip()), row


def test_each_test_that_was_written_for_the_page_is_named_by_it() -> None:
    """None is left for nobody to find."""
    written = {
        (path.relative_to(ROOT).as_posix(), name)
        for path in (ROOT / "tests" / "attacks").glob("test_*.py")
        for name in named_in(path)
    }
    assert written <= set(NAMED)
