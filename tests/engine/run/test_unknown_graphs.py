"""A journey whose row names a graph that nobody knows sets its person aside, and stops nobody else."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from storefront import MONDAY, Opener

pytestmark = pytest.mark.anyio
ANNA, BERTA = "anna@example.com", "berta@example.com"
DAY = 86_400_000
UNCONDITIONAL = """
flow hello "Hello"
    start on order_placed

    wait 1 day
    wait 1 day
"""
ASKING = UNCONDITIONAL + '    if contact.city is "Riga"\n        wait 1 hour\n'
MAILING = UNCONDITIONAL.replace("    start", "    topic orders\n    start") + "    send thanks\n"
LOST = (
    "UPDATE journey SET pin = 99 WHERE contact = :anna",
    "UPDATE journey SET pin = (SELECT max(number) FROM pin) WHERE contact = :anna",
)


@pytest.mark.parametrize("lost", LOST, ids=["no number", "no graph"])
@pytest.mark.parametrize("text", [UNCONDITIONAL, ASKING, MAILING], ids=["alone", "asking", "mailing"])
async def test_a_graph_that_nobody_knows_stops_only_who_stands_in_it(
    opener: Opener, tmp_path: Path, text: str, lost: str
) -> None:
    """Anna is set aside when her deadline comes, with what is wrong; Berta goes on, in this life and the
    next. Once the row is mended Anna goes on too."""
    async with opener(text) as shop:
        people = []
        for email in (ANNA, BERTA):
            people.append(await shop.join(email, "news"))
            shop.clock.set(shop.clock() + 1)
            await shop.happens("order_placed", email, order_id=email)
        anna = people[0]
    with closing(sqlite3.connect(tmp_path / "engine.db")) as engine, engine:
        ((whole,),) = engine.execute("SELECT DISTINCT pin FROM journey").fetchall()
        engine.execute("INSERT INTO pin (digest, flow) VALUES ('lost', 'hello')")
        assert engine.execute(lost, {"anna": bytes.fromhex(anna)}).rowcount == 1
    async with opener(text, MONDAY + DAY // 2) as shop:
        await shop.until(MONDAY + DAY + 10)
        assert (await shop.story("hello")).count("waits wait_2") == 1
        (aside,) = await shop.system.store.set_aside()
        assert aside.contact == anna
        assert (await shop.system.store.load([people[1]]))[people[1]].journeys
    async with opener(text, MONDAY + 2 * DAY) as shop:
        await shop.until(MONDAY + 2 * DAY + DAY // 2)
        assert (await shop.story("hello")).count("finished") == 1
        assert [one.contact for one in await shop.system.store.set_aside()] == [anna]
    with closing(sqlite3.connect(tmp_path / "engine.db")) as engine, engine:
        engine.execute("UPDATE journey SET pin = ?", [whole])
    async with opener(text, MONDAY + 3 * DAY) as shop:
        await shop.until(MONDAY + 6 * DAY)
        assert (await shop.story("hello")).count("finished") == 2
        assert await shop.system.store.set_aside() == []
