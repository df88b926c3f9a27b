"""The demo as `make demo` runs it, whole."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from recount import compare

from virta.command import run

KAFIJA = Path(__file__).parents[2] / "examples" / "kafija"
GOALS = {
    "abandoned_cart": ("order_placed", 5),
    "anniversary": ("order_placed", 30),
    "birthday": ("order_placed", 21),
    "browse": ("order_placed", 7),
    "guide": ("order_placed", 30),
    "price_page": ("subscription_started", 14),
    "welcome": ("order_placed", 14),
    "win_back": ("order_placed", 14),
}
"""What counts for each flow of the shop, and within how many days, as its text says."""


@pytest.mark.slow
def test_ninety_days_of_the_shop_are_what_a_recount_finds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """At least two thousand people, mails from every flow, and the figures of the raw rows and the sink."""
    folder = tmp_path / "kafija"
    shutil.copytree(KAFIJA, folder, ignore=shutil.ignore_patterns("stores", "__pycache__"))
    subprocess.run([sys.executable, "-m", "visitors", "visitors.jsonl"], cwd=folder, check=True)
    visitors = str(folder / "visitors.jsonl")
    words = ["simulate", str(folder), "--visitors", visitors, "--days-after", "0", "--keep"]
    assert run([*words, "--format", "json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["people"] >= 2000
    assert all(row["mails"] for row in report["flows"])
    compare(report, folder, "stores", GOALS)
