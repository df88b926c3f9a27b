"""Where the CPU of a journey of ten steps goes, stage by stage, in the run that `virta bench --only
journey_cpu_us` does.

    python bench/journeys.py [PEOPLE]
"""

import asyncio
import logging
import sys
import tempfile
import time
from pathlib import Path

from stages import Stages, lines, of_store

from engine.core.stride import Strides
from engine.run import stock
from engine.store.database import Database
from virta.bench.ten_steps import counted, started
from virta.logs import set_up_logs

PEOPLE = 50_000


def watch_all() -> Stages:
    """What is done for a journey, by what it is for."""
    stages = Stages()
    stages.watch(Database, "_transact", of_store)
    stages.watch(Database, "_look", of_store)
    stages.watch(stock, "advance", "core: people looked at whole")
    stages.watch(Strides, "of", "core: strides")
    stages.watch(Strides, "known", "core: strides")
    return stages


async def walked(folder: Path, people: int, stages: Stages) -> float:
    """Seconds of CPU from the events to the ends; the stages know of nothing else."""
    walk = await started(folder, people)
    stages.seconds.clear()
    began = time.process_time()
    await walk.begin()
    await walk.end()
    spent = time.process_time() - began
    kept = dict(stages.seconds)
    await walk.system.close()
    stages.seconds = kept
    return spent


def main() -> None:
    """Measure and print."""
    set_up_logs(logging.CRITICAL)
    people = int(sys.argv[1]) if len(sys.argv) > 1 else PEOPLE
    stages = watch_all()
    with tempfile.TemporaryDirectory(prefix="virta-bench-") as name:
        cost = asyncio.run(walked(Path(name), people, stages)) / people * 1e6
        counts = counted(Path(name), people)
    print(f"{people:,} journeys: {cost:,.0f} µs CPU a journey")
    print("\n".join(lines(cost, stages.seconds, people, "the runner, loop and threads")))
    print(f"counted alike: {', '.join(counts)} ({people:,})")


if __name__ == "__main__":
    main()
