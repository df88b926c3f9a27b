"""An import is taken back: whoever came by it alone is forgotten, and nobody is revived."""

import pytest
from moved_in import (
    ANNA,
    BELA,
    CONFIRMED,
    CORA,
    SAID,
    bring,
    brought,
    imports_of_all,
    order,
    reason,
    row,
    take_all_back,
    told,
)

from consent.contract import Heard, Reason, Visit
from consent.contract.imports import Brought, Stood
from consent.subscriber.taken_back import TakenBack

pytestmark = pytest.mark.anyio


async def test_whoever_came_by_an_import_alone_is_forgotten_with_it(world):
    """And may come back like anybody: they asked for nothing."""
    bring(world, row(), row(BELA, confirmed_at=CONFIRMED), what=order(attested=SAID))
    assert take_all_back(world) == TakenBack(forgotten=2, put_back=0, stay=0)
    assert world.count("imported") == world.count("standings") == world.count("subjects") == 0
    assert imports_of_all(world) == [("0123456789ab", "undone")]
    await world.join(ANNA)
    assert await reason(world) is None


async def test_whoever_was_known_before_stands_again_where_they_stood(world):
    """Nothing rests on what was undone."""
    await world.join(ANNA, "offers")
    bring(world, row(confirmed_at=CONFIRMED), what=order(attested=SAID))
    assert await reason(world) is None
    assert take_all_back(world) == TakenBack(forgotten=0, put_back=1, stay=0)
    assert await reason(world) is Reason.NEVER_ASKED
    assert await reason(world, topic="offers") is None
    bring(world, row(), what=order("ba9876543210"))
    assert [one.state for one in told(world).standings] == ["unproven", "active"]


@pytest.mark.parametrize("stays_by_import", [True, False])
async def test_whoever_became_one_with_somebody_is_put_back_and_not_forgotten(world, stays_by_import):
    """What is kept of either is the one person's now, whichever of them had come by the import."""
    [taken] = bring(world, row(confirmed_at=CONFIRMED), what=order(attested=SAID))
    joined = await world.join(BELA, "offers")
    stays, goes = (taken.subject, joined) if stays_by_import else (joined, taken.subject)
    assert await world.client.merge(stays, goes, "operator") is Heard.NEW
    kept = world.count("evidence")
    assert take_all_back(world) == TakenBack(forgotten=0, put_back=stays_by_import, stay=not stays_by_import)
    assert "erasure.requested" not in world.types()
    assert (world.count("subjects"), world.count("evidence")) == (1, kept)


async def test_whoever_is_a_customer_by_now_is_put_back_and_not_forgotten(world):
    """The engine knows that, not the consent service."""
    [taken] = bring(world, row())
    assert take_all_back(world, known=[taken.subject]) == TakenBack(forgotten=0, put_back=1, stay=0)
    assert [one.state for one in told(world).standings] == ["none"]


async def test_whoever_has_acted_since_stays(world):
    """By confirming, or by leaving."""
    bring(world, row(), row(BELA), row(CORA))
    await world.join(ANNA)
    token = world.unsubscribe_token(await world.subject(BELA))
    await world.client.withdraw(token, "one_click", False, Visit())
    assert take_all_back(world) == TakenBack(forgotten=1, put_back=0, stay=2)
    assert await reason(world) is None
    assert await reason(world, BELA) is Reason.WITHDRAWN


async def test_whoever_had_left_the_other_system_stays_away(world):
    """Undoing an import revives nobody either."""
    bring(world, row(stood=Stood.UNSUBSCRIBED), row(BELA, Stood.COMPLAINED))
    assert take_all_back(world) == TakenBack(0, 0, 0)
    assert await reason(world) is Reason.WITHDRAWN
    assert await reason(world, BELA) is Reason.COMPLAINED


async def test_an_import_that_was_undone_can_be_done_again(world):
    """From its first row."""
    bring(world, row())
    take_all_back(world)
    assert brought(world, row()) == [Brought.UNPROVEN]
    assert imports_of_all(world) == [("0123456789ab", "done")]
