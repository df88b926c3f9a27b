"""How long it takes to write a store of consent anew after an erasure, how long whoever withdraws waits
meanwhile, how much room it takes on the disk, and whether anything of it goes through files elsewhere.

    .venv/bin/python bench/rewriting.py PEOPLE FOLDER

Rows are as long as those that sign-ups leave; they hold random bytes, and no log goes with them."""

import os
import secrets
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from consent.keys import Keys
from consent.service import Service, open_service
from consent.store.anew import OF_PEOPLE
from consent.store.statement import driver_of

_PART = 10_000
_LATE = 0.01


def fill(service: Service, people: int) -> None:
    """As many people, each with a topic, a request with its wish, and three pieces of evidence."""
    assert service.store.writer is not None
    driver: Any = driver_of(service.store.writer)
    for first in range(0, people, _PART):
        ids = [secrets.token_hex(16) for _ in range(first, min(first + _PART, people))]
        driver.execute("BEGIN IMMEDIATE")
        for table, rows in _rows(ids):
            names = [row[1] for row in driver.execute(f"PRAGMA table_info({table})")]
            given = ", ".join("?" * len(names))
            quoted = ", ".join(f'"{name}"' for name in names)
            driver.executemany(
                f"INSERT INTO {table} ({quoted}) VALUES ({given})",
                ([row.get(name, 0) for name in names] for row in rows),
            )
        driver.commit()


def _rows(ids: list[str]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    token = secrets.token_bytes
    words = {"language": "en", "frequency": "", "topic": "newsletter", "version": secrets.token_hex(32)}
    words |= {"state": "active", "asked": "", "mail": "sent", "closed": "confirmed", "moves": "", "tells": ""}
    yield (
        "subjects",
        [
            {**words, "id": one, "lookup": token(32), "wrapped": token(60), "address": token(52)}
            for one in ids
        ],
    )
    yield "standings", [{**words, "subject": one} for one in ids]
    asked = [{**words, "id": secrets.token_hex(16), "subject": one} for one in ids]
    yield "requests", asked
    yield "wishes", [{**words, "request": one["id"]} for one in asked]
    rows = [
        {"commitment": secrets.token_hex(32), "subject": one, "row": secrets.token_hex(16)}
        for one in ids
        for _ in range(3)
    ]
    yield "evidence", [{**row, "sealed": token(700), "ip": token(60)} for row in rows]


class Elsewhere:
    """Looks, in a thread of its own, at how much of this process stands in files that have no name."""

    def __init__(self) -> None:
        self.most = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def _look(self) -> None:
        while not self._over.wait(0.05):
            found = 0
            for fd in os.listdir("/proc/self/fd"):
                try:
                    if os.readlink(f"/proc/self/fd/{fd}").endswith("(deleted)"):
                        found += os.fstat(int(fd)).st_size
                except OSError:
                    continue
            self.most = max(self.most, found)

    def end(self) -> int:
        """The most bytes that there were."""
        self._over.set()
        self._thread.join()
        return self.most


def main(people: int, folder: Path) -> None:
    """Fill, rewrite while somebody writes all the time, and tell."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "consent.db"
    service = open_service(
        path,
        Keys.random(secrets.token_bytes),
        origin="kafija.example/consent",
        public_url="https://kafija.example",
        team=(),
        clock=lambda: time.time_ns() // 1_000_000,
        entropy=secrets.token_bytes,
    )
    fill(service, people)
    print(f"{people:,} people, {path.stat().st_size / 1e6:,.0f} MB")
    waits: list[float] = []
    over = threading.Event()

    def write() -> None:
        while not over.wait(_LATE):
            began = time.perf_counter()
            service.write(lambda tx: tx.driver.execute("UPDATE standings SET at = 1 WHERE subject = 'x'"))
            waits.append(time.perf_counter() - began)

    elsewhere, writing = Elsewhere(), threading.Thread(target=write)
    writing.start()
    began, cpu = time.perf_counter(), time.thread_time()
    done = all(service.rewrite(table) for table in OF_PEOPLE)
    took, used = time.perf_counter() - began, time.thread_time() - cpu
    over.set()
    writing.join()
    print(f"written anew: {done}, in {took:.1f} s, {used:.1f} s of them at work")
    print(f"the longest wait of a write: {max(waits):.2f} s")
    print(f"the file afterwards: {path.stat().st_size / 1e6:,.0f} MB")
    print(f"in files without a name: {elsewhere.end() / 1e6:,.1f} MB")
    service.close()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
