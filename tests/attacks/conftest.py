"""What the attacks are made on: a small house, and the coffee shop's whole project behind a port."""

import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

_TESTS = Path(__file__).parents[1]
sys.path += [str(_TESTS / "web"), str(_TESTS / "examples"), str(_TESTS / "engine" / "mail")]
sys.path += [str(_TESTS / "engine")]

from dice import Dice  # noqa: E402
from house import POLICY, URL, Clock, House  # noqa: E402
from roastery import Roastery, opened  # noqa: E402

from consent.keys import Keys  # noqa: E402
from consent.service import Service, open_service  # noqa: E402
from engine.store.store import Store  # noqa: E402


@pytest.fixture
def anyio_backend() -> str:
    """Run coroutines on asyncio."""
    return "asyncio"


@pytest.fixture
def clock() -> Clock:
    """Monday morning."""
    return Clock()


@pytest.fixture
def service(tmp_path: Path, clock: Clock) -> Iterator[Service]:
    """A consent service with a store of its own."""
    found = open_service(
        tmp_path / "consent.db",
        Keys.random(Dice("keys")),
        origin="kafija.example/consent",
        public_url=URL,
        team=(),
        clock=clock,
        entropy=Dice(),
        durable=False,
    )
    yield found
    found.close()


@pytest.fixture
def store() -> Iterator[Store]:
    """The engine's memory."""
    found = Store(None, durable=False)
    yield found
    found.close()


@pytest.fixture
async def house(service: Service, store: Store, tmp_path: Path, clock: Clock) -> AsyncIterator[House]:
    """The pages of a small coffee shop."""
    built = House(service, store, tmp_path / "consent.db", clock)
    await built.consent.publish(POLICY)
    yield built
    await built.http.aclose()


@pytest.fixture
async def roastery(tmp_path: Path, clock: Clock) -> AsyncIterator[Roastery]:
    """The coffee shop of examples/, on a port of its own."""
    async with opened(tmp_path, clock) as found:
        yield found
