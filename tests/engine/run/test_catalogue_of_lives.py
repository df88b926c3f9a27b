"""What the engine knows of products does not hang on how often it was started."""

from collections.abc import Iterator
from pathlib import Path

import flows
import pytest
from storefront import MONDAY, Shop, open_shop

from engine.people.recommend import MANY
from virta.mailbox.running import Running

pytestmark = pytest.mark.anyio
DAY = 86_400_000
ANNA = "anna@example.com"
TEXT = """
flow picks "Picks"
    topic news
    start on cart_updated
    enter every time

    send picked
"""
PRODUCTS = (
    "{% for each in recommend(3) %}<p>{{ each.name }} {{ each.url }}</p>{% else %}<p>none</p>{% endfor %}"
)


@pytest.fixture(autouse=True)
def recommending(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every template shows products."""
    monkeypatch.setattr(flows, "TEMPLATE", flows.TEMPLATE.replace("<p>Hello</p>", PRODUCTS))
    flows.compiled.cache_clear()
    yield
    flows.compiled.cache_clear()


async def picked(shop: Shop) -> str:
    """The first line of a mail that Anna gets now."""
    await shop.happens("cart_updated", ANNA, items=[{"sku": "spoon"}])
    text = shop.mails()[-1].parsed().get_body(("plain",))
    assert text is not None
    return str(text.get_content()).splitlines()[0]


async def test_a_restart_changes_nothing_of_what_is_recommended(tmp_path: Path, mailbox: Running) -> None:
    """Although nobody agreed that looks are kept: the product has its name and page from one of them."""
    page = "https://kafija.example/aroma"
    said = []
    async with open_shop(tmp_path, TEXT, mailbox.url, mailbox.folder) as shop:
        await shop.join(ANNA, "news")
        said.append(await picked(shop))
        for number in range(MANY):
            guest = f"guest{number}@example.com"
            shop.clock.set(shop.clock() + 1)
            await shop.happens("order_placed", guest, order_id=str(number), items=[{"sku": "A"}])
        await shop.happens("product_viewed", "guest0@example.com", sku="A", name="Aroma", url=page)
        said.append(await picked(shop))
    for days in (1, 2):
        async with open_shop(tmp_path, TEXT, mailbox.url, mailbox.folder, MONDAY + days * DAY) as shop:
            said.append(await picked(shop))
            assert [event.kind for event in await shop.system.store.history()].count("product_viewed") == 0
    assert said[0] == "none"
    assert said[1:] == [said[1]] * 3
    assert "Aroma" in said[1]
