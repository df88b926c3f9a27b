"""The catalogue of an earlier life, learned anew from the events that are kept."""

from collections.abc import Collection, Sequence
from typing import Any, Protocol

from engine.people.catalogue import LEARNS_FROM, Catalogue, Product

_PART = 5000


class Told(Protocol):
    """An event."""

    @property
    def seq(self) -> int: ...

    @property
    def kind(self) -> str: ...

    @property
    def at(self) -> int: ...

    @property
    def data(self) -> dict[str, Any]: ...


class Events(Protocol):
    """Where events are kept, and what they told of products."""

    async def products(self) -> Sequence[Product]: ...

    async def told(
        self, kinds: Collection[str], since: int, after: int, until: int, limit: int
    ) -> Sequence[Told]: ...


async def relearn(catalogue: Catalogue, events: Events, now: int, until: int) -> None:
    """Know every product again, and take in every event that still counts, up to the place `until` of the
    inbox, in the order in which they came. `now` is ms UTC."""
    catalogue.restore(await events.products())
    after = 0
    while part := await events.told(LEARNS_FROM, catalogue.counts_from(now), after, until, _PART):
        for event in part:
            catalogue.learn(event.kind, event.data, event.at)
        after = part[-1].seq
