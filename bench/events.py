"""Where the CPU of an event over HTTP goes, stage by stage, in the run that `virta bench --only
ingest_events_s` does.

    python bench/events.py [EVENTS]

`virta serve` runs in a process of its own there; `python bench/events.py serve FOLDER` is that process, with
a look at the clock in each stage, and writes down what it saw when it ends.
"""

import sys
import tempfile
from pathlib import Path

import msgspec
from stages import Stages, lines, of_store

from consent.service import Service
from engine.run import stock
from engine.store.database import Database
from virta.bench import ingest
from virta.command import run
from web.api import events

EVENTS = 50_000
_SEEN = "stages.json"


def watch_all() -> Stages:
    """What is done for an event, by what it is for."""
    stages = Stages()
    stages.watch(Database, "_transact", of_store)
    stages.watch(Database, "_look", of_store)
    stages.watch(Service, "read", "consent: whose address it is")
    stages.watch(Service, "write", "consent: whose address it is")
    stages.watch(events, "read_event", "API: the event is read and checked")
    stages.watch(stock, "advance", "core: people looked at whole")
    return stages


def serve(words: list[str]) -> int:
    """What `virta serve` does, and what it cost, in the project's folder."""
    stages = watch_all()
    try:
        return run(["serve", *words])
    finally:
        (Path(words[0]) / _SEEN).write_bytes(msgspec.json.encode(stages.seconds))


def main() -> None:
    """Measure and print."""
    if sys.argv[1:2] == ["serve"]:
        sys.exit(serve(sys.argv[2:]))
    count = int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS
    ingest.virta = lambda *words: [sys.executable, __file__, *map(str, words)]
    with tempfile.TemporaryDirectory(prefix="virta-bench-") as name:
        found = ingest.measure(Path(name), count, lambda done, taken: None)
        seconds = msgspec.json.decode((Path(name) / _SEEN).read_bytes(), type=dict[str, float])
    cost, rate = found.also["CPU an event of the server, µs"], found.figures["ingest"].value
    print(f"{found.size:,} events: {cost:,.0f} µs CPU an event of the server, {rate:,.0f} events/s worked on")
    print("\n".join(lines(cost, seconds, found.size, "HTTP, the runner, loop and threads")))
    print(f"counted alike: {', '.join(found.counts)} ({found.size:,})")


if __name__ == "__main__":
    main()
