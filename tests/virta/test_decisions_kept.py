"""Decisions that are kept no longer, as the commands tell of them."""

import asyncio
import json
import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from stall import make_stall

from consent.client import InProcess
from consent.contract import Ask, MailClass, Outcome, Settlement
from consent.service import Service
from virta.command import run
from virta.consent_door import open_consent
from virta.database_url import consent_place
from virta.keys import make_development_keys, read_consent_keys
from virta.settings import read_settings
from virta.wiring import wall_clock

ANNA = "anna@example.com"
YEARS = 4 * 366 * 86_400_000


def opened(stall: Path, clock: Callable[[], int]) -> Service:
    """The consent service of the stall, as a start of Virta opens it."""
    settings = read_settings(stall)
    place, keys = consent_place(stall, settings), read_consent_keys(settings, stall)
    return open_consent(place, keys, settings, clock=clock, entropy=os.urandom)


async def mailed(client: InProcess, key: str) -> None:
    """A mail that is denied, since no policy was published: a decision all the same."""
    [subject] = await client.subjects([ANNA])
    assert subject is not None
    ask = Ask(key, 1, subject, MailClass.SERVICE, "orders", "0" * 64)
    claimed = await client.claim("engine", [ask], [])
    settled = [Settlement(one.key, 1, Outcome.ACCEPTED) for one in claimed.permits]
    await client.settle("engine", settled)


@pytest.fixture
def stall(tmp_path: Path) -> Path:
    """One with decisions of four years ago, and one of today."""
    folder = make_stall(tmp_path / "stall")
    make_development_keys(folder / "dev-keys.toml", os.urandom)
    (folder / "data").mkdir(exist_ok=True)
    with closing(opened(folder, lambda: wall_clock() - YEARS)) as service:
        asyncio.run(mailed(InProcess(service), "1" * 32))
        asyncio.run(mailed(InProcess(service), "2" * 32))
    with closing(opened(folder, wall_clock)) as service:
        asyncio.run(mailed(InProcess(service), "3" * 32))
    return folder


def told(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    """What a command prints."""
    run([str(word) for word in words])
    return capsys.readouterr().out


def test_the_doctor_tells_of_them_until_they_have_gone_and_each_command_says_so_then(
    stall: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`show` since when, the export without them, and `verify` how many and by which leaf."""
    old = "decisions about mails that are older than 36 months"
    assert old in told(capsys, "doctor", stall)
    with closing(opened(stall, wall_clock)) as service:
        assert asyncio.run(InProcess(service).keep_times()).decisions_expired == 2
    assert old not in told(capsys, "doctor", stall)
    shown = told(capsys, "consent", "show", ANNA, stall)
    assert "Decisions from before " in shown
    assert shown.count("service orders") == 1
    archive = tmp_path / "proof.zip"
    assert ", 1 decisions." in told(capsys, "consent", "export", stall, "--out", archive)
    assert "2 decisions of batches before leaf" in told(capsys, "consent", "verify", archive)
    found = json.loads(told(capsys, "consent", "verify", archive, "--format", "json"))
    assert (found["decisions"], found["let_go"], found["let_go_after_months"]) == (1, 2, 36)


def test_a_project_may_keep_them_for_another_time(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Five years are longer than all of it."""
    settings = stall / "virta.toml"
    settings.write_text(settings.read_text("utf-8") + "\n[times]\ndecision_months = 60\n", "utf-8")
    with closing(opened(stall, wall_clock)) as service:
        assert asyncio.run(InProcess(service).keep_times()).decisions_expired == 0
    assert "decisions about mails" not in told(capsys, "doctor", stall)
