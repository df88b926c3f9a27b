"""`-` in the place of a person: the address comes by standard input, and stands in no list of processes."""

import asyncio
import io
import os
import sys
from contextlib import closing
from pathlib import Path

import pytest
from consent_of_stall import opened
from stall import make_stall

from consent.client import InProcess
from virta.command import run
from virta.keys import make_development_keys

ANNA, OTHER = "anna@example.com", "anna@work.example"


@pytest.fixture
def stall(tmp_path: Path) -> Path:
    """One whose consent service knows somebody by two addresses."""
    folder = make_stall(tmp_path / "stall")
    make_development_keys(folder / "dev-keys.toml", os.urandom)
    (folder / "data").mkdir(exist_ok=True)
    with closing(opened(folder)) as service:
        asyncio.run(InProcess(service).subjects([ANNA, OTHER]))
    return folder


def typed(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    """These lines come by standard input, from a pipe."""
    monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))


@pytest.mark.parametrize(
    ("words", "lines", "told"),
    [
        (["consent", "show", "-"], [ANNA], ANNA),
        (["consent", "record", "-", "exported"], [ANNA], "what is known of them"),
        (["consent", "erase", "-", "--dry-run"], [f"  {ANNA} "], "To be erased"),
        (["consent", "merge", "-", "-", "--yes"], [ANNA, OTHER], "one"),
    ],
)
def test_the_address_is_read_from_standard_input(
    stall: Path,
    words: list[str],
    lines: list[str],
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A line for each `-`, as if it stood on the command line."""
    typed(monkeypatch, *lines)
    at = 3 if words[1] != "merge" else 4
    at = 4 if words[1] == "record" else at
    assert run([*words[:at], str(stall), *words[at:]]) == 0
    assert told in capsys.readouterr().out
    assert sys.stdin.read() == ""


@pytest.mark.parametrize(
    "words",
    [
        ["consent", "show", "-"],
        ["consent", "erase", "-"],
        ["consent", "record", "-", "exported"],
        ["why", "-"],
    ],
)
def test_where_no_line_comes_nothing_is_done(
    stall: Path, words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is said what `-` stands for."""
    typed(monkeypatch)
    assert run([*words, str(stall)]) == 2
    assert "`-` stands for a line of standard input" in capsys.readouterr().err


def test_holds_take_it_too(
    stall: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Somebody who is unknown is told as unknown by what was read."""
    typed(monkeypatch, "nobody@example.com")
    words = ["--until", "2999-01-01", "--reason", "a claim"]
    assert run(["consent", "hold", "-", str(stall), *words]) == 2
    assert "Nobody is known here as nobody@example.com." in capsys.readouterr().err
