"""A clock by which nobody's topics end yet, as it is far from where it was last, and the word for it."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

from consent.ledger.transaction import Reading
from consent.service import Service
from consent.timed.believed import STANDS_MS, Believed, believed, is_far
from virta.operating.asking import writing
from virta.operating.complaint import Complaint
from virta.operating.recording import last_day
from virta.operating.resolving import CLOCK, Act
from virta.settings import Settings

_HOUR = 3_600_000
_DAY = 24 * _HOUR


def clock_of_consent(service: Service, clock: ZoneInfo) -> Iterator[Complaint]:
    """While it is not believed: since when, and for how long it has stood so."""
    known, now = service.read(_known)
    if is_far(known, now):
        yield Complaint(
            CLOCK,
            f"This machine's clock says {last_day(now, clock)}, and what ends or is deleted by time was seen "
            f"to last on {last_day(known.last, clock)}. Until the clock has stood so for "
            f"{STANDS_MS // _HOUR} hours of running ({known.stood // _HOUR} so far), nobody's topics end and "
            "nothing is deleted.",
            "If it is wrong, set it by NTP. If it is right (Virta stood still meanwhile), there is nothing "
            f"to do; `virta doctor --resolve {CLOCK}` has it believed at once.",
        )


def acts_of_clock(service: Service) -> list[Act]:
    """What can be done about it, which is one thing or none."""
    known, now = service.read(_known)
    if not is_far(known, now):
        return []
    days = round((now - known.last) / _DAY)
    return [Act(CLOCK, str(days), f"believe the clock, which is {days:,} days from where it was")]


def believe_clock(folder: Path, settings: Settings) -> str:
    """Have what is due by time done by the clock as it is; returns what was done. Raises
    `BrokenProject`."""
    if not asyncio.run(_believe(folder, settings)):
        return "The clock is believed already: nothing was done."
    return "The clock is believed: what ends or is deleted by time is seen to at the next visit."


async def _believe(folder: Path, settings: Settings) -> int:
    async with writing(folder, settings) as consent:
        return await consent.believe_clock()


def _known(reading: Reading) -> tuple[Believed, int]:
    return believed(reading), reading.now
