"""`virta explain`, as people call it."""

import json
import sys

import pytest

from dsl.found.explained import as_markdown
from dsl.found.explanation import explained_codes, explanation
from virta.command import run


@pytest.mark.parametrize("code", ["E101", "e101", " E101 "])
def test_a_code_may_be_written_in_any_case(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The page comes, and the exit code is 0."""
    assert run(["explain", code]) == 0
    assert capsys.readouterr().out.startswith("E101 A line cannot be read\n")


def test_without_a_code_all_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """A line each."""
    assert run(["explain"]) == 0
    out = capsys.readouterr().out
    assert all(f"  {code}  " in out for code in explained_codes())


def test_an_unknown_code_is_a_fault_of_usage_and_names_the_nearest(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """On standard error, with exit code 2."""
    assert run(["explain", "W101"]) == 2
    assert capsys.readouterr().err == "virta: There is no finding W101. Do you mean E101?\n"
    assert run(["explain", "coffee"]) == 2
    assert capsys.readouterr().err == "virta: There is no finding coffee. `virta explain` lists them all.\n"


def test_json_is_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    """One object for a code, a list of them for all."""
    assert run(["explain", "E402", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "A mail has no topic"
    assert run(["explain", "--format", "json"]) == 0
    every = json.loads(capsys.readouterr().out)["explanations"]
    assert [each["code"] for each in every] == list(explained_codes())


def test_markdown_is_the_page_of_findings(capsys: pytest.CaptureFixture[str]) -> None:
    """The same text as in docs/findings.md."""
    assert run(["explain", "--format", "markdown"]) == 0
    assert capsys.readouterr().out == as_markdown([explanation(code) for code in explained_codes()])


@pytest.mark.parametrize(
    ("settings", "terminal", "bright"),
    [
        ({}, False, False),
        ({}, True, True),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
        ({"TERM": "dumb"}, True, False),
    ],
)
def test_colours_go_to_terminals_unless_the_environment_says_otherwise(
    settings: dict[str, str],
    terminal: bool,
    bright: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """NO_COLOR wins over FORCE_COLOR; an empty one counts as not there."""
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal)
    run(["explain", "E101"])
    assert ("\x1b[" in capsys.readouterr().out) is bright
