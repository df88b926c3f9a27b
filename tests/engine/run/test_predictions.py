"""Predictions come in by one function, and stay with people only who agreed to them."""

from decimal import Decimal

import pytest
from storefront import Opener

from dsl.graph import Money
from engine.run.predictions import foretell
from engine.store.store import Store

pytestmark = pytest.mark.anyio
FLOW = """
segment leaving "Likely to leave"
    predicted.churn_risk > 0.7
flow keep "Keep"
    start on joining segment leaving

    send stay
        topic news
"""
TOLD = {"churn_risk": Decimal("0.9"), "lifetime_value": Money(Decimal(120), "EUR")}


async def test_a_prediction_reaches_the_person_and_what_waits_for_it(
    opener: Opener,
) -> None:
    """Of whoever did not agree nothing is kept anywhere, not even where it came in."""
    async with opener(FLOW) as shop:
        anna = await shop.join("anna@example.com", "news", "personalisation")
        bob = await shop.join("bob@example.com", "news")
        store: Store = shop.system.store
        await foretell(store, {anna: TOLD, bob: TOLD}, shop.clock())
        await shop.settle()
        people = await store.load([anna, bob])
        assert people[anna].predicted == TOLD
        assert people[bob].predicted == {}
        assert [entry.contact for entry in await store.journal() if entry.what == "sent"] == [anna]
        assert all("predicted" not in name for event in await store.history() for name in event.data)
