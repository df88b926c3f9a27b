"""Answers that tell nothing by their time.

A wish that is new is written to the log, one that was asked for already is not: whoever times the answers
could tell the one from the other, and with it who is on the list. So an answer is not given when the work is
done, but at the first moment of a row of moments that is drawn without looking at the work.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from consent.contract import Unavailable

T = TypeVar("T")

_DRAWN = 8  # bytes


@dataclass(frozen=True, slots=True)
class Pace:
    """The moments at which answers are given: between `least` and `least + spread` seconds after the
    question, each further one as much later, until `patience` is over. `entropy(n)` gives n random bytes.

    Work that is done before `least`, as nearly all is, leaves no trace at all in the time of its answer. Were
    the moments at equal steps, whoever keeps the service busy could place longer work just beside a step, and
    see its last millisecond. Drawn at random, and with a `spread` that is not above `least`, work that takes
    d seconds more is answered at another moment with a chance of d / `spread` at the most, however long the
    rest of it takes: who is to say by one answer which of two kinds it was is right in 50 % and half of that.
    """

    entropy: Callable[[int], bytes]
    least: float = 0.5
    spread: float = 0.5
    patience: float = 20.0

    async def keep(self, work: Coroutine[Any, Any, T]) -> T:
        """What `work` gives, or raises, at a moment of the pace. Raises `Unavailable` after `patience`; the
        work goes on then, and may come to its end."""
        doing = asyncio.ensure_future(work)
        doing.add_done_callback(_heard)  # nobody may be there any more to hear of a fault
        waited = 0.0
        while waited < self.patience:
            moment = self.least + self.spread * self._chance()
            await asyncio.sleep(moment)
            waited += moment
            if doing.done():
                return doing.result()
        raise Unavailable("The consent service did not come to an end in time; ask again.")

    def _chance(self) -> float:
        return int.from_bytes(self.entropy(_DRAWN), "big") / (1 << 8 * _DRAWN)


def _heard(done: asyncio.Future[Any]) -> None:
    if not done.cancelled():
        done.exception()
