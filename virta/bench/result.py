"""What a measure gives: figures, and the counts that must agree before anybody sees them."""

from collections.abc import Mapping

from msgspec import Struct


class CountsDiffer(Exception):
    """Two places that count the same thing do not agree, so what was measured is not what was meant."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        told = ", ".join(f"{name} {count:,}" for name, count in counts.items())
        super().__init__(f"the counts do not agree: {told}")
        self.counts = dict(counts)


def agreed(counts: dict[str, int]) -> dict[str, int]:
    """The counts, if all of them are one number above nought. Raises `CountsDiffer`."""
    if len(set(counts.values())) != 1 or 0 in counts.values():
        raise CountsDiffer(counts)
    return counts


class Figure(Struct, frozen=True):
    """A figure, and what it was measured beside in the same run, in the same unit; None: nothing."""

    value: float
    against: float | None = None


class Run(Struct, frozen=True):
    """One run of one measure with `size` things: its figures by name, the counts that agree, what else is
    worth knowing, by name, and how long it took, in seconds by the wall."""

    size: int
    figures: dict[str, Figure]
    counts: dict[str, int]
    also: dict[str, float] = {}
    seconds: float = 0.0


class Point(Struct, frozen=True):
    """A value at one size, the seconds by the wall that its run took, which may have given other figures too,
    and what else that run told."""

    size: int
    value: float
    seconds: float = 0.0
    also: dict[str, float] = {}


class Result(Struct, frozen=True):
    """One figure as it is printed. `ratio` is `value` over what it is compared with, `beside` says what that
    is; `aim` is what it should not exceed, or in events per second reach; `points` are all sizes that were
    measured, of which `size` is the largest; `checks` the counts that agreed."""

    name: str
    says: str
    unit: str
    value: float
    against: float | None
    beside: str
    ratio: float | None
    aim: float | None
    size: int
    of: str
    quick: bool
    checks: dict[str, int]
    points: tuple[Point, ...]
    also: dict[str, float]
