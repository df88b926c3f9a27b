"""A visit of the scrub, in parts between which others read and write."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Protocol, TypeVar

from consent.ledger.transaction import Reading, Writing
from consent.timed import scrub

T = TypeVar("T")


class Read(Protocol):
    """Runs what it is given in a transaction that writes nothing."""

    def __call__(self, work: Callable[[Reading], T], /) -> Awaitable[T]:
        """Run `work`."""


class Write(Protocol):
    """Runs what it is given in a transaction of its own."""

    def __call__(self, work: Callable[[Writing], T], /) -> Awaitable[T]:
        """Run `work`."""


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
