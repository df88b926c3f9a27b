"""How much room ten steps take: bytes of the journal a line and a journey, bytes of what is kept of a person.

    python bench/room.py [PEOPLE]

The flow and the people are those of `virta bench --only journey_cpu_us`. Bytes are those of the rows' own
values; pages, keys and indexes come on top. Figures are printed only if the journal tells as many ends as
there were people, and its rows have as many lines as they say.
"""

import asyncio
import logging
import sqlite3
import sys
import tempfile
from pathlib import Path

from engine.store.lines import unpack
from virta.bench.result import agreed
from virta.bench.ten_steps import counted, started, store_of
from virta.logs import set_up_logs

PEOPLE = 10_000


async def asleep(folder: Path, people: int) -> dict[str, int]:
    """Run them to their ends; bytes by table while all slept."""
    walk = await started(folder, people)
    await walk.begin()
    found = {table: room(store_of(folder), table) for table in ("journey", "contact")}
    await walk.end()
    await walk.system.close()
    return found


def room(path: Path, table: str) -> int:
    """Bytes of the bodies in a table, watches aside."""
    watches = " WHERE id != contact" if table == "journey" else ""
    with sqlite3.connect(path) as connection:
        (bytes_,) = connection.execute(f"SELECT total(length(body)) FROM {table}{watches}").fetchone()
    return int(bytes_)


def main() -> None:
    """Measure and print."""
    set_up_logs(logging.CRITICAL)
    people = int(sys.argv[1]) if len(sys.argv) > 1 else PEOPLE
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        kept = asyncio.run(asleep(folder, people))
        counted(folder, people)
        with sqlite3.connect(store_of(folder)) as connection:
            packed = connection.execute("SELECT count, body FROM journal").fetchall()
    lines = sum(len(unpack(body)) for _, body in packed)
    agreed({"lines": lines, "lines that the rows tell of": sum(count for count, _ in packed)})
    stored = sum(len(body) for _, body in packed)
    print(f"{people:,} journeys of ten steps")
    print(f"{lines / people:9.1f}  lines of the journal a journey")
    print(f"{stored / lines:9.1f}  bytes of the journal a line, in {len(packed):,} rows")
    print(f"{stored / people:9.1f}  bytes of the journal a journey")
    print(f"{kept['journey'] / people:9.1f}  bytes of a journey that waits")
    print(f"{kept['contact'] / people:9.1f}  bytes of what else is known of its person")


if __name__ == "__main__":
    main()
