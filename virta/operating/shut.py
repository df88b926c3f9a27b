"""Marketing that is shut since the log of consent is shorter than it is known to have been, and the word
of an operator that opens it."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

from consent.mails.reach import behind
from consent.service import Service
from virta.operating.asking import writing
from virta.operating.complaint import Complaint
from virta.operating.resolving import LOG_BEHIND, Act
from virta.settings import Settings


def shut_for_length(service: Service) -> Iterator[Complaint]:
    """While the log is shorter: by how much, and since which length."""
    known = service.read(behind)
    if known is not None:
        size, since, there = known
        yield Complaint(
            LOG_BEHIND,
            f"Marketing is shut: the log of consent is known to have had {size:,} leaves. It had {since:,} "
            f"when that was said, and has {there:,} now.",
            "An older store was put back: put back a newer backup (`virta restore`), or wait until the log "
            f"is as long. If it never was, or what is lost is lost: `virta doctor --resolve {LOG_BEHIND}`.",
        )


def acts_of_log(service: Service) -> list[Act]:
    """What can be done about it, which is one thing or none."""
    known = service.read(behind)
    if known is None:
        return []
    size, _, there = known
    return [
        Act(
            LOG_BEHIND,
            str(size),
            f"let marketing go with {there:,} leaves: whoever left after them is known by the file of stops "
            "alone",
        )
    ]


def open_marketing(folder: Path, settings: Settings) -> str:
    """Let marketing go, which stands in the log from then on; what was done, in words. Raises
    `BrokenProject`."""
    size = asyncio.run(_open(folder, settings))
    if not size:
        return "Marketing is not shut for the length of the log: nothing was done."
    return f"Marketing goes again; the log says that {size:,} leaves are waited for no more."


async def _open(folder: Path, settings: Settings) -> int:
    async with writing(folder, settings) as consent:
        return await consent.open_marketing()
