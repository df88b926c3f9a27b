"""Where a command says how to go on."""

import sys
from pathlib import Path

import pytest
from stall import make_stall

from virta.command import run


@pytest.mark.parametrize(
    ("words", "way"),
    [
        (["consent", "record", "anna@example.com", "nonsense"], "See `virta consent record --help`."),
        (["serve", "--port", "x"], "See `virta serve --help`."),
        (["serve", "consent", "--port", "x"], "See `virta serve consent --help`."),
        (["serv"], "See `virta --help`."),
    ],
)
def test_a_wrong_word_leads_to_the_help_of_its_command(
    words: list[str], way: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not to that of all commands, where there is one that was meant."""
    assert run(words) == 2
    assert capsys.readouterr().err.strip().endswith(way)


def test_what_to_do_with_a_drawing_is_said_at_a_terminal_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On standard error, so that a drawing which is piped on stays one."""
    folder = make_stall(tmp_path / "stall")
    assert run(["graph", str(folder)]) == 0
    piped = capsys.readouterr()
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert run(["graph", str(folder)]) == 0
    shown = capsys.readouterr()
    assert piped.err == ""
    assert shown.out == piped.out
    assert "--format svg" in shown.err


def test_why_without_the_operators_key_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A variable that is not set is as good as none: by a person's id what the engine did is asked for."""
    monkeypatch.setenv("STALL_CONSENT_KEY", "a key")
    monkeypatch.delenv("STALL_OPERATOR_KEY", raising=False)
    folder = make_stall(tmp_path / "stall")
    there = '[consent]\nurl = "http://127.0.0.1:9"\nkey = "env:STALL_CONSENT_KEY"\n'
    with (folder / "virta.toml").open("a", encoding="utf-8") as file:
        file.write(f'\n{there}operator_key = "env:STALL_OPERATOR_KEY"\n')
    assert run(["why", "anna@example.com", str(folder)]) == 2
    assert "By a person's id what the engine did can be told all the same." in capsys.readouterr().err
