"""How properties run here: few examples, the same ones every time."""

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "engine",
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("engine")


@pytest.fixture
def anyio_backend() -> str:
    """Run coroutines on asyncio."""
    return "asyncio"
