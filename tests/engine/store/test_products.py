"""What is known of the shop's products is kept, and what is sold no more is not."""

from decimal import Decimal

import pytest

from dsl.graph import Money
from engine.people.catalogue import Product
from engine.store.batch import Batch
from engine.store.store import Store

pytestmark = pytest.mark.anyio
BEANS = Product("b", "Beans", "https://kafija.example/b", "", Money(Decimal("9.90"), "EUR"), 5)
CUP = Product("c", seen=6)


async def test_a_product_comes_back_as_it_was_last_told(store: Store) -> None:
    """With an amount in its currency, and without what nobody told."""
    await store.commit(Batch(products=[CUP, Product("b", "Old", seen=4)]))
    await store.commit(Batch(products=[BEANS]))
    assert await store.products() == [BEANS, CUP]


async def test_a_product_that_was_dropped_is_gone(store: Store) -> None:
    """It alone."""
    await store.commit(Batch(products=[BEANS, CUP]))
    await store.commit(Batch(products_gone=["b", "unknown"]))
    assert await store.products() == [CUP]
