"""What is due by time, and a visit of the scrub: in parts, between which others read and write."""

import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Protocol, TypeVar

from consent.jobs import Job
from consent.ledger.transaction import Reading, Writing
from consent.timed import scrub

log = logging.getLogger("consent")

T = TypeVar("T")


class Read(Protocol):
    """Runs what it is given in a transaction that writes nothing."""

    def __call__(self, work: Callable[[Reading], T], /) -> Awaitable[T]:
        """Run `work`."""


class Write(Protocol):
    """Runs what it is given in a transaction of its own."""

    def __call__(self, work: Callable[[Writing], T], /) -> Awaitable[T]:
        """Run `work`."""


async def job_part(read: Read, write: Write, name: str, job: Job, most: int) -> int:
    """One part of a job, of so many at most: how much it did. A row that nobody can read stops neither the
    other jobs nor the scrub, which tells whose it is."""
    look = job.look
    try:
        found = await read(lambda reading: look(reading, most)) if look is not None else ()
        return 0 if found is None else await write(lambda tx: job.do(tx, most, found))
    except (TypeError, ValueError):
        log.error("what is due by time fails at a damaged row: %s", name, exc_info=True)
        return 0


async def scrub_visit(read: Read, write: Write) -> int:
    """One visit: how many doubts are new."""
    place, visit = await read(scrub.begin)
    found: list[tuple[str, str]] = []
    over = False
    while not over:
        seen = await read(partial(_look, place, visit))
        place, over = seen.place, seen.over
        found += seen.found
    return await write(lambda tx: scrub.note(tx, place, found))


def _look(place: scrub.Place, visit: scrub.Visit, reading: Reading) -> scrub.Seen:
    return scrub.look(reading, place, visit)
