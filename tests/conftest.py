"""What all tests share."""

from collections.abc import Iterator

import pytest
import structlog

pytest_plugins = ["postgres_server"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="write the golden files anew instead of comparing")


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be written anew."""
    return bool(request.config.getoption("--update"))


@pytest.fixture(autouse=True)
def own_logs() -> Iterator[None]:
    """A command points the logs at the standard error of its own test: no other test may find them there."""
    yield
    structlog.reset_defaults()
