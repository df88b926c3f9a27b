"""`kill -9` at every row of the protocol's table of crashes and at every commit, against a sink that others
wrote; whatever was killed ends as an undisturbed run does."""

import contextlib
import math
import queue
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from points import EFFECTS, POINTS, ROWS
from power import can_watch
from tally import OUTSIDE, kill, settle, survive, table
from workers import Worker

KILLS = 2000
WORKERS = 2
EACH = 20
"""Of each point at least so many."""

UNKNOWN_WITHOUT_POWER = ("claimed, not begun", "begun, dot not sent", "reply read, not settled")
"""Rows in which a loss of power makes mails unknown."""

needs_disk = pytest.mark.skipif(
    not can_watch(),
    reason="SQLite is built into this Python, where nobody can watch what it syncs and so survives",
)


def test_each_row_is_survived(worker: Worker) -> None:
    """One kill at each row, in stories with kills at many points: nothing is lost, nothing went twice, all is
    as without kills. The many more points are for the slow tests."""
    done = tell_mixed(worker, [*ROWS, OUTSIDE], random.Random(20))
    assert (done["lost"], done["doubled"]) == (0, 0), done


@needs_disk
def test_losing_power_is_survived(worker: Worker) -> None:
    """The same when the machine goes, and with it whatever was not synced, at the rows that differ then."""
    done = tell_mixed(worker, [*UNKNOWN_WITHOUT_POWER, "settled, effect left"], random.Random(21), power=True)
    assert (done["lost"], done["doubled"]) == (0, 0), done


def tell_mixed(
    worker: Worker, points: Sequence[str], dice: random.Random, power: bool = False
) -> Counter[str]:
    """Stories until every point was met once; what came of all."""
    wanted = [*points]
    dice.shuffle(wanted)
    done: Counter[str] = Counter()
    while wanted:
        story = worker.begin(30, pipelining=done["stories"] % 2 == 0, power=dice if power else None)
        while wanted and story.orders < story.people:
            if kill(story, wanted[-1], dice):
                wanted.pop()
        done += settle(worker, story, "mixed")
    return done


@pytest.mark.slow
def test_thousands_of_kills_are_survived(crash_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """At least two thousand, at least twenty at each point; the counts are printed."""
    points = [*POINTS, *commits(crash_folder / "census"), OUTSIDE]
    each = max(EACH, math.ceil(1.1 * KILLS / len(points)))  # some points come but rarely
    done = side_by_side(crash_folder / "kills", points, each, power=False)
    with capsys.disabled():
        print("\n\n" + table("kill -9", done))
    check(done, EACH)
    assert sum(found["kills"] for found in done.values()) >= KILLS


@pytest.mark.slow
@needs_disk
def test_hundreds_of_power_losses_are_survived(
    crash_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Twenty at each point. What the table calls unknown without power is unknown."""
    points = [*POINTS, *commits(crash_folder / "census of the power"), OUTSIDE]
    done = side_by_side(crash_folder / "power", points, EACH, power=True)
    with capsys.disabled():
        print("\n\n" + table("power lost", done))
    check(done, EACH)
    assert all(done[row]["unknown"] for row in UNKNOWN_WITHOUT_POWER)


def check(done: Mapping[str, Counter[str]], each: int) -> None:
    """Each point was met often enough; no mail was lost and none went twice."""
    for point, found in done.items():
        assert found["kills"] >= each, f"{point}: {found['kills']} kills"
        assert (found["lost"], found["doubled"]) == (0, 0), f"{point}: {found}"


def commits(folder: Path) -> list[str]:
    """Every moment of every commit that lives of this shop come to, whether they go on or are the first."""
    with Worker(folder) as worker:
        story = worker.begin(12)
        story.live(census=str(folder / "found"))
        story.live(census=str(folder / "found"))
        story.end()
    found = list(dict.fromkeys((folder / "found").read_text().splitlines()))
    assert len(found) > len(EFFECTS) // 2
    return found


def side_by_side(folder: Path, points: Sequence[str], each: int, *, power: bool) -> dict[str, Counter[str]]:
    """So many kills at each point, by two workers; what came of everything, by point."""
    waiting: queue.SimpleQueue[tuple[int, str]] = queue.SimpleQueue()
    for number, point in enumerate(points):
        waiting.put((number, point))
    done: dict[str, Counter[str]] = {}

    def work(number: int) -> None:
        with Worker(folder / str(number)) as worker, contextlib.suppress(queue.Empty):
            while True:
                seed, point = waiting.get_nowait()
                done[point] = survive(worker, point, each, random.Random(seed), power)

    with ThreadPoolExecutor(WORKERS) as pool:
        for worker in [pool.submit(work, number) for number in range(WORKERS)]:
            worker.result()
    return {point: done[point] for point in points}
