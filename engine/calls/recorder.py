"""Calls that are written down and not made: for simulations, for tests of flows, and for staging."""

from engine.calls.call import Answer, Answered, Call
from engine.core.record import Why


class Recorder:
    """Takes every call and keeps none: the journal has a line for each, which says `why` none was made."""

    def __init__(self, why: Why = Why.RECORDED) -> None:
        self._why = why

    async def post(self, call: Call, now: int) -> Answer:
        """Say that it was written down only."""
        return Answer(Answered.TAKEN, self._why)

    async def close(self) -> None:
        """There is nothing to close."""
