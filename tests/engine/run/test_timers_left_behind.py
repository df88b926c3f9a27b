"""A timer that somebody left in a slot moves nobody who stands there now."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from handed_in import Event
from storefront import MONDAY, Opener

pytestmark = pytest.mark.anyio
DAY = 86_400_000
FLOW = """
flow hello "Hello"
    start on order_placed{leave}

    wait 5 days
    wait 1 day
"""


@pytest.mark.parametrize("leave", ["", '\n    leave when contact.city is "Paris"'], ids=["alone", "loaded"])
async def test_a_timer_that_was_left_moves_nobody(opener: Opener, tmp_path: Path, leave: str) -> None:
    """She waits her five days out, whether timers are worked on alone or with all that is known of her."""
    text = FLOW.format(leave=leave)
    async with opener(text) as shop:
        order = Event("o", "order_placed", None, MONDAY, {"order_id": "1"}, f"{7:032x}")
        assert await shop.system.inbox.accept_events([order]) == [None]
        await shop.settle()
    with closing(sqlite3.connect(tmp_path / "engine.db")) as engine, engine:
        left = engine.execute("INSERT INTO timer SELECT due - 300000000, slot FROM journey").rowcount
        assert left == 1
    async with opener(text, MONDAY + 3 * DAY) as shop:
        await shop.settle()
        assert await shop.story("hello") == ["entered", "waits wait_1"]
        await shop.until(MONDAY + 5 * DAY)
        assert await shop.story("hello") == ["entered", "waits wait_1", "waits wait_2"]
