"""Events read in parts, whomever they are about."""

import pytest

from engine.store.store import Received, Store


def received(number: int, kind: str = "order_placed", at: int = 1000) -> Received:
    return Received(f"e{number}", kind, at + number, at, "", f"p{number}@example.com", {"n": number})


@pytest.mark.anyio
async def test_events_are_read_in_parts_in_the_order_in_which_they_came() -> None:
    """Of these kinds, from a moment on, between two places of the inbox."""
    store = Store(None)
    await store.accept(
        [received(1), received(2, "page_viewed"), received(3), received(4, at=0), received(5), received(6)]
    )
    kinds = ("order_placed", "cart_updated")
    first = await store.told(kinds, 1000, 0, 5, 2)
    assert [(one.seq, one.kind, one.at, one.data) for one in first] == [
        (1, "order_placed", 1001, {"n": 1}),
        (3, "order_placed", 1003, {"n": 3}),
    ]
    assert [one.seq for one in await store.told(kinds, 1000, 3, 5, 2)] == [5]
    assert await store.told(kinds, 1000, 5, 5, 2) == []
    store.close()
