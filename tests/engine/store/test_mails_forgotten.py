"""What is known of mails that were handed over, and of which nobody knows, is not kept for ever."""

from pathlib import Path

import pytest
from person import ANNA

from engine.core.bundle import Effect, MailBody
from engine.run.retention import forget_old_lines
from engine.store.batch import Batch
from engine.store.handed import Handed
from engine.store.store import Store
from engine.store.unknown import Unknown

pytestmark = pytest.mark.anyio
DAY = 86_400_000
NOW = 1_790_000_000_000


def mail(number: int, at: int) -> Handed:
    return Handed(f"{number:032x}", ANNA, at, "thanks", "order_thanks", "order_thanks", "orders")


def asked(number: int) -> Effect:
    names = ("thanks", "j", "order_thanks", "order_thanks", "orders")
    return Effect(f"{number:032x}", ANNA, "mail", MailBody(*names, True, 1, "e", {}, {}, {}, {}))


async def test_mails_are_kept_as_long_as_the_journal(tmp_path: Path) -> None:
    """The older ones go, part by part, and no others; what nobody knew of them goes too."""
    store = Store(tmp_path / "engine.db")
    old, young = NOW - 100 * DAY, NOW - 20 * DAY
    handed = [mail(number, old if number % 3 else young) for number in range(100)]
    unknown = [Unknown(old, asked(1)), Unknown(young, asked(3))]
    await store.commit(Batch(handed=handed, unknown=unknown))
    keys = [one.key for one in handed]

    await forget_old_lines(store, NOW, 12)
    assert None not in await store.handed(keys)
    await store.mails.forget(NOW - 50 * DAY, part=7)
    kept = [one.key for one in await store.handed(keys) if one is not None]
    assert kept == [one.key for one in handed if one.at == young]
    assert await store.mails.unknown(asked(1).key) is None
    assert await store.mails.unknown(asked(3).key) == unknown[1]
    await forget_old_lines(store, NOW + 60 * DAY, 2)
    assert set(await store.handed(keys)) == {None}
    store.close()


async def test_of_a_mail_of_which_nobody_knows_the_newest_is_kept(tmp_path: Path) -> None:
    """Until somebody does; whoever is erased takes theirs along."""
    store = Store(tmp_path / "engine.db")
    await store.commit(Batch(unknown=[Unknown(1, asked(1)), Unknown(1, asked(2))]))
    await store.commit(Batch(unknown=[Unknown(2, asked(1))], known=[asked(1).key]))
    found = await store.mails.unknown(asked(1).key)
    assert found is not None
    assert found.at == 2
    await store.commit(Batch(known=[asked(1).key]))
    assert await store.mails.unknown(asked(1).key) is None
    await store.forgetting.forget([ANNA])
    assert await store.mails.unknown(asked(2).key) is None
    store.close()
