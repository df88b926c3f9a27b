"""What journeys cost that send nothing: ten steps each, people in random order, every commit synced.

    python bench/journeys.py [PEOPLE …]

Time is virtual: a thousand people start in each second, and the clock goes from second to second where
somebody waits for it. CPU is that of this process, all threads, from the events that start the journeys to
their ends. Beside it, in the same run, stands the floor: Python's own sqlite3 doing the very statements of
the engine's transactions with the very rows, in a process of its own. Last, what it costs to look whether
anybody is due while all of them sleep, and the memory that is held then.

A figure is printed only if the inbox, the journal and the tables agree on how many journeys there were, and
the floor's tables hold as many rows as the engine's.
"""

import asyncio
import logging
import os
import pickle
import platform
import random
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from msgspec import Struct

from consent.keys import Keys
from dsl.compile import Compiled, Project, compile_project
from engine.calls.recorder import Recorder
from engine.core.record import What
from engine.run.simulate import VirtualClock
from engine.store.database import Database
from engine.store.statement import Statement
from virta.keys import ProjectKeys
from virta.logs import set_up_logs
from virta.settings import Controller, Sender, Settings
from virta.wiring import System, World, open_system
from web.api.inbox import NewEvent

FLOW = """
use shop
contact
    city text
    visits number
flow ten
    start on order_placed where total > 0 EUR

    wait 1 hour
    if contact.visits > 3
        wait 1 hour
    wait 1 day
    split way
        50% short
            wait 2 days
        50% long
            wait 3 days
    wait for product_viewed up to 4 days
    wait 1 day at 10:00
    if contact.city is "Riga"
        wait 1 hour
    wait 2 days
    wait 1 hour
    finish as over
"""
PROOF = (
    '---\nsubject: Confirm\n---\n<p>{{ wording }} <a href="{{ links.confirm }}">yes</a>'
    ' <a href="{{ links.refuse }}">no</a></p>\n'
)
MONDAY = 1_772_409_600_000  # 2026-03-02 00:00 UTC, ms
SECOND = 1_000
TOGETHER = 1_000
"""People who start in one second, and events in one call."""
SCANS = 200
FLOOR_PEOPLE = 10_000
TABLES = ("contact", "journey", "journey_of", "inbox", "journal", "effect")


class Figures(Struct):
    """Of one run: µs of CPU a journey, ms of CPU a look at who is due, MB held while all sleep, and the
    largest that the process ever was."""

    people: int
    journey_us: float
    scan_ms: float
    asleep_mb: float
    peak_mb: float


def compiled() -> Compiled:
    found = compile_project(
        Project(
            (("ten.flow", FLOW.encode()),),
            (("templates/confirm.html", PROOF.encode()),),
            ("en",),
            "EUR",
            "UTC",
            date(2026, 1, 1),
        )
    )
    if found.program is None:
        raise SystemExit("\n".join(finding.message for finding in found.findings))
    return found


async def opened(folder: Path, clock: VirtualClock) -> System:
    settings = Settings(
        name="bench",
        sender=Sender(name="Bench", address="bench@shop.example", imprint="Example Street 1"),
        controller=Controller(name="Bench", address="Example Street 1", contact="bench@shop.example"),
    )
    keys = ProjectKeys(Keys.random(os.urandom), os.urandom(32))
    return await open_system(folder, settings, compiled(), keys, World(Recorder(), clock))


async def measure(folder: Path, people: int) -> Figures:
    dice = random.Random(people)
    clock = VirtualClock(MONDAY)
    system = await opened(folder, clock)
    await system.start()
    ids = [f"{dice.getrandbits(128):032x}" for _ in range(people)]
    total = {"amount": "20.00", "currency": "EUR"}
    began = time.process_time()
    for first in range(0, people, TOGETHER):
        now = clock()
        orders = [
            NewEvent(f"order-{first + n}", "order_placed", None, each, now, {"total": total})
            for n, each in enumerate(ids[first : first + TOGETHER])
        ]
        reasons = await system.inbox.accept_events(orders)
        if any(reasons):
            raise SystemExit(f"An order was not taken: {reasons[0]}")
        while await system.runner.step():
            pass
        clock.set(now + SECOND)
    spent = time.process_time() - began
    asleep = held()
    began = time.process_time()
    for _ in range(SCANS):
        if await system.runner.step():
            raise SystemExit("Somebody was due while all should sleep.")
    scan = (time.process_time() - began) / SCANS
    began = time.process_time()
    while (due := system.runner.next_due) is not None and due < MONDAY * 2:
        clock.set(max(due, clock() + SECOND))
        while await system.runner.step():
            pass
    spent += time.process_time() - began
    ended = 0
    for entry in await system.store.journal():
        ended += entry.what == What.FINISHED
    await system.close()
    standing = rows(folder / "data" / "engine.db")
    if ended != people or standing["journey"] or standing["inbox"] != people:
        raise SystemExit(f"{people} journeys began and {ended} ended; standing: {standing}. No figures.")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Figures(people, spent / people * 1e6, scan * 1e3, asleep, peak)


