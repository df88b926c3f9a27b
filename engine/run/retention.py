"""Raw events and the journal are kept for so many months, and then forgotten; with the lines of the journal
go the mails that they tell of."""

import asyncio
from collections.abc import Callable
from datetime import UTC
from zoneinfo import ZoneInfo

from dsl.graph import Duration
from engine.core import calendar
from engine.store.store import Store

_PAUSE = 3600.0  # seconds between looks for what is too old
_UTC = ZoneInfo(str(UTC))


async def forget_old_events(store: Store, now: int, months: int) -> None:
    """Forget what came in more than so many months before `now` (ms UTC) and was worked on."""
    await store.forget_events(calendar.add(now, Duration(months=months), _UTC, -1))


async def forget_old_lines(store: Store, now: int, months: int) -> None:
    """Forget what the journal told more than so many months before `now` (ms UTC), and the mails of then."""
    before = calendar.add(now, Duration(months=months), _UTC, -1)
    await store.forget_journal(before)
    await store.mails.forget(before)


async def keep_forgetting(store: Store, clock: Callable[[], int], events: int, journal: int) -> None:
    """Work for ever. `clock` gives ms UTC; `events` and `journal` are months."""
    while True:
        await forget_old_events(store, clock(), events)
        await forget_old_lines(store, clock(), journal)
        await asyncio.sleep(_PAUSE)
