"""The page of figures says what was measured, and nothing else."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
WRITE = """
import sys
sys.path.insert(0, "bench")
from kept import read
from page import DRAWING, PAGE
from wording import drawing, written
data = read()
assert written(PAGE.read_text("utf-8"), data) == PAGE.read_text("utf-8"), "the page"
assert drawing(data) == DRAWING.read_text("utf-8"), "the drawing"
quick = [name for name, found in data.figures.items() if found.result.quick]
differ = [name for name, found in data.figures.items() if len(set(found.result.checks.values())) != 1]
assert not quick and not differ, (quick, differ)
print("same")
"""


def test_no_figure_of_the_page_is_typed_by_hand() -> None:
    """What stands between its marks follows from docs/performance.json, and so does the drawing."""
    run = subprocess.run([sys.executable, "-c", WRITE], capture_output=True, text=True, cwd=ROOT)
    assert (run.returncode, run.stdout) == (0, "same\n"), run.stderr
