"""Fixtures: workers, each with a nursery and sinks, and files of a shop that many stories begin from."""

import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from story import Story
from workers import Worker

Teller = Callable[..., Story]
_IN_MEMORY = Path("/dev/shm")
"""Where the system has it, a file system without a disk: a killed process leaves there what it wrote, just as
on a disk, and syncing costs nothing. What is lost with the power is the shadow's affair."""


@pytest.fixture(scope="session")
def crash_folder() -> Iterator[Path]:
    """A folder for everything that crashes."""
    folder = tempfile.mkdtemp(prefix="virta-crash-", dir=_IN_MEMORY if _IN_MEMORY.is_dir() else None)
    yield Path(folder)
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def worker(crash_folder: Path) -> Iterator[Worker]:
    """Who tells stories."""
    with Worker(crash_folder / "worker") as worker:
        yield worker


@pytest.fixture
def tell(worker: Worker) -> Teller:
    """Begins stories."""

    def begin(
        people: int, *, pipelining: bool = True, more: int = 3, power: random.Random | None = None
    ) -> Story:
        return worker.begin(people, pipelining=pipelining, more=more, power=power)

    return begin
