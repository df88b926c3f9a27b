"""How the runner's steps go: when the last one ended, and how long they take."""

import time
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""In seconds; a step that took longer stands behind the last."""


class Pulse:
    """`last` is when a step last ended, by the clock that never jumps (seconds); None: none has. `counts` has
    one place more than `BOUNDS`: how many steps that did something took so long; `seconds` is their sum."""

    def __init__(self) -> None:
        self.last: float | None = None
        self.counts = [0] * (len(BOUNDS) + 1)
        self.seconds = 0.0

    async def of(self, step: Awaitable[bool]) -> bool:
        """What `step` says, timed."""
        began = time.monotonic()
        worked = await step
        self.last = time.monotonic()
        if worked:
            took = self.last - began
            self.seconds += took
            place = next((place for place, bound in enumerate(BOUNDS) if took <= bound), len(BOUNDS))
            self.counts[place] += 1
        return worked
