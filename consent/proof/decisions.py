"""The decisions of an export, compared with the leaves of their batches: all are there and as they were, but
for those that were let go."""

from collections.abc import Iterator
from dataclasses import dataclass

from consent.proof.audit import Audit
from consent.proof.failure import Failed, Failure
from consent.proof.story import Story
from consent.proof.told import read_decision, read_trace
from consent.proof.tree import leaf_hash, merkle_root


@dataclass(slots=True)
class Decisions:
    """The decisions of a log, batch by batch: how many are there, and how many were let go."""

    story: Story
    audit: Audit
    kept: int = 0
    gone: int = 0

    def read(self, lines: Iterator[bytes]) -> None:
        """Check all lines of the part. Raises `Failed`."""
        self.story.expiries.check()
        hashes: list[bytes] = []
        waiting = iter(self.story.batches.items())
        current = next(waiting, None)
        for number, line in enumerate(lines, 1):
            trace = read_trace(line)
            place, record, body = read_decision(number, line) if trace is None else (trace[0], b"", None)
            while current is not None and current[0] < place and not hashes:
                self._miss(*current)
                current = next(waiting, None)
            if current is None or place != current[0]:
                raise Failed(Failure.DECISIONS, f"Decision {number} does not belong where it stands.")
            batch, (count, root, policy) = current
            if trace is not None:
                self._let_go(batch, 1)
                hashes.append(trace[1])
            elif body is not None:
                hashes.append(leaf_hash(record))
                self.audit.judge(number, batch, policy, body)
                self.kept += 1
            if len(hashes) == count:
                if merkle_root(hashes).hex() != root:
                    raise Failed(
                        Failure.DECISIONS,
                        f"The decisions of batch {batch} do not give the root in its leaf.",
                    )
                hashes = []
                current = next(waiting, None)
        if current is not None and hashes:
            raise Failed(Failure.DECISIONS, f"Decisions of batch {current[0]} are missing.")
        while current is not None:
            self._miss(*current)
            current = next(waiting, None)

    def _miss(self, batch: int, about: tuple[int, str, str]) -> None:
        """Of a batch nothing is there."""
        self._let_go(batch, about[0])

    def _let_go(self, batch: int, count: int) -> None:
        if batch >= self.story.expiries.before:
            why = f"Decisions of batch {batch} are missing, and no leaf of the log has let them go."
            raise Failed(Failure.DECISIONS, why)
        self.gone += count
        self.audit.let_go = True
