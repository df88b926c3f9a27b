"""A plan, carried out: refused where it is not the one that was shown, else written down as the next release.

Whoever runs the engine takes the release up; `follow` looks on.
"""

import fcntl
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Literal, TypeAlias

from msgspec import Struct

from consent.contract import Meaning, Said
from engine.insight.records import open_records
from engine.run.apply import BACKFILLED, BACKFILLED_TO, BEGUN, CARRIED, CARRYING, MOVED, PASSED
from engine.run.sweep import LOOKED_AT, NOTHING, SWEEPING, SWEPT
from engine.store.control import open_desk
from engine.store.database import StoreFault
from engine.store.releases import Kind, Overtaken, Release
from engine.store.server import Place
from virta.keeping.places import LOCKS
from virta.release.content import draft, who
from virta.release.planning import Planned
from virta.release.refusing import refusals
from virta.release.rewording import said_of
from virta.settings import BrokenProject

MANY = 10_000
"""An apply that newly reaches more people wants their number said."""

_TENTH = 10
_CONTACTS = 2**128  # their ids are random: as many lie before the middle one as behind it
_LOOK = 0.2  # seconds between looks at how far the engine has come
_LONG = 30.0  # seconds in which it comes further, if it does at all


class Refused(Exception):
    """It is not applied, and nothing is changed; the message says why and what to do."""


Stage: TypeAlias = Literal["waiting", "looking", "taking over", "starting"]
"""What the engine is at with a release: nothing yet, looking at everybody by new segments and starts on
dates, taking people over who are under way, or starting flows for the past."""


class Progress(Struct, frozen=True):
    """How far the engine has come with a release. Of the stage a `share` from 0 to 1 is behind it, with so
    many `people`, each counted once. `refused` says why the engine that runs does not take the release up,
    empty: it has not said so."""

    stage: Stage = "waiting"
    share: float = 0.0
    people: int = 0
    done: bool = False
    refused: str = ""


def check(planned: Planned, shown: str | None, reach: int | None) -> None:
    """Refuse what is not the plan that was `shown` (its digest, if one was named), and what reaches more than
    `MANY` people, unless their number was said. Raises `Refused`."""
    plan = planned.plan
    if shown is not None and shown != plan.digest:
        raise Refused(
            f"This is not the plan {shown} any more, but {plan.digest}: the flows in the folder or what runs "
            "have changed since. Look at the plan above, and apply that one if it is what you mean."
        )
    reached = plan.reach or 0
    if reached > MANY and not _is_about(reach, reached):
        said = "" if reach is None else f", and not {reach:,}"
        raise Refused(
            f"This newly reaches {reached:,} people{said}. If that is what you mean, say --reach {reached}."
        )


def _is_about(said: int | None, reached: int) -> bool:
    """People come and go between plan and apply."""
    return said is not None and abs(said - reached) * _TENTH <= reached


def said_before(planned: Planned, words: Meaning | None, editorial: Collection[str]) -> dict[str, Said]:
    """What is known of the words that read otherwise, before anybody is asked. Raises `BrokenProject` for a
    topic whose words do not."""
    changed = {each.topic for each in planned.plan.reworded}
    for topic in editorial:
        if topic not in changed:
            raise BrokenProject(f"The words that people agree to are for {topic} as they were.")
    return said_of(planned.plan.reworded, words, editorial, who())


def check_words(planned: Planned, said: Mapping[str, Said]) -> None:
    """Refuse words that read otherwise of which nothing was said. Raises `Refused`."""
    open_ = [each.topic for each in planned.plan.reworded if each.topic not in said]
    if open_:
        raise Refused(
            f"What people agree to reads otherwise for {', '.join(open_)}. Say --words editorial if it means "
            "the same, or --words material if whoever agreed before is to be asked anew."
        )


def write(
    database: Place, planned: Planned, kind: Kind, at: int, said: Mapping[str, Said] = MappingProxyType({})
) -> Release:
    """The next release, written down: from here on it is what runs, whatever happens to this process. Raises
    `Refused` if another one was faster, `BrokenProject` if the store takes none."""
    assert planned.running is not None
    number = planned.running.release.number + 1
    made = draft(planned.content, kind, at, number, planned.backfills, said)
    try:
        with open_desk(database) as desk:
            desk.release(made)
    except Overtaken:
        raise Refused(
            f"Meanwhile somebody else applied release {number}. Make a new plan, which starts from that one."
        ) from None
    except StoreFault as fault:
        raise BrokenProject(str(fault)) from None
    return made


def progress(database: Place, release: Release, journeys: int) -> Progress:
    """How far the engine has come with a release, before which so many `journeys` were under way. Raises
    `StoreFault`."""
    with open_records(database) as records:
        cursors = records.cursors()
        wanted = records.backfills_until(release.number)
        told = refusals(records.instructions())
    if cursors.get(CARRIED, 0) >= release.number:
        started = cursors.get(BACKFILLED, 0)
        if started >= wanted:
            return Progress(share=1.0, done=True)
        return Progress("starting", cursors.get(BACKFILLED_TO, 0) / _CONTACTS, cursors.get(BEGUN, 0))
    if cursors.get(CARRYING) == release.number:
        share = min(cursors.get(PASSED, 0) / max(journeys, 1), 1.0)
        return Progress("taking over", share, cursors.get(MOVED, 0))
    if cursors.get(SWEEPING, NOTHING) != NOTHING:
        return Progress("looking", cursors.get(SWEPT, 0) / _CONTACTS, cursors.get(LOOKED_AT, 0))
    return Progress(refused=told.get(release.number, ""))


def follow(database: Place, release: Release, journeys: int, told: Callable[[Progress], None]) -> Progress:
    """Look on until the engine has brought a release to everybody, before which so many `journeys` were under
    way, says that it cannot, or has not come further for long; what was seen last."""
    last, since = None, time.monotonic()
    while True:
        found = progress(database, release, journeys)
        told(found)
        if found.done or found.refused:
            return found
        if found != last:
            last, since = found, time.monotonic()
        if time.monotonic() - since > _LONG:
            return found
        time.sleep(_LOOK)


def serves(data: Path) -> bool:
    """Whether an engine runs on the stores in `data`. Ask before a release is written: an engine that takes
    one up lets go of its lock for a moment, and must find it free."""
    try:
        with (data / LOCKS[0]).open("r+b") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False
