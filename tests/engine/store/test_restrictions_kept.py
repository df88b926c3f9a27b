"""What stands still of somebody, since what is known of them is not to be used, is kept as it was."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from person import ANNA, MONDAY, NEVER

from dsl.graph import Money
from engine.core.bundle import Bundle, replace
from engine.core.restriction import Missed, Restriction
from engine.store.batch import Batch
from engine.store.store import Store

pytestmark = pytest.mark.anyio


async def test_what_stands_still_comes_back_as_it_was(store: Store) -> None:
    """Deadlines that are noted only, and events that were missed, with values of every type; and it is over
    when it is lifted."""
    data: dict[str, Any] = {
        "total": Money(Decimal("49.90"), "EUR"),
        "day": date(2026, 3, 2),
        "items": [{"price": Decimal("1.50"), "gift": True}],
    }
    missed = (Missed("order_placed", MONDAY, data),)
    free = Bundle(ANNA, created=1)
    kept = replace(free, restricted=Restriction(MONDAY, {"b" * 32: NEVER, "c" * 32: -MONDAY}, missed))
    for old, new in ((Bundle(ANNA), free), (free, kept), (kept, free)):
        batch = Batch()
        batch.change(old, new)
        await store.commit(batch)
        assert (await store.load([ANNA]))[ANNA] == new
