"""Who tells stories: a nursery, two sinks, seeds. Two of them work side by side."""

import itertools
import random
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from nursery import Nursery, Seed, now
from promise import State
from sinks import Sink
from story import Story, copy_shop


class Worker:
    """Has its files in `folder`. Its stories come one after the other."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self._folder = folder
        self._numbers = itertools.count()
        self._open = ExitStack()
        self._nursery = self._open.enter_context(Nursery(folder / "log"))
        self._sinks = {pipelining: self._open.enter_context(Sink(pipelining)) for pipelining in (True, False)}
        self._seeds: dict[int, tuple[Path, int]] = {}
        self._undisturbed: dict[int, State] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def begin(
        self, people: int, *, pipelining: bool = True, more: int = 3, power: random.Random | None = None
    ) -> Story:
        """A story of a shop of so many people; all shops of one size begin from the same files."""
        if people not in self._seeds:
            seed = self._folder / f"seed{people}"
            self._nursery.seed(Seed(folder=str(seed), people=people))
            self._seeds[people] = seed, now()
        seed, began = self._seeds[people]
        number = next(self._numbers)
        sink = self._sinks[pipelining]
        sink.turn_to(self._folder / f"sink{number}")
        folder = copy_shop(seed, self._folder / f"shop{number}")
        return Story(self._nursery, folder, sink, people, began, more, power)

    def undisturbed(self, people: int) -> State:
        """How a story of that size ends without any crash."""
        if people not in self._undisturbed:
            story = self.begin(people)
            story.end()
            self._undisturbed[people] = story.ends().state()
        return self._undisturbed[people]
