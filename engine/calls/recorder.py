"""Calls that are written down and not made: for simulations and tests of flows."""

from engine.calls.call import Answer, Answered, Call
from engine.core.record import Why


class Recorder:
    """Takes every call and keeps none: the journal has a line for each."""

    async def post(self, call: Call, now: int) -> Answer:
        """Say that it was written down only."""
        return Answer(Answered.TAKEN, Why.RECORDED)

    async def close(self) -> None:
        """There is nothing to close."""
