"""The measures run: what they measure moves about, and nobody looks at them every day."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_the_cost_of_a_whole_mail_is_measured_stage_by_stage() -> None:
    """With few mails; inbox, claims, settlements, journal and mail server agree on how many there were."""
    done = subprocess.run(
        [sys.executable, ROOT / "bench" / "mail.py", "20"], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"^20 mails of [\d,]+ bytes: ", done.stdout, re.MULTILINE)
    stages = re.findall(r"^ +-?[\d.]+ µs  (.+)$", done.stdout, re.MULTILINE)
    assert set(stages) == {
        "decide, links included",
        "claim and settle",
        "template and MIME",
        "hand over",
        "engine store",
        "engine core",
        "loop, threads and the rest",
    }


def test_the_cost_of_a_journey_is_measured_stage_by_stage() -> None:
    """Every function of the store that a journey needs is a stage by a name of its own."""
    done = subprocess.run(
        [sys.executable, ROOT / "bench" / "journeys.py", "40"], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    stages = re.findall(r"^ +-?[\d.]+ µs  (.+)$", done.stdout, re.MULTILINE)
    assert {each for each in stages if each != "engine's store: all else"} == {
        "engine's store: events kept",
        "engine's store: who is due, and what came in",
        "engine's store: attributes read for a condition",
        "engine's store: whole people read",
        "engine's store: what comes of it is written, and synced",
        "core: people looked at whole",
        "core: strides",
        "the runner, loop and threads",
    }
    assert "counted alike: people, orders in the inbox, " in done.stdout


def test_the_cost_of_an_event_is_measured_stage_by_stage() -> None:
    """In the process that serves; as many were worked on as were sent."""
    done = subprocess.run(
        [sys.executable, ROOT / "bench" / "events.py", "200"], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    stages = re.findall(r"^ +-?[\d.]+ µs  (.+)$", done.stdout, re.MULTILINE)
    assert {"API: the event is read and checked", "consent: whose address it is"} <= set(stages)
    assert "counted alike: events sent, accepted, in the inbox, worked on (200)" in done.stdout


@pytest.mark.parametrize(
    ("script", "size", "counted"),
    [
        ("claims", 600, "permits, decisions, settled (3,268)"),
        ("signups", 12, "people, proof mails, confirmed, active (12); "),
        ("mailbox", 20, "mails taken, mails stored, by each in each of three rounds (70)"),
    ],
)
def test_scripts_print_their_figures_with_the_counts_that_agree(script: str, size: int, counted: str) -> None:
    """What stands on the page was counted in different places."""
    done = subprocess.run(
        [sys.executable, ROOT / "bench" / f"{script}.py", str(size)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert f"counted alike: {counted}" in done.stdout


def test_what_the_time_of_an_answer_tells_is_measured() -> None:
    """Of every kind of address, in each of four ways; the script prints nothing where two answers differ."""
    done = subprocess.run(
        [sys.executable, ROOT / "bench" / "answers.py", "2"], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    rows = re.findall(r"^\| ([a-z ]+) \|(?: \d+ ms(?:, \d+ %)? \|){4}$", done.stdout, re.MULTILINE)
    assert rows == ["new", "waiting", "agreed", "left", "complained", "not me", "erased", "too often"]


def test_the_room_of_a_journey_is_measured() -> None:
    """The journal's rows have the lines that they say, and as many ends as people."""
    done = subprocess.run(
        [sys.executable, ROOT / "bench" / "room.py", "30"], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"^ +[\d.]+  bytes of the journal a line", done.stdout, re.MULTILINE)
    assert len(done.stdout.splitlines()) == 6


def test_a_large_log_is_verified_and_appended_to() -> None:
    """With few leaves: as many were appended as were stored, exported and verified, in two logs."""
    done = subprocess.run(
        [sys.executable, ROOT / "bench" / "leaves.py", "800", "1200"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"^800 leaves and 660 decisions, ", done.stdout, re.MULTILINE)
    assert re.search(
        r"^ +µs a leaf, in commits of 64 +[\d.,]+ +[\d.,]+ +[\d.]+ ×$", done.stdout, re.MULTILINE
    )
    assert done.stdout.count("counted alike: ") == 2
