"""Raw events are kept for so many months, and then forgotten."""

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


async def keep_forgetting(store: Store, clock: Callable[[], int], months: int) -> None:
    """Work for ever. `clock` gives ms UTC."""
    while True:
        await forget_old_events(store, clock(), months)
        await asyncio.sleep(_PAUSE)
