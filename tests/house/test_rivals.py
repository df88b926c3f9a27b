"""The comparison with other products counts whole journeys, and says of whom it has no figure, and why."""

import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).parents[2] / "bench"


def said(program: str, cache: Path) -> str:
    """What a program prints that may import what lies in bench/."""
    run = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=120,
        env={"PYTHONPATH": f"{BENCH}:{BENCH / 'ten_steps'}", "XDG_CACHE_HOME": str(cache)},
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_a_journey_is_whole_when_each_step_was_taken_once_and_in_order(tmp_path: Path) -> None:
    """A step that is lost or taken twice is noticed."""
    program = """
from journey import COUNT, journeys, walk, whole
for order in (range(COUNT), [*range(COUNT - 1)], [0, *range(COUNT)], [*range(COUNT)][::-1]):
    (journey,) = journeys(1)
    for step in order:
        walk(journey, step)
    print(whole(journey))
"""
    assert said(program, tmp_path).split() == ["True", "False", "False", "False"]


def test_a_rival_that_does_not_get_through_is_named_with_the_reason(tmp_path: Path) -> None:
    """Here its environment lacks the library."""
    place = tmp_path / "virta-bench" / "python-statemachine"
    (place / "bin").mkdir(parents=True)
    (place / "bin" / "python").symlink_to(sys.executable)
    (place / "installed").write_text("python-statemachine")
    program = """
from rivals import RIVALS, Failed, measure
try:
    measure(RIVALS[-1], 5)
except Failed as fault:
    print(fault)
"""
    assert said(program, tmp_path) == "ended without an answer, with exit code 1\n"


def test_every_rival_has_a_script_and_every_script_a_rival(tmp_path: Path) -> None:
    """None is promised that cannot run."""
    program = "from rivals import RIVALS; print(*sorted(rival.script.name for rival in RIVALS))"
    scripts = sorted(path.name for path in (BENCH / "ten_steps").glob("on_*.py"))
    assert said(program, tmp_path).split() == scripts
