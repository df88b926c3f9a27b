"""The calls of one webhook: those of one contact one at a time and in order, those of others meanwhile."""

import heapq
from collections import deque

from msgspec import Struct

from engine.core.bundle import CallBody

AT_ONCE = 4
"""Calls of one webhook that are under way together."""


class Open(Struct, frozen=True):
    """A call that is neither taken nor given up, and how often it was tried."""

    key: str
    contact: str
    body: CallBody
    attempts: int = 0


class Lane:
    """Instants are ms UTC."""

    def __init__(self) -> None:
        self._behind: dict[str, deque[Open]] = {}  # by contact: what waits behind the call that is next
        self._next: list[tuple[int, int, Open]] = []  # (not before, number, the next call of its contact)
        self._number = 0
        self._under_way = 0

    def put(self, call: Open, not_before: int = 0) -> None:
        """Add a call behind the others of its contact."""
        behind = self._behind.get(call.contact)
        if behind is None:
            self._behind[call.contact] = deque()
            self._push(call, not_before)
        else:
            behind.append(call)

    def take(self, now: int) -> Open | None:
        """The next call that may be made, if one more may be under way. It must come back by `again` or
        `done`."""
        if not self._next or self._next[0][0] > now or self._under_way >= AT_ONCE:
            return None
        self._under_way += 1
        return heapq.heappop(self._next)[2]

    def again(self, call: Open, not_before: int) -> None:
        """A call that was taken is to be made once more; the others of its contact wait."""
        self._under_way -= 1
        self._push(call, not_before)

    def done(self, call: Open) -> None:
        """A call that was taken is over."""
        self._under_way -= 1
        behind = self._behind[call.contact]
        if behind:
            self._push(behind.popleft(), 0)
        else:
            del self._behind[call.contact]

    def next_due(self) -> int | None:
        """When the next call may be made, perhaps in the past; None: nothing waits, or no more may go now."""
        return self._next[0][0] if self._next and self._under_way < AT_ONCE else None

    def _push(self, call: Open, not_before: int) -> None:
        self._number += 1
        heapq.heappush(self._next, (not_before, self._number, call))
