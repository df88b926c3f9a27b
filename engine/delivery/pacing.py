"""How many mails may go now, when the operator sets a pace."""


class Pace:
    """A bucket of tokens: `per_second` flow in, at most one second's worth stays. 0: no pace is set.

    Times are seconds of any steady clock."""

    def __init__(self, per_second: float) -> None:
        self._per_second = per_second
        self._tokens = max(per_second, 1.0)
        self._at: float | None = None

    def allows(self, now: float) -> int:
        """How many mails may be claimed at this moment."""
        if not self._per_second:
            return 1_000_000
        if self._at is not None:
            flown = (now - self._at) * self._per_second
            self._tokens = min(self._tokens + flown, max(self._per_second, 1.0))
        self._at = now
        return int(self._tokens)

    def spend(self, count: int) -> None:
        """So many were claimed."""
        if self._per_second:
            self._tokens -= count
