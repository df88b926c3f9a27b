"""Fixtures: the nursery, files of a shop that many stories begin from, and sinks."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from nursery import Nursery, Seed
from story import Sink, Story, copy_shop

Teller = Callable[..., Story]


@pytest.fixture(scope="session")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    """The fork server."""
    with Nursery(tmp_path_factory.mktemp("nursery") / "log") as nursery:
        yield nursery


@pytest.fixture(scope="session")
def seeds(nursery: Nursery, tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Path]:
    """Files of a shop to which so many people have agreed; made once."""
    made: dict[int, Path] = {}

    def seed(people: int) -> Path:
        if people not in made:
            made[people] = tmp_path_factory.mktemp("seed") / "shop"
            nursery.seed(Seed(folder=str(made[people]), people=people))
        return made[people]

    return seed


@pytest.fixture
def tell(nursery: Nursery, seeds: Callable[[int], Path], tmp_path: Path) -> Iterator[Teller]:
    """Begins stories; their sinks end with the test."""
    numbers = itertools.count()
    with ExitStack() as stack:

        def begin(people: int, *, pipelining: bool = True, more: int = 3) -> Story:
            number = next(numbers)
            sink = stack.enter_context(Sink(tmp_path / f"sink{number}", pipelining))
            folder = copy_shop(seeds(people), tmp_path / f"shop{number}")
            return Story(nursery, folder, sink, people, more)

        yield begin
