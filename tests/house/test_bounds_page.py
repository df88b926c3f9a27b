"""What the page says of aims: whether each is met, and what was tried, from the data alone."""

import subprocess
import sys
from pathlib import Path

import msgspec

ROOT = Path(__file__).parents[2]
TELL = """
import sys
sys.path.insert(0, "bench")
import msgspec
from kept import Data
import bounds
print(bounds.text(msgspec.json.decode(sys.stdin.buffer.read(), type=Data)))
"""


def result(name: str, value: float, aim: float, unit: str = "µs CPU", **more: object) -> dict[str, object]:
    """A figure as the page's data keep it."""
    found = {
        "name": name,
        "says": "it",
        "unit": unit,
        "value": value,
        "against": None,
        "beside": "",
        "ratio": None,
        "aim": aim,
        "size": 1_000_000,
        "of": "people",
        "quick": False,
        "checks": {"a": 1, "b": 1},
        "points": [],
        "also": {},
    }
    return {"commit": "abc1234", "result": found | more}


def told(data: dict[str, object]) -> str:
    """The section."""
    run = subprocess.run(
        [sys.executable, "-c", TELL], input=msgspec.json.encode(data), capture_output=True, cwd=ROOT
    )
    assert run.returncode == 0, run.stderr.decode()
    return run.stdout.decode()


def test_an_aim_is_met_or_not_by_the_figure() -> None:
    """Costs should be under it, events a second over it; how far, and at which commit."""
    said = told(
        {
            "figures": {
                "mail_cpu_us": result("mail_cpu_us", 633.0, 300.0),
                "permit_us": result("permit_us", 80.0, 100.0),
                "ingest_events_s": result("ingest_events_s", 2_500.0, 5_000.0, "events/s"),
            }
        }
    )
    assert "The aim is **not met**: 633 µs CPU, 2.11 times over 300 (at abc1234)." in said
    assert "The aim is **met**: 80.0 µs CPU, 1.25 times under 100 (at abc1234)." in said
    assert "The aim is **not met**: 2,500 events/s, 2.00 times under 5,000 (at abc1234)." in said
    assert "### `due_scan_ms_1m`\n\nNot measured yet." in said


def test_flatness_is_an_aim_too() -> None:
    """A journey with a million people beside one with ten thousand."""
    for ratio, word in ((1.2, "flat"), (1.7, "not flat")):
        figure = result("journey_cpu_us", 300.0, 100.0, ratio=ratio, against=250.0, beside="10,000 people")
        said = told({"figures": {"journey_cpu_us": figure}})
        assert f"From 10,000 people to 1,000,000 it is {word}: {ratio:.2f} times, aim 1.5." in said


def test_stages_and_designs_stand_with_the_aim_that_they_are_about() -> None:
    """As the scripts printed them."""
    said = told(
        {
            "figures": {"mail_cpu_us": result("mail_cpu_us", 633.0, 300.0)},
            "scripts": {"mail": {"commit": "def5678", "text": "  310 µs  template and MIME"}},
        }
    )
    assert "```text\n  310 µs  template and MIME\n```\n\nBy `bench/mail.py`, at def5678." in said
