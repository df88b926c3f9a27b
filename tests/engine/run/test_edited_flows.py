"""What flows that were edited leave behind: their journeys go on, and nothing else of them."""

from typing import Any

import pytest
from storefront import MONDAY, TEAM, Opener

from engine.core.loaded import Loaded
from virta import wiring

pytestmark = pytest.mark.anyio
DAY = 86_400_000
ANNA = "anna@example.com"
FLOW = """
flow alpha "Alpha"
    start on order_placed

    wait {days} days
    tell "{team}" "{days} days have passed"
"""


@pytest.fixture
def opener(opener: Opener) -> Opener:
    """Opens lives in which the flow waits so many days."""
    return lambda days, now: opener(FLOW.format(days=days, team=TEAM), now)


async def test_an_edited_flow_is_loaded_as_long_as_somebody_is_in_it(
    opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it alone listened to costs nothing once its last journey has ended."""
    older: list[list[str]] = []

    class Seen(Loaded):
        def __init__(self, program: Any, graphs: Any, *given: Any) -> None:
            older.append([graph.digest for graph in graphs])
            super().__init__(program, graphs, *given)

    monkeypatch.setattr(wiring, "Loaded", Seen)
    async with opener(2, MONDAY) as shop:
        await shop.happens("order_placed", ANNA, order_id="17")
        [first] = [graph.digest for graph in await shop.system.store.graphs()]
    async with opener(3, MONDAY + DAY):
        pass
    async with opener(4, MONDAY + 2 * DAY) as shop:
        before = len(shop.mails())
        await shop.settle()
        (mail,) = shop.mails()[before:]
        assert mail.parsed().get_content().strip() == "2 days have passed"
        assert len(await shop.system.store.graphs()) == 3
    async with opener(5, MONDAY + 3 * DAY):
        pass
    assert older == [[], [first], [first], []]
