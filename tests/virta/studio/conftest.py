"""A replayed project and its studio."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from opened_studio import opened
from played import play
from starlette.testclient import TestClient


@pytest.fixture(scope="session")
def stall(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The coffee stall after a few days; whoever changes anything in it copies it first."""
    return play(tmp_path_factory.mktemp("studio") / "stall")


@pytest.fixture(scope="module")
def studio(stall: Path) -> Iterator[TestClient]:
    """A browser on this machine, before the studio of that stall."""
    yield from opened(stall)
