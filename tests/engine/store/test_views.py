"""What may not be kept of people's looking around leaves nothing behind but the sender's own id."""

import pytest

from engine.core.bundle import Bundle, replace
from engine.store.batch import Batch
from engine.store.store import Received, Store

ANNA, BERTA = "a" * 32, "b" * 32

pytestmark = pytest.mark.anyio


def event(id_: str, kind: str, contact: str) -> Received:
    return Received(id_, kind, 1000, 1001, contact, "", {"url": f"https://kafija.example/{id_}"})


async def kept(store: Store) -> list[str]:
    return [item.id for item in await store.history()]


async def test_an_emptied_row_says_nothing_and_still_counts_its_id(store: Store) -> None:
    """Neither who nor what nor when; the same id again is known already."""
    await store.accept([event("v-1", "page_viewed", ANNA), event("o-1", "order_placed", ANNA)])
    batch = Batch()
    batch.emptied.append(1)
    await store.commit(batch)
    assert await kept(store) == ["o-1"]
    (first, _), *_ = await store.gather(0, 0, 10)
    assert first == Received("v-1", "", 0, 0, "", "", {}, 1)
    await store.accept([event("v-1", "page_viewed", ANNA)])
    assert await kept(store) == ["o-1"]


async def test_ending_personalisation_ends_what_was_kept_of_views(store: Store) -> None:
    """Hers alone, and views alone: her orders and what others looked at stay."""
    await store.accept(
        [
            event("v-1", "page_viewed", ANNA),
            event("v-2", "product_viewed", ANNA),
            event("o-1", "order_placed", ANNA),
            event("v-3", "product_viewed", BERTA),
        ]
    )
    agreed = Bundle(ANNA, 1, agreed=frozenset({"news", "personalisation"}))
    batch = Batch()
    batch.change(agreed, replace(agreed, agreed=frozenset({"personalisation"})))
    await store.commit(batch)
    assert await kept(store) == ["v-1", "v-2", "o-1", "v-3"]
    batch = Batch()
    batch.change(agreed, replace(agreed, agreed=frozenset({"news"})))
    await store.commit(batch)
    assert await kept(store) == ["o-1", "v-3"]
