"""How properties run here: few examples, the same ones every time. `PROPERTIES=thorough` looks further, at
random."""

import os

import pytest
from hypothesis import HealthCheck, settings

SLOW = [HealthCheck.too_slow]
settings.register_profile(
    "engine", max_examples=60, deadline=None, derandomize=True, suppress_health_check=SLOW
)
settings.register_profile("thorough", max_examples=1500, deadline=None, suppress_health_check=SLOW)
settings.load_profile(os.environ.get("PROPERTIES", "engine"))


@pytest.fixture
def anyio_backend() -> str:
    """Run coroutines on asyncio."""
    return "asyncio"
