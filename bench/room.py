"""How much room ten steps take: bytes of the journal a line and a journey, bytes of what is kept of a person.

    python bench/room.py [PEOPLE]

The flow and the people are those of `journeys.py`: a thousand start in each second, and nothing is mailed.
Bytes are those of the rows' own values; pages, keys and indexes come on top. Figures are printed only if the
journal tells as many ends as there were people, and its rows have as many lines as they say.
"""

import asyncio
import logging
import random
import sqlite3
import sys
import tempfile
from pathlib import Path

from journeys import MONDAY, SECOND, TOGETHER, opened

from engine.core.record import What
from engine.run.simulate import VirtualClock
from engine.store.rows import entries_of
from virta.logs import set_up_logs
from web.api.inbox import NewEvent

PEOPLE = 10_000


async def measure(folder: Path, people: int) -> None:
    """Run them, and print the figures."""
    dice = random.Random(people)
    clock = VirtualClock(MONDAY)
    system = await opened(folder, clock)
    await system.start()
    ids = [f"{dice.getrandbits(128):032x}" for _ in range(people)]
    total = {"amount": "20.00", "currency": "EUR"}
    for first in range(0, people, TOGETHER):
        orders = [
            NewEvent(f"order-{first + n}", "order_placed", None, each, clock(), {"total": total})
            for n, each in enumerate(ids[first : first + TOGETHER])
        ]
        if any(await system.inbox.accept_events(orders)):
            raise SystemExit("An order was not taken.")
        while await system.runner.step():
            pass
        clock.set(clock() + SECOND)
    path = folder / "data" / "engine.db"
    asleep = {table: room(path, table) for table in ("journey", "contact")}
    while (due := system.runner.next_due) is not None and due < MONDAY * 2:
        clock.set(max(due, clock() + SECOND))
        while await system.runner.step():
            pass
    await system.close()
    with sqlite3.connect(path) as connection:
        packed = connection.execute("SELECT count, body FROM journal").fetchall()
    entries = [entry for _, body in packed for entry in entries_of(body)]
    ended = sum(entry.what == What.FINISHED for entry in entries)
    if ended != people or len(entries) != sum(count for count, _ in packed):
        raise SystemExit(f"{people} journeys began and {ended} ended; {len(entries)} lines. No figures.")
    stored = sum(len(body) for _, body in packed)
    print(f"{people:,} journeys of ten steps")
    print(f"{len(entries) / people:9.1f}  lines of the journal a journey")
    print(f"{stored / len(entries):9.1f}  bytes of the journal a line, in {len(packed):,} rows")
    print(f"{stored / people:9.1f}  bytes of the journal a journey")
    print(f"{asleep['journey'] / people:9.1f}  bytes of a journey that waits")
    print(f"{asleep['contact'] / people:9.1f}  bytes of what else is known of its person")


def room(path: Path, table: str) -> int:
    """Bytes of the bodies in a table, watches aside."""
    watches = " WHERE id != contact" if table == "journey" else ""
    with sqlite3.connect(path) as connection:
        (bytes_,) = connection.execute(f"SELECT total(length(body)) FROM {table}{watches}").fetchone()
    return int(bytes_)


if __name__ == "__main__":
    set_up_logs(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(Path(folder), int(sys.argv[1]) if len(sys.argv) > 1 else PEOPLE))
