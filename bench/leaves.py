"""What a large log of consent costs: an export of a million leaves checked, leaves appended to ten million.

    python bench/leaves.py [VERIFIED] [LARGE]

Some people are signed up, confirmed and mailed as forms and flows do it. All others are put into the log
alone, by the code that appends leaves: four leaves each, compared with those of the first. The export is
written and checked by `virta consent verify`. Leaves are appended to a log of 10,000 and to the large one in
turns. All is CPU; no figure is printed unless what was appended, stored, exported and checked are one number.
"""

import argparse
import json
import os
import random
import resource
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import signups
from sqlalchemy import Column, create_engine, func, select

from consent.export.archive import write_archive
from consent.keys import Keys
from consent.ledger.log import Log, stored_frontier
from consent.proof.leaf import Leaf
from consent.rules import purpose_version
from consent.service import Service
from consent.store.statement import driver_of
from consent.store.tables import decisions, leaves
from virta.bench.permits import opened
from virta.bench.process import cpu_and_words, peak, virta
from virta.bench.result import agreed
from virta.bench.table import number
from virta.terminal.progress import Bar
from virta.wiring import wall_clock

SMALL = 10_000
VERIFIED, LARGE = 1_000_000, 10_000_000
REAL = 60
"""People who come as forms bring them."""
_AT_ONCE = 20_000
"""Leaves put into the log in one transaction."""
_ROUNDS, _COMMITS = 6, 60
"""How often the two logs are taken in turns, and the commits of each kind in a turn."""
_KINDS = (4, 64)
"""Leaves in a commit: of a person, and of many together."""


class Store(NamedTuple):
    """A store of its own and the keys that it was made with."""

    folder: Path
    keys: Keys

    @property
    def path(self) -> Path:
        """Its file."""
        return self.folder / "consent.db"

    def open(self, durable: bool = True) -> Service:
        """The service; `durable`: each commit synced."""
        return opened(self.folder, self.keys, durable)


def people(version: str, dice: random.Random) -> Iterator[Leaf]:
    """The leaves of one person behind another's, each with a random id, from sign-up to confirmation.
    `version` is that of the topic's words."""
    while True:
        person = dice.randbytes(16).hex()
        form, mail, link = (dice.randbytes(32).hex() for _ in range(3))
        asked = "subject:sign_up"
        yield Leaf("requested", person, "news", "none", "pending", version, asked, form)
        yield Leaf("proof_mail.queued", person, actor=asked, evidence=form)
        yield Leaf("proof_mail.accepted", person, evidence=mail)
        yield Leaf(
            "confirmed", person, "news", "pending", "active", version, "subject:link", link, language="en"
        )


def append(log: Log, coming: Iterator[Leaf], count: int) -> None:
    """So many leaves."""
    for leaf in islice(coming, count):
        log.append(leaf)


def coming_to(service: Service) -> Iterator[Leaf]:
    """Leaves that may be appended to the log, without end."""
    (purpose,) = service.read(lambda reading: reading.rules.policy.purposes)
    return people(purpose_version(purpose), random.Random(length(service)))


def real(service: Service) -> list[dict[str, object]]:
    """The people who come as they do; the leaves of the first of them."""
    signups.sign_up_all(service, REAL, ("news",))
    people = signups.confirm_all(service, signups.mail_proofs(service))
    signups.send(service, people, "news")
    return of_person(service, people[0])


def of_person(service: Service, subject: str) -> list[dict[str, object]]:
    """What the leaves of a person look like: all but position and moment, of random values only their
    length."""
    of_them = select(leaves.c.body, leaves.c.language, leaves.c.told).where(leaves.c.subject == subject)
    found = service.read(lambda reading: reading.conn.execute(of_them.order_by(leaves.c.seq)).all())
    told = []
    for body, language, carried in found:
        leaf = json.loads(body)
        for random_one in ("subject", "evidence"):
            leaf[random_one] = len(leaf[random_one])
        del leaf["seq"], leaf["at"]
        told.append({**leaf, "language": language, "told": carried})
    return told


def grow(store: Store, size: int, sample: list[dict[str, object]]) -> None:
    """Append until there are `size` leaves, by the code that does it always, on a connection that syncs and
    journals nothing; the indexes are made when all are there."""
    service = store.open()
    there, origin, coming = length(service), service.parts.origin, coming_to(service)
    frontier = service.read(lambda reading: stored_frontier(reading.conn))
    service.close()
    engine = create_engine(f"sqlite:///{store.path}")
    with engine.connect() as connection, Bar(f"leaves to {size:,}", size, "leaves") as bar:
        raw = driver_of(connection)
        for pragma in ("journal_mode=OFF", "synchronous=OFF"):
            raw.execute(f"PRAGMA {pragma}")
        for index in leaves.indexes:
            index.drop(connection)
        while there < size:
            log = Log(raw, origin, wall_clock(), frontier)
            append(log, coming, min(_AT_ONCE, size - there))
            log.write()
            connection.commit()
            frontier, there = log.frontier, log.frontier.size
            bar.at(there, there)
        for index in leaves.indexes:
            index.create(connection)
        connection.commit()
    engine.dispose()
    service = store.open()
    newest = select(leaves.c.subject).where(leaves.c.type == "confirmed").order_by(leaves.c.seq.desc())
    subject = str(service.read(lambda reading: reading.conn.scalar(newest.limit(1))))
    found = of_person(service, subject)
    service.close()
    if found != sample:
        raise SystemExit(f"The leaves of {subject} are not like those of a person who signed up.")


