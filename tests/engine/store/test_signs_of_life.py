"""What people did themselves is found in the inbox; what programs do for them is not."""

import pytest

from engine.store.store import Received, Store

pytestmark = pytest.mark.anyio
ANNA, BERTA = "a" * 32, "b" * 32


async def test_orders_visits_and_clicks_are_signs_and_openings_are_none() -> None:
    """In order, each position once; whoever is not named yet is waited for."""
    store = Store(None, durable=False)
    try:
        start, _ = await store.signs_of_life(None, 0)
        came = [
            Received("1", "order_placed", 5, 9, ANNA, "", {}),
            Received("2", "email_opened", 6, 9, BERTA, "", {}),
            Received("3", "email_clicked", 7, 9, BERTA, "", {}),
            Received("4", "page_viewed", 8, 9, "", "carla@example.com", {}),
            Received("5", "order_placed", 9, 9, ANNA, "", {}),
        ]
        await store.accept(came)
        after, found = await store.signs_of_life(start, 100)
        assert list(found) == [(ANNA, 5), (BERTA, 7)]
        again, none = await store.signs_of_life(after, 100)
        assert (again, list(none)) == (after, [])
    finally:
        store.close()
