"""How a running system stands, looked at once: for the metrics, and for whether it is ready."""

import contextlib
import shutil
import time
from pathlib import Path

from msgspec import Struct

from consent.contract import Unavailable
from engine.store.database import StoreFault
from engine.store.waiting import Waiting
from virta.monitoring.doubted import Doubting
from virta.wiring import System

STUCK = 60.0
"""Seconds without a step, with something to do, after which the runner does not move."""
FAR = 10_000
"""Changes of consent that the engine has not heard are counted up to here."""


class Look(Struct, frozen=True):
    """`faults` by what was looked at, "" where all is well: `store`, `consent`, `mail_server`, `runner`.
    `doubted` are people of whom the store of consent says what its log does not, 0 where
    it is a process of its own; `free` and `used` are bytes on the disk of the stores."""

    faults: dict[str, str]
    waiting: Waiting
    inbox: int
    queue: int
    under_way: int
    unheard: int
    doubted: int
    free: int
    used: int

    @property
    def ready(self) -> bool:
        """Whether nothing is wrong."""
        return not any(self.faults.values())


async def look(system: System, data: Path, now: int) -> Look:
    """Ask the stores, which answers in milliseconds. `now` in ms UTC."""
    faults = dict.fromkeys(("store", "consent", "mail_server", "runner"), "")
    waiting, unheard, doubted, of_log = Waiting(None, 0, 0), 0, 0, ""
    try:
        waiting = await system.store.behind(now)
        cursors = await system.store.cursors()
        unheard = len(await system.consent.changes(cursors.get("changes", 0), FAR))
        if system.door.service is not None:
            doubting = Doubting(system.door.service)
            doubted, of_log = await doubting.people_in_doubt(), await doubting.fault_of_log()
    except StoreFault as fault:
        faults["store"] = str(fault)
    except Unavailable as fault:
        faults["consent"] = str(fault)
    faults["store"] = faults["store"] or system.store.shut
    faults["consent"] = faults["consent"] or system.consent.shut or system.door.front.shut or of_log
    faults["mail_server"] = system.mailer.fault
    last = system.runner.pulse.last
    to_do = system.store.waiting > 0 or waiting.overdue > 0
    if to_do and last is not None and time.monotonic() - last > STUCK:
        faults["runner"] = f"there is work, and no step was taken for {STUCK:.0f} seconds"
    return Look(
        faults,
        waiting,
        system.store.waiting,
        len(system.queue),
        system.mailer.outstanding,
        unheard,
        doubted,
        *_disk(data),
    )


def _disk(data: Path) -> tuple[int, int]:
    taken = 0
    for path in data.iterdir():
        with contextlib.suppress(OSError):  # gone meanwhile
            taken += path.stat().st_size if path.is_file() else 0
    return shutil.disk_usage(data).free, taken
