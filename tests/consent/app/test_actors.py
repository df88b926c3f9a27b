"""Who the log says told of something: no caller can name a person, and the key that was used is named."""

import asyncio
import re

import httpx2
import msgspec
import pytest

from consent.calls import PREFIX, Scope
from consent.client.remote import Remote
from consent.contract import Heard, Sale

pytestmark = pytest.mark.anyio

FOREIGN = [
    "subject:link",
    "",
    "operator\n",
    "operator:a letter",
    "operator:letter@anna",
    "system",
    "provider",
]


def leaf_actors(world, subject):
    """Who did what to a person, as the leaves say."""
    with world.service.store.reader.begin():
        rows = world.service.store.reader.exec_driver_sql("select body from leaves order by seq").all()
    leaves = [msgspec.json.decode(row[0]) for row in rows]
    return [(leaf["type"], leaf["actor"]) for leaf in leaves if leaf["subject"] == subject]


async def every_call(client, actor, anna, other):
    """Each call that says who told of it, as a coroutine that was not begun."""
    return {
        "record": client.record(anna, "withdrawn", actor),
        "a note": client.record(anna, "exported", actor),
        "restrict": client.record(anna, "restricted", actor),
        "erase": client.erase(anna, actor),
        "merge": client.merge(anna, other, actor),
        "give_word": client.give_word("mail", True, actor),
        "by a flow": client.withdraw_by_flow(anna, "", f"x\n{actor}", "k"),
        "a claim": client.claim(f"{actor}\n", [], []),
        "a sale": client.bought([Sale(anna, "similar", "1", 1, "coffee", "a box", source=f"x\n{actor}")]),
    }


@pytest.mark.parametrize("actor", FOREIGN)
@pytest.mark.parametrize("where", ["in process", "over HTTP"])
async def test_no_caller_says_that_a_person_did_it(house, where, actor):
    """In the same process and with a key: what is no actor of the call is refused, and nothing written."""
    world = house.world
    anna, other = await world.join("anna@kafija.example"), await world.join("bert@kafija.example")
    before = world.count("leaves")
    remote = Remote(house.url, house.key(Scope.ENGINE))
    client = world.client if where == "in process" else remote
    try:
        calls = await every_call(client, actor, anna, other)
        said = await asyncio.gather(*calls.values(), return_exceptions=True)
        for name, fault in zip(calls, said, strict=True):
            assert isinstance(fault, ValueError), name
            assert re.search(r"named by|An actor is", str(fault)), name
    finally:
        await remote.close()
    assert world.count("leaves") == before


async def test_the_key_that_was_used_is_named(house):
    """The log tells what came by a key from what was said at the service itself."""
    world = house.world
    anna, gone = await world.join("anna@kafija.example"), await world.join("bert@kafija.example")
    await world.client.record(anna, "exported", "operator")
    remote = Remote(house.url, house.key(Scope.ENGINE, Scope.OPERATOR))
    try:
        assert await remote.record(anna, "rectified", "operator:letter") is Heard.NEW
        assert await remote.record(anna, "withdrawn", "operator") is Heard.NEW
        assert await remote.merge(anna, gone, "shop") is Heard.NEW
        assert await remote.erase(anna, "operator") is not None
    finally:
        await remote.close()
    told = leaf_actors(world, anna)
    assert ("exported", "operator") in told
    assert ("rectified", "operator:letter@key 1") in told
    assert ("withdrawn", "operator:api@key 1") in told
    assert ("erasure.requested", "operator:api@key 1") in told
    assert ("merged", "shop:api@key 1") in leaf_actors(world, gone)


async def test_a_key_is_named_for_its_own_call_alone(house):
    """What is said in the same process afterwards, or by another key, bears no foreign name."""
    world = house.world
    anna = await world.join("anna@kafija.example")
    body = msgspec.json.encode({"subject": anna, "what": "exported", "actor": "operator"})
    async with httpx2.AsyncClient(base_url=house.url + PREFIX) as http:
        for key in (house.key(Scope.ENGINE), house.key(Scope.OPERATOR)):
            headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
            assert (await http.post("record", content=body, headers=headers)).status_code == 200
    await world.client.record(anna, "exported", "operator")
    told = [actor for kind, actor in leaf_actors(world, anna) if kind == "exported"]
    assert told == ["operator:api@key 1", "operator:api@key 2", "operator"]
