"""Whoever is in doubt is told of by the doctor, and put right by an operator's word."""

import asyncio
import json
import os
from contextlib import closing
from pathlib import Path

import pytest
from consent_of_stall import opened
from sqlalchemy import update
from stall import make_stall
from test_consent_record import ANNA, join

from consent.client import InProcess
from consent.contract import Kept
from consent.store.tables import subjects
from virta.command import run
from virta.keys import make_development_keys
from virta.operating.doubted import round_in_time
from virta.wiring import wall_clock


async def get_round(client: InProcess) -> int:
    """How many doubts the scrub finds in a whole round."""
    found, done = 0, Kept()
    for _ in range(150):
        done = await client.keep_times()
        found += done.doubted
    return found


def test_a_doctor_tells_who_is_in_doubt_and_a_word_puts_it_right(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the id, with what differs and the very command; then all is well."""
    stall = make_stall(tmp_path / "stall")
    make_development_keys(stall / "dev-keys.toml", os.urandom)
    (stall / "data").mkdir(exist_ok=True)
    with closing(opened(stall)) as service:
        client = InProcess(service)
        anna = asyncio.run(join(client))
        service.write(lambda tx: tx.conn.execute(update(subjects).values(complained=900)))
        assert asyncio.run(get_round(client)) == 1
    assert _doubts(stall, capsys) == [
        f"The store says of {anna} what the log does not (complained); they get no marketing."
    ]
    assert run(["consent", "record", ANNA, "doubt.resolved", str(stall)]) == 0
    assert "the store follows the log again" in capsys.readouterr().out
    assert _doubts(stall, capsys) == []


def test_a_doctor_says_when_store_and_log_were_last_compared(tmp_path: Path) -> None:
    """A round takes a day: one that is over within four is in time, in whatever state the store is."""
    stall = make_stall(tmp_path / "stall")
    make_development_keys(stall / "dev-keys.toml", os.urandom)
    (stall / "data").mkdir(exist_ok=True)
    with closing(opened(stall)) as service:
        now = wall_clock()

        def said(days: int) -> list[str]:
            return [one.says for one in round_in_time(service, now + days * 86_400_000)]

        assert said(0) == said(3) == []
        assert said(5) == ["Store and log of consent have never been compared whole."]
        asyncio.run(get_round(InProcess(service)))
        assert said(3) == []
        assert said(5) == ["Store and log of consent were last compared whole 5 days ago."]
        assert said(-3) == [
            "Store and log of consent were last compared whole at a time that is still to come."
        ]


def _doubts(stall: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    capsys.readouterr()
    run(["doctor", str(stall), "--format", "json"])
    report = json.loads(capsys.readouterr().out)
    return [one["says"] for one in report["findings"] if one["what"] == "doubt"]