def length(service: Service) -> int:
    """How many leaves the log has, as it is in memory."""
    return service.read(lambda reading: reading.conn.scalar(_LAST)) or 0


def stored_from(service: Service, number: Column[int], first: int) -> int:
    """How many rows there are from a number on."""
    rows = select(func.count(number)).where(number >= first)
    return service.read(lambda reading: reading.conn.scalar(rows)) or 0


_LAST = select(func.max(leaves.c.seq) + 1)


def check(store: Store) -> Iterator[str]:
    """Export the log, and have the export checked: lines that tell of it."""
    service, export = store.open(), store.folder / "export.zip"
    began = time.process_time()
    with export.open("wb") as file:
        exported = service.read(lambda reading: write_archive(reading, file))
    written = time.process_time() - began
    stored, decided = stored_from(service, leaves.c.seq, 0), stored_from(service, decisions.c.id, 0)
    last, key = length(service), service.parts.signing.key().line()
    service.close()
    spent, said = cpu_and_words(virta("consent", "verify", export, "--key", key, "--format", "json"))
    found = json.loads(said)
    counts = agreed(
        {"leaves appended": last, "stored": stored, "exported": exported.leaves, "verified": found["leaves"]}
    )
    agreed({"decisions": decided, "exported": exported.decisions, "verified": found["decisions"]})
    if not found["authenticated"]:
        raise SystemExit("The export was not checked by the key.")
    yield f"{last:,} leaves and {decided:,} decisions, {export.stat().st_size / 2**20:,.0f} MB of export"
    yield line("export written", written, "s")
    yield line("export verified, a process of its own", spent, "s")
    yield line("memory of who verifies, at most", peak(resource.RUSAGE_CHILDREN), "MB")
    yield f"counted alike: {', '.join(counts)}"
    export.unlink()


def compare(small: Store, large: Store) -> Iterator[str]:
    """Open both, and append to them in turns: lines that tell of it."""
    services, opening = [], []
    for store in (small, large):
        began = time.process_time()
        services.append(store.open())
        opening.append(time.process_time() - began)
    before = [length(service) for service in services]
    spent: dict[tuple[int, int], list[float]] = {(kind, place): [] for kind in _KINDS for place in range(2)}
    for _ in range(_ROUNDS):
        for (kind, place), found in spent.items():
            found.append(commits(services[place], kind))
    appended = _ROUNDS * _COMMITS * sum(_KINDS)
    sizes = [length(service) for service in services]
    stored = [
        stored_from(service, leaves.c.seq, first) for service, first in zip(services, before, strict=True)
    ]
    agreed(
        {
            "leaves appended": appended,
            "stored in the small log": stored[0],
            "in the large one": stored[1],
            "by their numbers": sizes[1] - before[1],
        }
    )
    for service in services:
        service.close()
    yield f"leaves appended, each commit synced: to {before[0]:,} leaves, to {before[1]:,}, and the ratio"
    for kind in _KINDS:
        few, many = (min(spent[kind, place]) / (_COMMITS * kind) * 1e6 for place in range(2))
        yield line(f"µs a leaf, in commits of {kind}", few, "", many)
    yield line("s, the store opened", opening[0], "", opening[1])
    yield f"counted alike: leaves appended, stored in both ({appended:,})"


def commits(service: Service, leaves_each: int) -> float:
    """Seconds of CPU of some commits."""
    coming = coming_to(service)
    began = time.process_time()
    for _ in range(_COMMITS):
        service.write(lambda tx: append(tx.log, coming, leaves_each))
    return time.process_time() - began


def line(what: str, value: float, unit: str, other: float | None = None) -> str:
    """One figure, or two and how many times the first the second is."""
    if other is None:
        return f"  {what:40} {number(value):>8} {unit}"
    return f"  {what:40} {number(value):>8} {number(other):>8} {other / value:>6.2f} ×"


def made(folder: Path) -> tuple[Store, list[dict[str, object]]]:
    """A store with the people who come as they do, and what the leaves of one of them look like."""
    folder.mkdir()
    store = Store(folder, Keys.random(os.urandom))
    service = store.open(durable=False)
    sample = real(service)
    service.close()
    return store, sample


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("verified", nargs="?", type=int, default=VERIFIED, metavar="VERIFIED")
    asked.add_argument("large", nargs="?", type=int, default=LARGE, metavar="LARGE")
    given = asked.parse_args()
    with tempfile.TemporaryDirectory(prefix="virta-bench-") as name:
        small, sample = made(Path(name) / "small")
        large, _ = made(Path(name) / "large")
        grow(small, min(SMALL, given.verified), sample)
        grow(large, given.verified, sample)
        told = list(check(large))
        grow(large, given.large, sample)
        told += compare(small, large)
    print("\n".join(told))


if __name__ == "__main__":
    main()
