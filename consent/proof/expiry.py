"""Which decisions may be missing from an export: those of batches that a leaf has let go, and that were old
by then.

How old they were is told by the leaves alone. No leaf is younger than those behind it say, and no batch older
than those before it: a clock that is set forward for a moment, or back, would make any decision old."""

from dataclasses import dataclass, field

from consent.proof.failure import Failed, Failure
from consent.proof.told import Told

SHORTEST = 12
"""No log may let decisions go that it has kept for fewer months."""

_SHORTEST_MONTH_MS = 28 * 86_400_000


@dataclass(slots=True)
class _Said:
    """A leaf at `seq`; `at` is its time, or that of the earliest leaf behind it (ms UTC)."""

    seq: int
    before: int
    months: int
    at: int


@dataclass(slots=True)
class Expiries:
    """All leaves that let decisions go, in order."""

    said: list[_Said] = field(default_factory=list)
    batches: dict[int, int] = field(default_factory=dict)  # position → when at the earliest, ms UTC
    latest: int = 0  # of all leaves until now

    @property
    def before(self) -> int:
        """The position before which batches may lack decisions; 0: none may."""
        return self.said[-1].before if self.said else 0

    @property
    def leaf(self) -> int:
        """The newest leaf that says so; 0: there is none."""
        return self.said[-1].seq if self.said else 0

    @property
    def months(self) -> int:
        """For how many months each decision was kept at least, by their own word; 0: none was let go."""
        return min((one.months for one in self.said), default=0)

    def tell(self, seq: int, leaf: Told) -> None:
        """Take in one more. Raises `Failed`."""
        assert leaf.expired is not None
        before, months = leaf.expired
        if not self.before <= before <= seq or months < SHORTEST:
            raise Failed(
                Failure.DECISIONS,
                f"Leaf {seq} lets decisions before leaf {before} go after {months} months, which cannot be.",
            )
        self.said.append(_Said(seq, before, months, leaf.at))

    def passed(self, at: int) -> None:
        """A leaf of this time (ms UTC) stands behind those that were taken in."""
        if at > self.latest:
            self.latest = at
        if not self.said:
            return
        for one in reversed(self.said):
            if one.at <= at:
                break
            one.at = at

    def batch(self, seq: int) -> None:
        """The leaf that was passed last is that of a batch."""
        self.batches[seq] = self.latest

    def check(self) -> None:
        """Raise `Failed` for a batch that was let go before its time."""
        waiting = iter(self.said)
        one = next(waiting, None)
        for seq, at in self.batches.items():
            while one is not None and seq >= one.before:
                one = next(waiting, None)
            if one is None:
                return
            if one.at - at < one.months * _SHORTEST_MONTH_MS:
                raise Failed(
                    Failure.DECISIONS,
                    f"Leaf {one.seq} lets decisions of batch {seq} go before {one.months} months were over.",
                )
