"""Marketing that is shut since the log is shorter than it was: the doctor tells it, an operator opens it."""

import asyncio
import json
import os
from contextlib import closing
from pathlib import Path

import pytest
from consent_of_stall import opened
from stall import make_stall

from consent.client import InProcess
from consent.ledger.log import stored_frontier
from virta.command import run
from virta.keys import make_development_keys


@pytest.fixture
def stall(tmp_path: Path) -> Path:
    """A project whose consent store was told of a log that never was."""
    folder = make_stall(tmp_path / "stall")
    make_development_keys(folder / "dev-keys.toml", os.urandom)
    (folder / "data").mkdir(exist_ok=True)
    with closing(opened(folder)) as service:
        asyncio.run(InProcess(service).reached(900_000_000))
    return folder


def leaves_of(folder: Path) -> int:
    """How many leaves its log has."""
    with closing(opened(folder)) as service:
        return service.read(lambda store: stored_frontier(store.conn).size)


def told(folder: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What the doctor says of it."""
    capsys.readouterr()
    run(["doctor", str(folder), "--format", "json"])
    found = json.loads(capsys.readouterr().out)["findings"]
    return [one["says"] for one in found if one["what"] == "log-behind"]


def test_the_doctor_says_that_marketing_is_shut_and_a_word_opens_it(
    stall: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """For which length, since which, and how many there are; a look does nothing, the word is one leaf."""
    (says,) = told(stall, capsys)
    there = leaves_of(stall)
    assert "900,000,000 leaves" in says
    assert f"had {there:,} when that was said, and has {there:,} now" in says
    assert run(["doctor", str(stall), "--resolve", "log-behind", "--dry-run"]) == 0
    assert "let marketing go" in capsys.readouterr().out
    assert len(told(stall, capsys)) == 1
    assert run(["doctor", str(stall), "--resolve", "log-behind"]) == 0
    assert "Marketing goes again" in capsys.readouterr().out
    assert told(stall, capsys) == []
    assert leaves_of(stall) == there + 1
    assert run(["doctor", str(stall), "--resolve", "log-behind"]) == 0
    assert "nothing to resolve" in capsys.readouterr().out
    assert leaves_of(stall) == there + 1
