"""What a doctor looks at in the stores of a project. Each check is a function that gives its findings."""

import os
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from engine.core.calendar import NEVER
from engine.insight.apart import apart
from engine.insight.records import Records
from virta.operating.complaint import Complaint
from virta.operating.leftovers import leftovers
from virta.settings import Settings

_OVERDUE = 600_000
_AHEAD = 60_000
_LITTLE = 1 << 30  # bytes free
_OLD_KEYS = 730 * 86_400
_SHOWN = 3


def journeys(records: Records, now: int, running: bool) -> Iterator[Complaint]:
    """Those that nothing will ever move, and timers that are overdue."""
    open_ = {effect.key for effect in records.effects()}
    stuck = [journey for journey in records.journeys(due=NEVER) if journey.mail not in open_]
    for flow, count in sorted(Counter(journey.flow for journey in stuck).items()):
        ids = ", ".join(journey.id for journey in stuck if journey.flow == flow)[: 34 * _SHOWN - 2]
        yield Complaint(
            "stuck-journeys",
            f"{_journeys(count)} of {flow} {_stand(count)} with no deadline and no open mail ({ids}).",
            "Start `virta serve` anew, which takes up what is open; if it stays so, please report it.",
        )
    count, first = records.overdue(now - _OVERDUE)
    if first is not None:
        yield Complaint("overdue-timers", _overdue(count, first, now), _why_overdue(running))


def _overdue(count: int, first: int, now: int) -> str:
    minutes = (now - first) // 60_000
    late = f"{minutes:,} minute{'s' * (minutes != 1)}"
    if count == 1:
        return f"1 timer is overdue, by {late}."
    return f"{count:,} timers are overdue, the oldest by {late}."


def _why_overdue(running: bool) -> str:
    if not running:
        return "No engine runs: start `virta serve`. Marketing over 12 hours late goes by `[delivery] late`."
    return (
        "The engine runs and is behind, or cannot go on: its log says why (`the consent service does not …`)."
    )


def unknown_outcomes(records: Records) -> Iterator[Complaint]:
    """Mails of which nobody knows whether they went out, and nobody has said so since."""
    bodies = [one.effect.body for one in records.unknown()]
    if bodies:
        places = Counter(f"{body.flow}, {body.step}" for body in bodies).most_common(_SHOWN)
        told = "; ".join(f"{place}: {count}" for place, count in places)
        count = "1 mail" if len(bodies) == 1 else f"{len(bodies):,} mails"
        yield Complaint(
            "unknown-outcomes",
            f"Of {count} it is unknown whether {'it' if len(bodies) == 1 else 'they'} went out ({told}).",
            "Nobody is to get a mail twice, so nothing is sent again by itself. `virta doctor --resolve "
            "unknown` lists them: look for each in the mail server's log, and say what you find.",
        )


def set_aside(records: Records, clock: ZoneInfo) -> Iterator[Complaint]:
    """People with whom the engine does not get on, by what failed."""
    found = apart(records)
    for cause, count in Counter(one.cause for one in found).most_common(_SHOWN):
        group = [one for one in found if one.cause == cause]
        places = Counter(f"{one.flow}, {one.step or '?'}" for one in group if one.flow).most_common(_SHOWN)
        told = f" ({'; '.join(f'{place}: {number}' for place, number in places)})" if places else ""
        due = min((one.due for one in group if one.due is not None), default=None)
        when = f"{datetime.fromtimestamp(due // 1000, clock):%Y-%m-%d %H:%M}" if due else "at the next start"
        yield Complaint(
            "set-aside",
            f"{'1 person is' if count == 1 else f'{count:,} people are'} set aside{told}: {group[0].error}",
            f"What happens to them is kept. The first of them is tried again {when}; now: `virta doctor "
            "--resolve set-aside`. If they stay aside, please report the error.",
        )


def left_over(data: Path) -> Iterator[Complaint]:
    """What a backup or a restore that was cut short has left."""
    for path in leftovers(data):
        yield Complaint(
            "leftovers",
            f"{path} was left by a backup or a restore that was cut short.",
            f"Remove it: `virta doctor --resolve leftovers {path.name}`.",
        )


def clock(records: Records, now: int) -> Iterator[Complaint]:
    """A clock that was set back."""
    newest = records.newest()
    if newest is not None and newest > now + _AHEAD:
        yield Complaint(
            "clock",
            f"The stores hold what happened {(newest - now) // 1000:,} seconds after now.",
            "This machine's clock was set back, or the stores come from one that is ahead: set it by NTP.",
        )


def disk(data: Path) -> Iterator[Complaint]:
    """Space, and who may read."""
    if not data.is_dir():
        yield Complaint("disk", f"There is no folder {data}.", "Start `virta serve` once, which makes it.")
        return
    free = shutil.disk_usage(data).free
    if free < _LITTLE:
        yield Complaint(
            "disk",
            f"{free // (1 << 20):,} MiB are free where {data} is.",
            "Make room, at least 1 GiB: with a full disk nothing is accepted and no mail goes.",
        )
    if not os.access(data, os.W_OK):
        yield Complaint(
            "disk",
            f"{data} cannot be written by this user.",
            "Run Virta as its owner, or give it to this user.",
        )
    for path in sorted(data.iterdir()):
        if path.is_file() and path.suffix != ".lock" and path.stat().st_mode & 0o077:
            mode = f"{path.stat().st_mode & 0o777:o}"
            yield Complaint(
                "modes",
                f"{path} can be read by others than its owner (mode {mode}).",
                f"chmod 600 {path}",
            )


def keys(folder: Path, settings: Settings, now: int) -> Iterator[Complaint]:
    """The file of development keys: who may read it, and how old it is."""
    if not settings.keys.file:
        return
    path = folder / settings.keys.file
    if settings.environment == "production":
        yield Complaint(
            "keys",
            f"virta.toml names {path}, a file of development keys, for production.",
            "Take the line `file` out of [keys], and set the keys in the environment: docs/keys.md.",
        )
        return
    if not path.is_file():
        yield Complaint(
            "keys", f"There is no {path}.", "Put back the keys, or start `virta serve` to make new ones."
        )
        return
    if path.stat().st_mode & 0o077:
        yield Complaint("keys", f"{path} can be read by others than its owner.", f"chmod 600 {path}")
    if now / 1000 - path.stat().st_mtime > _OLD_KEYS:
        yield Complaint(
            "keys", f"{path} is over two years old.", "docs/keys.md says which keys can be changed, and how."
        )


def integrity(database: Path) -> Iterator[Complaint]:
    """Every page of a database, read."""
    try:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as driver:
            found = [str(row[0]) for row in driver.execute("PRAGMA integrity_check(5)")]
    except sqlite3.DatabaseError as fault:
        found = [str(fault)]
    if found != ["ok"]:
        yield Complaint(
            "integrity",
            f"{database} is damaged: {'; '.join(found)}.",
            "Stop `virta serve`, keep a copy of the file, and put back a backup: virta restore BACKUP",
        )


def _journeys(count: int) -> str:
    return "1 journey" if count == 1 else f"{count:,} journeys"


def _stand(count: int) -> str:
    return "stands" if count == 1 else "stand"
