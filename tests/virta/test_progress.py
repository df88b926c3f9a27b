"""How far long work has come, where there is no terminal."""

import pytest

from virta.terminal.progress import Bar


def test_it_speaks_early_and_is_never_silent_for_long(capsys: pytest.CaptureFixture[str]) -> None:
    """A line after a few seconds, then one for each tenth of the way or every ten seconds."""
    at = [0.0]
    with Bar("Simulating", 1000, "mails", lambda: at[0]) as bar:
        for at[0], done in ((1, 0), (2, 1), (3, 2), (9, 50), (13, 60), (14, 130), (15, 140), (16, 1000)):
            bar.at(done, done * 2)
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.splitlines() == [
        "Simulating:   0 %, 4 mails, 1/s, 1497 s left",
        "Simulating:   6 %, 120 mails, 9/s, 204 s left",
        "Simulating:  13 %, 260 mails, 19/s, 94 s left",
        "Simulating: 100 %, 2,000 mails, 125/s, 0 s left",
    ]


def test_of_what_is_done_within_a_second_nothing_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """A backup of a short store has no rate worth reading."""
    at = [0.0]
    with Bar("Backing up", 1.0, "MB", lambda: at[0]) as bar:
        for at[0], done in ((0.1, 0.2), (0.5, 0.9), (0.9, 1.0)):
            bar.at(done, 0)
    assert capsys.readouterr().err == ""


def test_what_was_done_before_anybody_looked_is_no_rate(capsys: pytest.CaptureFixture[str]) -> None:
    """Neither does it make the rest look shorter."""
    at = [0.0]
    with Bar("Taking people over", 1.0, "people", lambda: at[0], before=(0.4, 4000)) as bar:
        for at[0], done in ((1, 0.4), (2, 0.5), (6, 0.6)):
            bar.at(done, round(done * 10_000))
    assert capsys.readouterr().err.splitlines() == [
        "Taking people over:  50 %, 5,000 people, 500/s, 10 s left",
        "Taking people over:  60 %, 6,000 people, 333/s, 12 s left",
    ]
