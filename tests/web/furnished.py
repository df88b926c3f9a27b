"""A furnished house, for whoever needs one: fixtures for the conftest of a folder to take over."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from dice import Dice
from house import POLICY, URL, Clock, House

from consent.keys import Keys
from consent.service import Service, open_service
from engine.store.store import Store


@pytest.fixture
def anyio_backend() -> str:
    """Run coroutines on asyncio."""
    return "asyncio"


@pytest.fixture
def clock() -> Clock:
    """Monday morning."""
    return Clock()


def service_at(path: Path, clock: Clock, *, durable: bool = False) -> Service:
    """A consent service of the shop, with a store of its own."""
    return open_service(
        path,
        Keys.random(Dice("keys")),
        origin="kafija.example/consent",
        public_url=URL,
        team=(),
        clock=clock,
        entropy=Dice(),
        durable=durable,
    )


@pytest.fixture
def service(tmp_path: Path, clock: Clock) -> Iterator[Service]:
    """A consent service with a store of its own."""
    opened = service_at(tmp_path / "consent.db", clock)
    yield opened
    opened.close()


@pytest.fixture
def store() -> Iterator[Store]:
    """The engine's memory."""
    opened = Store(None, durable=False)
    yield opened
    opened.close()


@pytest.fixture
async def house(service: Service, store: Store, tmp_path: Path, clock: Clock) -> AsyncIterator[House]:
    """The application, with the policy of a small coffee shop."""
    built = House(service, store, tmp_path / "consent.db", clock)
    await built.consent.publish(POLICY)
    yield built
    await built.http.aclose()
