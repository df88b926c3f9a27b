"""A mail that was handed over is found by its key for as long as anything can come back to it."""

import pytest

from engine.store.batch import Batch
from engine.store.handed import Handed
from engine.store.store import Store

ANNA, BERTA = "a" * 32, "b" * 32
GIFT = Handed("01" * 16, ANNA, 1_772_442_000_000, "welcome", "gift", "welcome_gift", "news")
TIPS = Handed("02" * 16, ANNA, 1_772_442_000_001, "welcome", "tips", "brewing_tips", "news")
OTHERS = Handed("03" * 16, BERTA, 1_772_442_000_002, "welcome", "gift", "welcome_gift", "news")

pytestmark = pytest.mark.anyio


async def commit(store: Store, *mails: Handed) -> None:
    batch = Batch()
    batch.handed += mails
    await store.commit(batch)


async def test_each_key_is_answered_in_order(store: Store) -> None:
    """One that is not known, or is no key of a flow's mail, by None."""
    await commit(store, GIFT, TIPS)
    await commit(store, OTHERS)
    assert await store.handed([OTHERS.key, "ff" * 16, GIFT.key, TIPS.key]) == [OTHERS, None, GIFT, TIPS]
    assert await store.handed([]) == []


async def test_telling_it_twice_changes_nothing(store: Store) -> None:
    """The first hand-over counts: what a restart learns again is no other one."""
    await commit(store, GIFT)
    await commit(store, Handed(GIFT.key, BERTA, 5, "other", "step", "template", "topic"))
    assert await store.handed([GIFT.key]) == [GIFT]


async def test_many_keys_can_be_asked_for_at_once(store: Store) -> None:
    """More than one query of the database names."""
    mails = [Handed(f"{n:032x}", ANNA, n, "welcome", f"step{n % 3}", "t", "news") for n in range(1, 1203)]
    await commit(store, *reversed(mails))
    assert await store.handed([mail.key for mail in mails]) == mails
