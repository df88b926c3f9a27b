"""Stores: in memory, and on disk."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.store.store import Store


@pytest.fixture
def store() -> Iterator[Store]:
    """In memory."""
    opened = Store(None, durable=False)
    yield opened
    opened.close()


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Store]:
    """On disk, in `engine.db`, as durable as it gets."""
    opened = Store(tmp_path / "engine.db")
    yield opened
    opened.close()
