"""Stores: in memory, on disk, and on a PostgreSQL server. What holds for one holds for the others."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.store.server import Place, Server
from engine.store.store import Store

BACKENDS = ("sqlite", "postgres")


@pytest.fixture(params=BACKENDS)
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """One that need not last: in memory, or on a server."""
    place = None if request.param == "sqlite" else _server(request)
    opened = Store(place, durable=False)
    yield opened
    opened.close()


@pytest.fixture(params=BACKENDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Where a store can be made that lasts: the file `engine.db`, or a schema."""
    return tmp_path / "engine.db" if request.param == "sqlite" else _server(request)


@pytest.fixture
def kept(place: Place) -> Iterator[Store]:
    """As durable as it gets."""
    opened = Store(place)
    yield opened
    opened.close()


def _server(request: pytest.FixtureRequest) -> Server:
    return Server(request.getfixturevalue("postgres").url, request.getfixturevalue("schema")())
