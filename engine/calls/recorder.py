"""Calls that are written down and not made: for simulations and tests of flows."""

from engine.calls.call import Answer, Answered, Call
from engine.core.record import Why


class Recorder:
    """Takes every call. `calls` are those that a receiver would have got, in order."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    async def post(self, call: Call, now: int) -> Answer:
        """Write the call down."""
        self.calls.append(call)
        return Answer(Answered.TAKEN, Why.RECORDED)

    async def close(self) -> None:
        """There is nothing to close."""
