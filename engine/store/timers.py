"""The timers of journeys: written for many at once where they come at one moment."""

from collections import defaultdict
from collections.abc import Iterable
from typing import TypeAlias

from sqlalchemy import BigInteger, bindparam, cast, delete, insert

from engine.core.calendar import NEVER
from engine.store import schema as t
from engine.store.slots import as_list, listed
from engine.store.statement import Driver, Statement

Timer: TypeAlias = tuple[int, int]
"""A deadline, and the slot of its journey."""


def arm(driver: Driver, timers: Iterable[Timer]) -> None:
    """Add timers, but for those that never come."""
    for due, slots in sorted(_by_moment(timers).items()):
        _ARM.run(driver, due, as_list(slots))


def disarm(driver: Driver, timers: Iterable[Timer]) -> None:
    """Take timers away."""
    for due, slots in _by_moment(timers).items():
        _DISARM.run(driver, due, as_list(slots))


def _by_moment(timers: Iterable[Timer]) -> dict[int, list[int]]:
    found: defaultdict[int, list[int]] = defaultdict(list)
    for due, slot in timers:
        found[due].append(slot)
    found.pop(NEVER, None)
    return found


_due = cast(bindparam("due_", type_=BigInteger), BigInteger)
_ARM = Statement(insert(t.timer).from_select(["due", "slot"], listed(_due)))
_DISARM = Statement(delete(t.timer).where(t.timer.c.due == bindparam("due_"), t.timer.c.slot.in_(listed())))
