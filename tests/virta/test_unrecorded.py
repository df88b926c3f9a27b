"""A plan tells which new questions reach back before an event's first record."""

import json
import shutil
from pathlib import Path

import pytest
from played import play

from virta.command import run

SEGMENTS = """
segment of_the_year "Bought within a year"
    any order_placed in last 365 days
segment reviewers "Said something"
    any review_submitted
"""


@pytest.fixture(scope="module")
def stall(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds two segments more than what runs."""
    folder = tmp_path_factory.mktemp("unrecorded") / "stall"
    shutil.copytree(play(tmp_path_factory.mktemp("played") / "stall"), folder)
    (folder / "flows" / "segments.flow").write_text(SEGMENTS, "utf-8")
    return folder


def test_a_window_longer_than_the_records_is_told(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the day from which on something is known, or that nothing is."""
    run(["plan", str(stall), "--format", "json"])
    told = json.loads(capsys.readouterr().out)["unrecorded"]
    day = told[0]["first"]
    assert told == [
        {
            "kind": "segment",
            "name": "of_the_year",
            "event": "order_placed",
            "length": "365 days",
            "first": day,
        },
        {"kind": "segment", "name": "reviewers", "event": "review_submitted", "length": None, "first": None},
    ]
    run(["plan", str(stall)])
    text = capsys.readouterr().out
    assert (
        f"Segment of_the_year looks 365 days back at order_placed, which is recorded since {day} only."
        in text
    )
    assert (
        "Segment reviewers looks at all of the past at review_submitted, which is not recorded yet." in text
    )


def test_what_does_not_change_is_not_told_again(stall: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It was told when it came."""
    (stall / "flows" / "segments.flow").write_text("", "utf-8")
    run(["plan", str(stall), "--format", "json"])
    assert json.loads(capsys.readouterr().out)["unrecorded"] == []
