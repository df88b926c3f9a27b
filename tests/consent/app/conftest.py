"""A consent service that listens, and an engine's client that reaches it through a faulty network."""

from collections.abc import AsyncIterator

import pytest
from doors import House, opened
from faulty import Proxy

from consent.calls import Scope
from consent.client.remote import Remote


@pytest.fixture
async def house(open_world, tmp_path) -> AsyncIterator[House]:
    """A service that listens."""
    async with opened(House(open_world(), tmp_path)) as house:
        yield house


@pytest.fixture
async def proxy(house: House) -> AsyncIterator[Proxy]:
    """Between it and whoever asks."""
    async with Proxy(house.port) as proxy:
        yield proxy


@pytest.fixture
async def remote(house: House, proxy: Proxy) -> AsyncIterator[Remote]:
    """The engine's client, through the proxy."""
    client = Remote(proxy.url, house.key(Scope.ENGINE), timeout=60.0, clock=house.world.clock)
    yield client
    await client.close()


@pytest.fixture
async def remote_direct(house: House) -> AsyncIterator[Remote]:
    """The same without the proxy."""
    client = Remote(house.url, house.key(Scope.ENGINE), timeout=60.0, clock=house.world.clock)
    yield client
    await client.close()
