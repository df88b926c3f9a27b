"""What flows that were edited leave behind: their journeys go on, and nothing else of them."""

from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from storefront import MONDAY, TEAM, Shop, open_shop

from engine.core.loaded import Loaded
from virta import wiring
from virta.mailbox.running import Running, start

pytestmark = pytest.mark.anyio
DAY = 86_400_000
ANNA = "anna@example.com"
Opener = Callable[..., AbstractAsyncContextManager[Shop]]
FLOW = """
flow alpha "Alpha"
    start on order_placed

    wait {days} days
    tell "{team}" "{days} days have passed"
"""


@pytest.fixture(scope="module")
def mailbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One for all."""
    with start(tmp_path_factory.mktemp("mailbox")) as running:
        yield running


@pytest.fixture
def opener(tmp_path: Path, mailbox: Running) -> Opener:
    """Opens lives of one shop."""

    def open_(days: int, now: int) -> AbstractAsyncContextManager[Shop]:
        return open_shop(tmp_path, FLOW.format(days=days, team=TEAM), mailbox.url, mailbox.folder, now)

    return open_


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
