"""Between an operator and the consent service things are lost: no row of an import is lost or doubled."""

import asyncio

import pytest
from doors import House, opened
from faulty import AFTER, BEFORE, CUT_AFTER, CUT_BEFORE, LOST_AFTER, SILENT, Proxy
from moved_in import ANNA, BELA, CORA, order, row

from consent.calls import Scope
from consent.client.operating import RemoteOperator
from consent.contract import Unavailable
from consent.contract.imports import Stood

pytestmark = pytest.mark.anyio
HURRY = 0.3  # seconds of patience, where nothing but its end can tell
ROWS = [row(BELA, Stood.UNSUBSCRIBED), row(ANNA, line=3), row(CORA, line=4)]


@pytest.fixture
async def operator(house, proxy):
    """An operator's client, through the proxy."""
    client = RemoteOperator(proxy.url, house.key(Scope.OPERATOR), timeout=60.0)
    yield client
    await client.close()


async def fails(proxy, client, fault, doing):
    """What is asked is not answered. In the end the fault has come about."""
    proxy.fail(fault)
    patience, client._timeout = client._timeout, HURRY if fault in SILENT else client._timeout
    with pytest.raises(Unavailable):
        await doing()
    client._timeout = patience
    async with asyncio.timeout(patience):
        await proxy.done.wait()


@pytest.mark.parametrize("fault", [*BEFORE, *AFTER])
async def test_a_part_that_is_not_answered_is_repeated_and_taken_once(house, proxy, operator, fault):
    """Whether or not it was carried out; what became of each row is told once more."""
    what = order()
    await operator.begin_import(what)
    leaves = house.world.count("leaves")
    await fails(proxy, operator, fault, lambda: operator.take_import(what.id, 0, ROWS))
    taken = await operator.take_import(what.id, 0, ROWS)
    assert [one.brought for one in taken] == ["left", "unproven", "unproven"]
    assert all(one.subject for one in taken[1:])
    assert house.world.count("leaves") == leaves + 3
    assert (await operator.end_import(what.id, {})).counts == {"left": 1, "unproven": 2}


@pytest.mark.parametrize("fault", [CUT_BEFORE, CUT_AFTER, LOST_AFTER])
async def test_what_is_taken_back_and_not_answered_is_repeated_and_counts_once(house, proxy, operator, fault):
    """As many were forgotten as came."""
    what = order()
    await operator.begin_import(what)
    await operator.take_import(what.id, 0, ROWS)
    ids = [one.subject for one in await operator.brought_by(what.id, -1)]
    await fails(proxy, operator, fault, lambda: operator.take_back(what.id, ids, []))
    found = await operator.take_back(what.id, ids, [])
    assert (found.forgotten, found.put_back, found.stay) == (2, 0, 0)


async def test_a_service_that_is_killed_in_the_midst_of_an_import_goes_on_with_it(open_world, tmp_path):
    """The next life knows which rows are behind it."""
    world = open_world(tmp_path / "consent.db", durable=True)
    same = {"clock": world.clock, "keys": world.keys}
    house = House(world, tmp_path)
    async with opened(house), Proxy(house.port) as proxy:
        client = RemoteOperator(proxy.url, house.key(Scope.OPERATOR), 60.0)
        what = order()
        await client.begin_import(what)
        await fails(proxy, client, LOST_AFTER, lambda: client.take_import(what.id, 0, ROWS[:2]))
        await house.kill()
        world.service.close()
        house.world = open_world(tmp_path / "consent.db", durable=True, **same)
        await house.open()
        assert (await client.begin_import(what)).position == 2
        await client.take_import(what.id, 0, ROWS[:2])
        await client.take_import(what.id, 2, ROWS[2:])
        assert (await client.end_import(what.id, {})).counts == {"left": 1, "unproven": 2}
        await client.close()
