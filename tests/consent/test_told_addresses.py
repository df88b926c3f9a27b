"""Addresses that the engine asks for: for words to the team, and for webhooks."""

import pytest

pytestmark = pytest.mark.anyio


async def test_addresses_come_in_order_as_they_were_typed(world):
    """Whatever the people agreed to; the same one twice, twice. Who is not known has none."""
    anna, bob = await world.subject("Anna@kafija.example"), await world.subject("bob@kafija.example")
    assert await world.client.addresses([bob, "f" * 32, anna, bob]) == [
        "bob@kafija.example",
        None,
        "Anna@kafija.example",
        "bob@kafija.example",
    ]
    assert await world.client.addresses([]) == []


async def test_a_damaged_address_is_none_and_hides_no_other(world):
    """It cannot be opened; that is nobody else's fault."""
    anna, bob = await world.subject("anna@kafija.example"), await world.subject("bob@kafija.example")
    world.damage(subject=anna)
    assert await world.client.addresses([anna, bob]) == [None, "bob@kafija.example"]


async def test_asking_writes_nothing(world):
    """It is a look, and makes nobody."""
    await world.subject("anna@kafija.example")
    before = world.count("subjects"), world.count("leaves")
    await world.client.addresses(["f" * 32])
    assert (world.count("subjects"), world.count("leaves")) == before
