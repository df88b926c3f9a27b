"""A clock that is far from the last run of the jobs: the doctor tells it, and an operator's word has it
believed."""

import asyncio
import json
import os
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from consent_of_stall import opened
from stall import make_stall

from consent.client import InProcess
from consent.contract import ConsentClient, Kept
from virta.command import run
from virta.keys import make_development_keys
from virta.operating.timekeeping import watch_times

DAY = 86_400_000


def now() -> int:
    """ms UTC."""
    return time.time_ns() // 1_000_000


@pytest.fixture
def stall(tmp_path: Path) -> Path:
    """A project whose jobs ran sixty days ago."""
    folder = make_stall(tmp_path / "stall")
    make_development_keys(folder / "dev-keys.toml", os.urandom)
    (folder / "data").mkdir(exist_ok=True)
    keep(folder, lambda: now() - 60 * DAY)
    return folder


def keep(folder: Path, clock: Callable[[], int]) -> Kept:
    """One visit of the jobs."""
    with closing(opened(folder, clock)) as service:
        return asyncio.run(InProcess(service).keep_times())


def told(folder: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What the doctor says of it."""
    capsys.readouterr()
    run(["doctor", str(folder), "--format", "json"])
    found = json.loads(capsys.readouterr().out)["findings"]
    return [one["says"] for one in found if one["what"] == "clock"]


def test_the_doctor_tells_that_time_ends_nothing_and_a_word_has_the_clock_believed(
    stall: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A look does nothing; after the word the jobs run, and there is nothing to say."""
    (says,) = told(stall, capsys)
    assert "stood so for 24 hours of running (0 so far)" in says
    assert keep(stall, now).clock_off > 59 * DAY
    assert run(["doctor", str(stall), "--resolve", "clock", "--dry-run"]) == 0
    assert "60 days from where it was" in capsys.readouterr().out
    assert len(told(stall, capsys)) == 1
    assert run(["doctor", str(stall), "--resolve", "clock"]) == 0
    assert "The clock is believed" in capsys.readouterr().out
    assert told(stall, capsys) == []
    assert keep(stall, now).clock_off == 0
    assert run(["doctor", str(stall), "--resolve", "clock"]) == 0
    assert "nothing to resolve" in capsys.readouterr().out


async def _two_visits(consent: ConsentClient, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses = iter([False, True])

    async def pause(_seconds: float) -> None:
        if next(pauses):
            raise asyncio.CancelledError

    monkeypatch.setattr("virta.operating.timekeeping.asyncio.sleep", pause)
    with pytest.raises(asyncio.CancelledError):
        await watch_times(consent)


def test_whoever_serves_says_so_once(
    stall: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As an error in the log, not at each visit."""
    with closing(opened(stall, now)) as service:
        asyncio.run(_two_visits(InProcess(service), monkeypatch))
    said = capsys.readouterr()
    assert (said.out + said.err).count("the clock is not believed") == 1
