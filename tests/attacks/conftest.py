"""What the attacks are made on: a small house, and the coffee shop's whole project behind a port."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

_TESTS = Path(__file__).parents[1]
sys.path += [str(_TESTS / "web"), str(_TESTS / "examples"), str(_TESTS / "engine" / "mail")]
sys.path += [str(_TESTS / "engine")]

from furnished import anyio_backend, clock, house, service, store  # noqa: E402
from house import Clock  # noqa: E402
from roastery import Roastery, opened  # noqa: E402

__all__ = ["anyio_backend", "clock", "house", "service", "store"]


@pytest.fixture
async def roastery(tmp_path: Path, clock: Clock) -> AsyncIterator[Roastery]:
    """The coffee shop of examples/, on a port of its own."""
    async with opened(tmp_path, clock) as found:
        yield found
