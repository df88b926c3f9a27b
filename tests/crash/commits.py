"""Every transaction of the two stores that changes something, as a place to die at: when it is written and
not committed, and when it is committed and nobody has heard. What there is to die at is found out, not
listed: a life that takes the census names all that it commits."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from consent.ledger.transaction import Writing
from consent.service import Service
from consent.store.statement import driver_of
from consent.store.stops import StopsFile
from engine.store.database import Database

Strike = Callable[[str], None]

WRITTEN, COMMITTED = "written", "committed"
STOP = "consent, a stop: in its file, not committed"
_NAME = re.compile(r"(\w+)\.<locals>\.<lambda>$")


def watch(strike: Strike) -> None:
    """Have `strike` called with the name of each such moment, in the thread in which it comes."""
    _watch_engine(strike)
    _watch_consent(strike)


def census(file: Path) -> Strike:
    """Writes down each moment that comes, once."""
    seen: set[str] = set()

    def note(moment: str) -> None:
        if moment not in seen:
            seen.add(moment)
            with file.open("a") as kept:
                kept.write(f"{moment}\n")

    return note


def _watch_engine(strike: Strike) -> None:
    transact = Database._transact

    def watched(self: Database, transaction: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        room = transaction.__module__.rpartition(".")[2]
        name = f"engine, {room}.{transaction.__name__.strip('_')}"
        changed = False

        def written(connection: Any, *given: Any) -> Any:
            nonlocal changed
            driver = driver_of(connection)
            before = driver.total_changes
            result = transaction(connection, *given)
            changed = driver.total_changes > before
            if changed:
                strike(f"{name}: {WRITTEN}")
            return result

        result = transact(self, written, arguments)
        if changed:
            strike(f"{name}: {COMMITTED}")
        return result

    Database._transact = watched  # type: ignore[method-assign, assignment]


def _watch_consent(strike: Strike) -> None:
    write, finish, put = Service._write, Writing.finish, StopsFile.write
    doing, before = "", 0  # one thread writes

    def watched(self: Service, work: Callable[[Writing], Any]) -> Any:
        nonlocal doing, before
        found = _NAME.search(work.__qualname__)
        doing = f"consent, {found.group(1) if found is not None else work.__qualname__}"
        assert self.store.writer is not None
        driver = driver_of(self.store.writer)
        before = driver.total_changes
        result = write(self, work)
        if driver.total_changes > before:
            strike(f"{doing}: {COMMITTED}")
        return result

    def finished(self: Writing) -> None:
        finish(self)
        if self.driver.total_changes > before:
            strike(f"{doing}: {WRITTEN}")

    def stopped(self: StopsFile, stops: Any) -> None:
        put(self, stops)
        strike(STOP)

    Service._write = watched  # type: ignore[method-assign, assignment]
    Writing.finish = finished  # type: ignore[method-assign]
    StopsFile.write = stopped  # type: ignore[method-assign]