def held() -> float:
    """MB of memory that this process holds now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def rows(path: Path) -> dict[str, int]:
    with sqlite3.connect(path) as connection:
        return {table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in TABLES}


# ---------------------------------------------------------------- the floor


def record(folder: Path, people: int) -> None:
    """Run once more, and write down every statement of every transaction; the tables as they were made."""
    told: list[tuple[str, Any]] = []
    plain = {name: getattr(Statement, name) for name in ("rows", "first", "run", "run_many")}

    def noted(name: str) -> Any:
        def call(self: Statement, driver: Any, *given: Any) -> Any:
            sql, behind = self._words(driver)
            if name == "run_many":
                given = (list(given[0]),)
                told.append((sql, given[0]))
            else:
                told.append((sql, (*given, *behind)))
            return plain[name](self, driver, *given)

        return call

    transact = Database._transact

    def marked(self: Database, transaction: Any, arguments: Any) -> Any:
        told.append(("BEGIN", None))
        try:
            return transact(self, transaction, arguments)
        finally:
            told.append(("COMMIT", None))

    for name in plain:
        setattr(Statement, name, noted(name))
    Database._transact = marked  # type: ignore[method-assign]
    try:
        asyncio.run(measure(folder, people))
    finally:
        Database._transact = transact  # type: ignore[method-assign]
        for name, method in plain.items():
            setattr(Statement, name, method)
    with sqlite3.connect(folder / "data" / "engine.db") as connection:
        made = [sql for (sql,) in connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")]
    (folder / "told").write_bytes(pickle.dumps((made, told)))


def replay(folder: Path) -> None:
    """The floor, in a process of its own: prints seconds of CPU."""
    made, told = pickle.loads((folder / "told").read_bytes())
    connection = sqlite3.connect(folder / "floor.db", isolation_level=None, cached_statements=256)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "cache_size=-65536"):
        connection.execute(f"PRAGMA {pragma}")
    for sql in made:
        if not sql.startswith("CREATE TABLE sqlite_"):
            connection.execute(sql)
    began = time.process_time()
    for sql, given in told:
        if given is None:
            connection.execute("BEGIN IMMEDIATE" if sql == "BEGIN" else sql)
        elif isinstance(given, list):
            connection.executemany(sql, given)
        else:
            connection.execute(sql, given).fetchall()
    print(time.process_time() - began)
    connection.close()


def floor(people: int) -> float:
    """µs of CPU a journey of the bare driver with the same statements and rows."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        record(folder, people)
        said = subprocess.run(
            [sys.executable, __file__, "--floor", name], check=True, capture_output=True, text=True
        ).stdout
        there, here = rows(folder / "data" / "engine.db"), rows(folder / "floor.db")
        written = ("journey", "journey_of", "inbox", "journal")
        if any(there[table] != here[table] for table in written):
            raise SystemExit(f"The floor did not do the same: {here} against {there}. No figures.")
        return float(said) / people * 1e6


def measured(sizes: list[int]) -> Iterator[Figures]:
    """Each size in a process of its own, so that its memory is its own."""
    for size in sizes:
        said = subprocess.run([sys.executable, __file__, "--one", str(size)], capture_output=True)
        if said.returncode:
            raise SystemExit(said.stderr.decode())
        yield pickle.loads(said.stdout)


def main() -> None:
    set_up_logs(logging.ERROR)
    match sys.argv[1:]:
        case ["--floor", folder]:
            replay(Path(folder))
            return
        case ["--one", size]:
            with tempfile.TemporaryDirectory() as name:
                sys.stdout.buffer.write(pickle.dumps(asyncio.run(measure(Path(name), int(size)))))
            return
    sizes = [int(each) for each in sys.argv[1:]] or [10_000, 100_000]
    print(f"{platform.machine()}, Python {platform.python_version()}, {os.cpu_count()} cores")
    bare = floor(FLOOR_PEOPLE)
    print(f"the same statements by sqlite3 alone, {FLOOR_PEOPLE:,} people: {bare:.0f} µs of CPU a journey")
    first: Figures | None = None
    for each in measured(sizes):
        first = first or each
        against, beside = each.journey_us / bare, each.journey_us / first.journey_us
        print(
            f"{each.people:>9,} people: {each.journey_us:.0f} µs of CPU a journey, {against:.1f} times the "
            f"floor and {beside:.2f} times what it is with {first.people:,}"
        )
        print(
            f"          while all sleep: {each.scan_ms:.2f} ms a look, {each.asleep_mb:.0f} MB held; "
            f"{each.peak_mb:.0f} MB at most"
        )


if __name__ == "__main__":
    main()
