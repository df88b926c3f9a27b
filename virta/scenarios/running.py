"""Many scenarios, one after the other or in several processes at once."""

import asyncio
import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import cache
from pathlib import Path

from dsl.compile import Compiled
from dsl.graph.scenario import Scenario
from virta.scenarios.outcome import Outcome
from virta.scenarios.playing import play
from virta.scenarios.stage import House, open_house
from virta.settings import BrokenProject, Settings

_WORTH_IT = 12
"""Scenarios a process: with fewer, starting it takes longer than it saves."""


def play_all(
    folder: Path,
    settings: Settings,
    compiled: Compiled,
    scenarios: Sequence[Scenario],
    jobs: int,
    done: Callable[[Outcome], None],
) -> list[Outcome]:
    """The outcomes in the order of the scenarios; `done` is told each as it is known. At most `jobs`
    processes share the work. Raises `BrokenProject`."""
    processes = min(jobs, len(scenarios) // _WORTH_IT)
    if processes > 1:
        played = _side_by_side(folder, settings, compiled, scenarios, processes)
    else:
        played = _in_turn(open_house(folder, settings, compiled), scenarios)
    outcomes: list[Outcome] = []
    for outcome in played:
        outcomes.append(outcome)
        done(outcome)
    return outcomes


def _in_turn(house: House, scenarios: Sequence[Scenario]) -> Iterator[Outcome]:
    with asyncio.Runner() as runner:
        for scenario in scenarios:
            yield runner.run(play(house, scenario))


def _side_by_side(
    folder: Path, settings: Settings, compiled: Compiled, scenarios: Sequence[Scenario], processes: int
) -> Iterator[Outcome]:
    known = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("fork" if "fork" in known else "spawn")
    pool = ProcessPoolExecutor(processes, context, _begin, (folder, settings, compiled))
    try:
        part = max(1, len(scenarios) // (processes * 4))
        yield from pool.map(_play, scenarios, chunksize=part)
    except BrokenProcessPool:
        raise BrokenProject(
            "A process that played scenarios was ended from outside, perhaps for want of memory. "
            "Try again with `--jobs 1`."
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


_project: list[tuple[Path, Settings, Compiled]] = []
"""In a process of its own: the project whose scenarios it plays."""


def _begin(folder: Path, settings: Settings, compiled: Compiled) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that others start from
    _project.append((folder, settings, compiled))


@cache
def _house() -> House:
    return open_house(*_project[-1])


def _play(scenario: Scenario) -> Outcome:
    return asyncio.run(play(_house(), scenario))
