"""Mails that want to go, in the order in which they may."""

import heapq
from collections import deque
from collections.abc import Callable

from msgspec import Struct

from consent.contract import Ask, Decision
from engine.mail.message import Letter


class Item(Struct, frozen=True, eq=False):
    """One mail: what to ask for, how to write it once allowed, and when it was asked for (ms UTC).

    `write` may raise `LetterFault`. Where the mail shows the person's own address (`addressed`), it is given
    that address too, else nothing.
    """

    ask: Ask
    write: Callable[[Decision, str], Letter]
    made: int
    addressed: bool = False
    deferrals: int = 0  # temporary refusals by the mail server so far
    releases: int = 0  # permits given back since then

    @property
    def key(self) -> str:
        return self.ask.key

    @property
    def subject(self) -> str:
        return self.ask.subject


class Queue:
    """Gives each subject's mails one at a time, oldest first. Instants are ms UTC."""

    def __init__(self) -> None:
        self._ready: list[tuple[int, int, Item]] = []  # (not before, number, item)
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
        taken: list[Item] = []
        while self._ready and len(taken) < limit and self._ready[0][0] <= now:
            not_before, _, item = heapq.heappop(self._ready)
            if self._items.get(item.key) is not item:  # taken back
                continue
            if item.subject in self._busy:
                self._held.setdefault(item.subject, deque()).append((not_before, item))
            else:
                self._busy.add(item.subject)
                self._taken.add(item.key)
                taken.append(item)
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
        """When the next mail may go, perhaps in the past; None: none waits."""
        return self._ready[0][0] if self._ready else None

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
