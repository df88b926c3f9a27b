"""What journeys cost that send nothing: CPU from the events that start them to their ends, how long it takes
to look who is due while all sleep, and the memory that is held then."""

import asyncio
import time
from pathlib import Path

from prometheus_client.exposition import generate_latest

from engine.run.runner import LARGEST_BATCH
from virta.bench.process import held, peak
from virta.bench.result import Figure, Run
from virta.bench.ten_steps import Told, Walk, counted, started
from virta.monitoring.look import look
from virta.monitoring.metrics import Metrics, registry_of

LOOKS = 20
LOOKED = 20_000
"""People who look at a product while all sleep."""
EVENT = "an event of one who sleeps, µs"


def measure(folder: Path, people: int, told: Told) -> Run:
    """Run `people` through the ten steps."""
    figures, also = asyncio.run(_walked(folder, people, told))
    also["memory at most, MB"] = peak()
    return Run(people, figures, counted(folder, people), also)


async def _walked(folder: Path, people: int, told: Told) -> tuple[dict[str, Figure], dict[str, float]]:
    walk = await started(folder, people)
    began = time.process_time()
    await walk.begin(told)
    spent = time.process_time() - began
    asleep = held()
    scan, due = await _who_is_due(walk)
    scrape = await _scrape(walk, folder / "data")
    looked = min(people, LOOKED)
    event = await walk.look(looked) / looked
    began = time.process_time()
    await walk.end(told)
    spent += time.process_time() - began
    await walk.system.close()
    return (
        {
            "journey": Figure(spent / people * 1e6),
            "due_scan": Figure(scan * 1e3),
            "memory": Figure(asleep),
        },
        {"people whom a look found due": due, "scrape of /metrics, ms": scrape * 1e3, EVENT: event * 1e6},
    )


async def _who_is_due(walk: Walk) -> tuple[float, int]:
    """Seconds of CPU of one look at the moment when the first are due, and how many of them it brings."""
    system = walk.system
    assert system.runner.next_due is not None
    cursors = await system.store.cursors()
    moment = system.runner.next_due
    began = time.process_time()
    for _ in range(LOOKS):
        _, due, _ = await system.store.gather(cursors["inbox"], moment, LARGEST_BATCH)
        assert due
    return (time.process_time() - began) / LOOKS, len(due)


async def _scrape(walk: Walk, data: Path) -> float:
    """Seconds of CPU of what Prometheus asks for."""
    system = walk.system
    metrics = Metrics(system.consent.tallies, system.runner.pulse, lambda: 0, lambda: 0)
    registry = registry_of(metrics)
    began = time.process_time()
    for _ in range(LOOKS):
        metrics.seen, metrics.at = await look(system, data, walk.clock()), walk.clock()
        assert b"virta_timers_overdue" in generate_latest(registry)
    return (time.process_time() - began) / LOOKS
