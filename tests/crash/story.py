"""A story: one shop, one foreign sink, and the lives that work on them until everything is done."""

import random
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from nursery import Life, Nursery
from power import copy_disk, lose_power
from promise import Ends
from sinks import Sink


@dataclass
class Story:
    """Lives of one shop. `people` agreed before it begins, at `began` (ms UTC); each life brings `more`
    orders than the last. With `power` a life that is killed takes the machine with it, whose disk has by
    `power` what was synced, and perhaps a little more."""

    nursery: Nursery
    folder: Path
    sink: Sink
    people: int
    began: int
    more: int = 3
    power: random.Random | None = None
    kills: int = 0
    lives: int = 0
    boots: int = field(default=0, init=False)

    @property
    def orders(self) -> int:
        """How many orders the shop knows of by now."""
        return min(self.people, self.lives * self.more)

    def live(
        self, point: str = "", nth: int = 0, *, milliseconds: int = 0, deaf: float = 0, census: str = ""
    ) -> bool:
        """Another life, told of more orders; whether it was killed."""
        self.lives += 1
        killed = self._live(
            self.orders, point=point, nth=nth, milliseconds=milliseconds, deaf=deaf, census=census
        )
        self.kills += killed
        return killed

    def end(self) -> None:
        """The last life runs to its end, undisturbed."""
        assert not self._live(self.people)

    def ends(self) -> Ends:
        """What to look at once everything is done."""
        return Ends(self.folder, self.sink, self.people)

    def _live(self, orders: int, **how: object) -> bool:
        data, shadow = self.folder / "data", self.folder / "shadow"
        if self.power is not None:
            copy_disk(data, shadow)
        life = Life(
            folder=str(self.folder),
            port=self.sink.port,
            at=self.began,
            orders=orders,
            boot=f"{self.boots:036}",
            shadow=str(shadow) if self.power is not None else "",
            **how,  # type: ignore[arg-type]
        )
        killed = self.nursery.live(life)
        if killed and self.power is not None:
            lose_power(data, shadow, self.power)
            self.boots += 1
        return killed


def copy_shop(seed: Path, folder: Path) -> Path:
    """A shop of its own, from the files of a seed."""
    shutil.copytree(seed, folder)
    return folder
