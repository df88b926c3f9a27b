"""The measures run: what they measure moves about, and nobody looks at them every day."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_cost_of_a_whole_mail_is_measured_stage_by_stage() -> None:
    """With few mails; inbox, claims, settlements, journal and mail server agree on how many there were."""
    done = subprocess.run(
        [sys.executable, ROOT / "bench" / "mail.py", "20"], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"^20 mails of [\d,]+ bytes: ", done.stdout, re.MULTILINE)
    stages = re.findall(r"^ +\d+ µs  (.+)$", done.stdout, re.MULTILINE)
    assert set(stages) == {
        "decide, links included",
        "claim and settle",
        "template and MIME",
        "hand over",
        "engine store",
        "engine core",
        "loop, threads and the rest",
    }


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
