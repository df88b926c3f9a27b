"""What the tests of the commands share."""

from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture(autouse=True)
def own_logs() -> Iterator[None]:
    """A command points the logs at the standard error of its own test: no other test may find them there."""
    yield
    structlog.reset_defaults()
