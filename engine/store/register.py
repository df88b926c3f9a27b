"""What a store knows of its journeys' rows without a look: which slot is free, and which number stands for
which graph."""

from typing import TypeAlias

from sqlalchemy import bindparam, delete, func, select

from engine.store import schema as t
from engine.store.statement import Driver, Statement

Pinned: TypeAlias = tuple[str, str]
"""The digest of a graph, and its flow."""


class Register:
    """One for each life of a store, whose only writer it belongs to. Numbers are kept from committed rows
    only: a transaction that fails takes its own with it."""

    def __init__(self) -> None:
        self._slot: int | None = None  # the last one that was given out; None: not known
        self._pinned: dict[int, Pinned] = {}

    def slots(self, driver: Driver, count: int) -> range:
        """The next free slots, one behind the other. Timers that were left there go, once in a life: it takes
        a walk through all of them."""
        if not count:
            return range(0)
        if self._slot is None:
            found = _LAST.first(driver)
            self._slot = (found[0] or 0) if found is not None else 0
            _LEFT.run(driver, self._slot)
        first = self._slot + 1
        self._slot += count
        return range(first, first + count)

    def pinned(self, driver: Driver, number: int) -> Pinned:
        """What a number stands for. Raises `ValueError` for one that no graph has: the row that it stands in
        cannot be read."""
        if number not in self._pinned:
            self._pinned = {known: (digest, flow) for known, digest, flow in _ALL.rows(driver)}
        found = self._pinned.get(number)
        if found is None:
            raise ValueError(f"no graph has the number {number}")
        return found


def number(driver: Driver, digest: str, flow: str) -> int:
    """That of a graph, given on first sight."""
    known = _NUMBER.first(driver, digest, flow)
    if known is None:
        _PUT.run(driver, digest, flow)
        known = _NUMBER.first(driver, digest, flow)
    assert known is not None
    found: int = known[0]
    return found


_LAST = Statement(select(func.max(t.journey.c.slot)))
_LEFT = Statement(delete(t.timer).where(t.timer.c.slot > bindparam("last")))
_ALL = Statement(select(t.pin.c.number, t.pin.c.digest, t.pin.c.flow))
_NUMBER = Statement(
    select(t.pin.c.number).where(t.pin.c.digest == bindparam("digest_"), t.pin.c.flow == bindparam("flow_"))
)
_PUT = Statement(t.pin.insert().values({name: bindparam(name) for name in ("digest", "flow")}))
