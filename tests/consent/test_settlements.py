"""Settling, and what is known of a key."""

import pytest

from consent.contract import Contradiction, Outcome, Reason, Settlement, Status, Visit

pytestmark = pytest.mark.anyio


async def test_repeating_a_settlement_changes_nothing(world):
    """The same outcome twice, in one call or two, is one."""
    anna = await world.join("anna@kafija.example")
    ask = world.ask(anna)
    await world.client.claim("engine", [ask], [])
    done = Settlement(ask.key, 1, Outcome.ACCEPTED, 250)
    await world.client.settle("engine", [done, done])
    await world.client.settle("engine", [done])
    assert await world.client.status([ask.key]) == [Status(ask.key, 1, Outcome.ACCEPTED)]


async def test_a_contradiction_is_refused_and_leaves_everything_as_it_was(world):
    """Accepted does not become deferred; the other settlements of the call are not recorded either."""
    anna, bob = await world.join("anna@kafija.example"), await world.join("bob@kafija.example")
    first, second = world.ask(anna), world.ask(bob)
    await world.client.claim("engine", [first, second], [])
    await world.client.settle("engine", [Settlement(first.key, 1, Outcome.ACCEPTED)])
    with pytest.raises(Contradiction, match="accepted"):
        await world.client.settle(
            "engine",
            [Settlement(second.key, 1, Outcome.ACCEPTED), Settlement(first.key, 1, Outcome.DEFERRED)],
        )
    assert await world.client.unsettled("engine") == [(second.key, 1)]
    with pytest.raises(Contradiction):
        await world.client.claim("engine", [], [Settlement(first.key, 1, Outcome.REFUSED, 550)])


async def test_only_the_claiming_sender_settles(world):
    """Neither another sender nor an attempt that nobody claimed."""
    anna = await world.join("anna@kafija.example")
    ask = world.ask(anna)
    await world.client.claim("engine", [ask], [])
    for sender, key, attempt in (("other", ask.key, 1), ("engine", "0" * 32, 1), ("engine", ask.key, 2)):
        with pytest.raises(Contradiction, match="never claimed"):
            await world.client.settle(sender, [Settlement(key, attempt, Outcome.ACCEPTED)])


async def test_status_tells_of_the_newest_attempt(world):
    """Unsettled, deferred, then denied; a key never heard of is None."""
    anna = await world.join("anna@kafija.example")
    key = world.key()
    ask = world.ask(anna, key=key)
    await world.client.claim("engine", [ask], [])
    assert await world.client.status([key]) == [Status(key, 1, None)]
    await world.client.settle("engine", [Settlement(key, 1, Outcome.DEFERRED, 451)])
    assert await world.client.status([key]) == [Status(key, 1, Outcome.DEFERRED)]
    await world.client.withdraw(world.unsubscribe_token(anna), "page", False, Visit())
    await world.client.claim("engine", [world.ask(anna, key=key, attempt=2)], [])
    assert await world.client.status([key, "0" * 32]) == [Status(key, 2, None, Reason.WITHDRAWN), None]


async def test_being_told_that_a_key_was_claimed_is_no_news_of_it(world):
    """After an old backup of the engine came back, status still says how the mail ended."""
    anna = await world.join("anna@kafija.example")
    ask = world.ask(anna)
    await world.send(ask)
    await world.client.claim("engine", [ask], [])
    assert await world.client.status([ask.key]) == [Status(ask.key, 1, Outcome.ACCEPTED)]


async def test_unsettled_lists_a_senders_own_claims_oldest_first(world):
    """What a sender must look up in its attempt file after a crash."""
    people = [await world.join(f"person{n}@kafija.example") for n in range(3)]
    asks = [world.ask(one) for one in people]
    for ask in asks:
        await world.client.claim("engine", [ask], [])
    await world.client.settle("engine", [Settlement(asks[1].key, 1, Outcome.RELEASED)])
    assert await world.client.unsettled("engine") == [(asks[0].key, 1), (asks[2].key, 1)]
    assert await world.client.unsettled("other") == []
