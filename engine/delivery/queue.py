"""Mails that want to go, in the order in which they may."""

import heapq
from collections import deque

from engine.delivery.brakes import Brakes, Lane
from engine.delivery.item import Item

__all__ = ["Item", "Queue"]

_Heap = list[tuple[int, int, Item]]
"""(not before, number, mail)"""


class Queue:
    """Gives each subject's mails one at a time, oldest first, as far as `brakes` let them. Instants are
    ms UTC."""

    def __init__(self, brakes: Brakes | None = None) -> None:
        self.brakes = brakes or Brakes()
        self._version = self.brakes.version  # of the orders by which mails lie where they lie
        self._ready: _Heap = []
        self._aside: dict[Lane, _Heap] = {}  # what is held back, which nothing here goes by but its turn
        self._held: dict[str, deque[tuple[int, Item]]] = {}  # behind another mail to the same subject
        self._busy: set[str] = set()  # subjects with a mail on its way
        self._items: dict[str, Item] = {}  # every mail that is waiting or on its way, as it now is
        self._taken: set[str] = set()  # keys that are on their way
        self._recalled: set[str] = set()  # keys that were called back while on their way
        self._number = 0

    def __len__(self) -> int:
        """Mails waiting or on their way."""
        return len(self._items)

    def __contains__(self, key: str) -> bool:
        return key in self._items

    def put(self, item: Item, not_before: int = 0) -> None:
        """Add a mail; one whose key is here already is left as it is."""
        if item.key not in self._items:
            self._push(item, not_before)

    def take(self, now: int, limit: int) -> list[Item]:
        """Up to `limit` mails that may go now, no two to one subject. Each must come back by `again` or
        `done`."""
        if self._version != self.brakes.version:
            self._gather()
        if self.brakes.halted:
            return []
        taken: list[Item] = []
        for lane in list(self._aside):
            room = min(limit - len(taken), self.brakes.allows(lane, now))
            before = len(taken)
            self._take(self._aside[lane], now, before + room, taken)
            self.brakes.spend(lane, len(taken) - before)
            if not self._aside[lane]:
                del self._aside[lane]
        self._take(self._ready, now, limit, taken)
        return taken

    def again(self, item: Item, not_before: int) -> bool:
        """A mail that was taken, or that an earlier life had taken, wants to go once more, not before that
        instant. False: it was called back meanwhile, and is over."""
        if item.key in self._recalled:
            self.done(item)
            return False
        self._push(item, not_before)
        self._release(item)
        return True

    def done(self, item: Item) -> None:
        """A mail that was taken is over."""
        self._items.pop(item.key, None)
        self._recalled.discard(item.key)
        self._release(item)

    def cancel(self, key: str) -> bool:
        """Take a mail back. False if it is not here, or on its way: then it goes no second time."""
        if key in self._taken:
            self._recalled.add(key)
            return False
        return self._items.pop(key, None) is not None

    def next_due(self) -> int | None:
        """When the next mail may go, perhaps in the past; None: none waits, or nobody knows."""
        if self.brakes.halted:
            return None
        moments = [self._ready[0][0]] if self._ready else []
        for lane, heap in self._aside.items():
            ready = self.brakes.ready_at(lane)
            if ready is not None and heap:
                moments.append(max(ready, heap[0][0]))
        return min(moments, default=None)

    def waiting(self, flow: str) -> int:
        """How many mails of a flow wait here or are on their way."""
        return sum(item.flow == flow for item in self._items.values())

    def _take(self, heap: _Heap, now: int, limit: int, taken: list[Item]) -> None:
        """Fill `taken` up to `limit` from a heap."""
        while heap and len(taken) < limit and heap[0][0] <= now:
            not_before, number, item = heapq.heappop(heap)
            if self._items.get(item.key) is not item:  # taken back
                continue
            if item.subject in self._busy:
                self._held.setdefault(item.subject, deque()).append((not_before, item))
            elif heap is self._ready and (lane := self.brakes.lane(item, now)) is not None:
                heapq.heappush(self._aside.setdefault(lane, []), (not_before, number, item))
            else:
                self._busy.add(item.subject)
                self._taken.add(item.key)
                taken.append(item)

    def _gather(self) -> None:
        """The orders have changed: what was held back is looked at anew."""
        self._version = self.brakes.version
        for heap in self._aside.values():
            self._ready += heap
        self._aside.clear()
        heapq.heapify(self._ready)

    def _push(self, item: Item, not_before: int) -> None:
        self._items[item.key] = item
        self._number += 1
        heapq.heappush(self._ready, (not_before, self._number, item))

    def _release(self, item: Item) -> None:
        if item.key not in self._taken:
            return
        self._taken.discard(item.key)
        self._busy.discard(item.subject)
        for not_before, held in self._held.pop(item.subject, ()):
            if self._items.get(held.key) is held:
                self._push(held, not_before)
