"""What an import tells the engine: rows of its inbox, put there beside one that runs, or for the next."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import msgspec

from engine.store.arrivals import Received
from engine.store.control import ARRIVALS, Desk, open_desk
from engine.store.database import exists
from engine.store.server import Place
from engine.store.store import Store
from virta.operating.ordering import author, now


class Arriving:
    """Takes what comes in. `accept` has the form that the engine's own store has."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def accept(self, items: Sequence[Received]) -> None:
        """Keep what came in; an id that is there already is left as it is."""
        if items:
            self._desk.arrive(items)

    def tell(self, what: str) -> None:
        """Let an engine that runs look. `what` says in a few words what came."""
        self._desk.instruct(ARRIVALS, msgspec.json.encode(what), author(), now())


@contextmanager
def arriving(place: Place) -> Iterator[Arriving]:
    """The inbox of the engine at `place`, whose database is made if there is none. Raises `StoreFault`."""
    if not exists(place):
        Store(place).close()
    with open_desk(place) as desk:
        yield Arriving(desk)
