"""A mailbox that runs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from virta.mailbox import Running, start


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Running]:
    """On a free port of this machine, stopped at the end."""
    with start(tmp_path / "mailbox") as running:
        yield running
