"""The calls of one webhook: those of one contact one at a time and in order, those of others meanwhile."""

import heapq
from collections import deque

from msgspec import Struct
from msgspec.structs import replace

from engine.core.bundle import CallBody

AT_ONCE = 4
"""Calls of one webhook that are under way together."""

LONGEST_REST = 60
"""Seconds that a webhook rests, at most, because nobody answers."""

LONGEST_WANTED = 3600
"""Seconds that it rests, at most, because the receiver asks for it."""


class Open(Struct, frozen=True):
    """A call that is neither taken nor given up, how often it was tried, and its number in the lane."""

    key: str
    contact: str
    body: CallBody
    attempts: int = 0
    number: int = 0


class Lane:
    """Of the calls that may be made, those that came first go first. Instants are ms UTC."""

    def __init__(self) -> None:
        self._behind: dict[str, deque[Open]] = {}  # by contact: what waits behind the call that is next
        self._ready: list[tuple[int, Open]] = []  # (number, the next call of its contact)
        self._later: list[tuple[int, int, Open]] = []  # (not before, number, the next call of its contact)
        self._count = 0
        self._under_way = 0
        self._rests_until = 0
        self._in_vain = 0  # attempts one after the other that nobody looked at

    def put(self, call: Open, not_before: int = 0) -> None:
        """Add a call behind the others of its contact. One that was tried before comes first of them."""
        self._count += 1
        call = replace(call, number=self._count)
        behind = self._behind.get(call.contact)
        if behind is None:
            self._behind[call.contact] = deque()
            heapq.heappush(self._later, (not_before, call.number, call))
        else:
            behind.append(call)

    def take(self, now: int) -> Open | None:
        """The next call that may be made, if one more may be under way. It must come back by `again` or
        `done`."""
        if self._under_way >= AT_ONCE or self._rests_until > now:
            return None
        while self._later and self._later[0][0] <= now:
            _, number, call = heapq.heappop(self._later)
            heapq.heappush(self._ready, (number, call))
        if not self._ready:
            return None
        self._under_way += 1
        return heapq.heappop(self._ready)[1]

    def again(self, call: Open, not_before: int) -> None:
        """A call that was taken is to be made once more; the others of its contact wait."""
        self._under_way -= 1
        heapq.heappush(self._later, (not_before, call.number, call))

    def done(self, call: Open) -> None:
        """A call that was taken is over."""
        self._under_way -= 1
        behind = self._behind[call.contact]
        if behind:
            following = behind.popleft()
            heapq.heappush(self._ready, (following.number, following))
        else:
            del self._behind[call.contact]

    def in_vain(self, now: int, after: int) -> None:
        """Nobody looked at a call: none is made for `after` seconds, and when that happens again and again
        for longer, so that calls are not spent on a receiver that is not there."""
        self._in_vain += 1
        more = self._in_vain - AT_ONCE
        own = min(2 ** min(more, 10), LONGEST_REST) if more > 0 else 0
        pause = max(own, min(after, LONGEST_WANTED))
        self._rests_until = max(self._rests_until, now + pause * 1000)

    def heard(self) -> None:
        """A call was looked at."""
        self._in_vain = 0

    def next_due(self) -> int | None:
        """When the next call may be made, perhaps in the past; None: nothing waits, or no more may go now."""
        if self._under_way >= AT_ONCE or not (self._ready or self._later):
            return None
        return self._rests_until if self._ready else max(self._later[0][0], self._rests_until)
