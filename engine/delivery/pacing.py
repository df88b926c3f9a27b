"""How many mails may go now: by the pace that the operator sets, and by what the server takes."""

_NEARLY = 1e-6
"""Of a token: what reckoning in fractions may lack."""


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
            flown = max(now - self._at, 0.0) * self._per_second  # a clock may be set back
            self._tokens = min(self._tokens + flown, max(self._per_second, 1.0))
        self._at = now
        return int(self._tokens + _NEARLY)

    @property
    def ready_at(self) -> float:
        """From when on one more may go, as of the last look."""
        if not self._per_second or self._tokens + _NEARLY >= 1 or self._at is None:
            return self._at or 0.0
        return self._at + (1 - self._tokens) / self._per_second

    def spend(self, count: int) -> None:
        """So many were claimed."""
        if self._per_second:
            self._tokens -= count


class Rate:
    """Mails a second that the server has answered of late, counting only time in which it had some to answer.

    Times are seconds of any steady clock."""

    SPAN = 0.5
    """Seconds of work after which the figure is renewed."""

    def __init__(self, first: float) -> None:
        self.per_second = first
        self._at = 0.0
        self._worked = 0.0
        self._answered = 0

    def look(self, now: float, working: bool, answered: int) -> None:
        """Since the last look the server was `working`, and has answered so many."""
        if working:
            self._worked += now - self._at
        self._at = now
        self._answered += answered
        if self._worked >= self.SPAN:
            self.per_second = self._answered / self._worked
            self._worked, self._answered = 0.0, 0
