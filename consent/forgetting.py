"""What is more than one transaction: an erasure with the rewriting of the store behind it, and what is known
of a log that was put back.

To be called in the thread that writes."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from consent.contract import Erasure
from consent.contract.bounds import MOST_LEAVES
from consent.mails.reach import expect, give_up
from consent.service import Service
from consent.store.anew import OF_PEOPLE
from consent.store.stops import Stop, read_stops
from consent.subscriber import erasure, hold
from consent.subscriber.replay import missed_among
from consent.timed.believed import NEAR_MS
from consent.times import DAY_MS


def erase(service: Service, identity: str, actor: str) -> Erasure | None:
    """Forget a subject. That no page of the store tells of them is seen to once for all who wait for it: as
    all other stores have forgotten them, and where nobody else keeps anything of people by what is done every
    ten minutes."""
    return service.write(lambda tx: erasure.erase(tx, identity, actor))


def lift(service: Service, identity: str, actor: str) -> None:
    """End a legal hold before its day, and let no page tell of what it kept. Raises `HoldRefused`."""
    service.write(lambda tx: hold.lift(tx, identity, actor))
    for part in rewriting(service):
        if not part():
            break


_LONG, _RARELY = 5.0, 100
"""Seconds from which on writing tables anew holds people up, and which part of all time it may take then."""
NOT_YET = "The consent store is being read as it was before an erasure, or was written anew just now."


class Rewriting:
    """Knows when the tables were written anew last. Where it takes long it waits, for all who are erased
    meanwhile: whoever withdraws is held up by it."""

    def __init__(self) -> None:
        self._ended = self._took = 0.0

    def parts(self, service: Service) -> Iterator[Callable[[], bool]]:
        """As `rewriting`; as long as it has to wait, one part, which says whether there is nothing to do."""
        began = time.monotonic()
        if self._took > _LONG and began - self._ended < _RARELY * self._took:
            yield lambda: not service.write(erasure.wants_rewriting)
            return
        yield from rewriting(service)
        self._ended = time.monotonic()
        self._took = self._ended - began


def rewriting(service: Service) -> Iterator[Callable[[], bool]]:
    """What leaves nothing of anybody who was erased, nor for long of what time has forgotten: parts, each
    to be done in its turn, so that others write between two tables. False: somebody reads what was before,
    there is no room, or somebody was erased meanwhile; then all is to be done again, and nothing that
    follows."""
    wanted: list[bool] = []

    def begin() -> bool:
        wanted.append(service.write(erasure.begin_rewriting))
        return True

    yield begin
    if wanted[-1]:
        for table in OF_PEOPLE:
            yield partial(service.rewrite, table)
        # What is written down by it lies in the write-ahead log of a file; nobody's data does.
        yield lambda: service.write(erasure.rewritten)


def reached(service: Service, size: int) -> None:
    """Somebody knows of `size` leaves: a shorter log lets no marketing go until it is as long. Raises
    `ValueError` for a length that no log has."""
    if not 0 <= size <= MOST_LEAVES:
        raise ValueError(f"No log has {size:,} leaves; at most {MOST_LEAVES:,} are believed.")
    if service.write(lambda tx: tx.log.frontier.size < size and expect(tx.conn, size) > 0):
        service.parts = replace(service.parts, reach=max(size, service.parts.reach))


def open_marketing(service: Service, actor: str) -> int:
    """The log will not be as long again as it is known to have been: marketing goes, and a leaf says so. How
    long that was; 0: nothing was shut for it."""
    size = service.write(lambda tx: give_up(tx, actor))
    if size:
        service.parts = replace(service.parts, reach=0)
    return size


_TOGETHER, _LEAST, _EIGHTH = 10_000, 1_000, 8
"""Lines that are looked up at once; how many at least, and which part of all, are worth a new file."""


def let_stops_go(service: Service, days: int) -> int:
    """Leave those lines out of the file of stops that the log holds, or that were made up for, and that are
    older than every backup, each of which is kept for `days` at most, by a day and by as much as a clock that
    is believed may be ahead; how many. In any thread: others write meanwhile. Raises `OSError`, and then the
    file is as it was."""
    path, upto = service.store.stops, service.stops_written()
    lines = read_stops(path) if path is not None else []
    before = service.read(lambda reading: reading.now) - (days + 1) * DAY_MS - NEAR_MS
    old, gone = _older(lines, before), set[Stop]()
    for first in range(0, len(old), _TOGETHER):
        part = old[first : first + _TOGETHER]
        lost = {one.leaf for one in service.read(partial(missed_among, stops=part))}
        gone.update(one for one in part if one.leaf not in lost)
    if len(gone) < max(_LEAST, len(lines) // _EIGHTH):
        return 0
    service.leave_out(gone, upto)
    return len(gone)


def _older(lines: Sequence[Stop], than: int) -> list[Stop]:
    """Those of before a moment (ms UTC). A line is no older than any before it says, also where the clock was
    set back; and the newest stays, for it tells how long the log was."""
    latest, found = 0, []
    longest = max((one.seq for one in lines), default=-1)
    for one in lines:
        latest = max(latest, one.at)
        if latest < than and one.seq != longest:
            found.append(one)
    return found
