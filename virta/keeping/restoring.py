"""Putting a backup back, so that nobody's consent comes back with it.

- Stops (withdrawals, complaints …) are in a file beside the store. The one that is there is kept, the lines
  of the backup are added, and the consent service makes up for each of which its log knows nothing. So are
  the marks of the addresses, by which those are left alone of whom the backup knows nothing either.
- How long the log was is told by the newest checkpoint known: that of the store that is replaced, that of
  the backup, one that somebody kept, and the positions of stops. Marketing stays shut until the log is as
  long.
- What was there is moved aside, not deleted.
- Stores on a server are made in schemas beside those that are there, whole, and take their places at the end.
  Files that are still in the folder then, from before the project moved to the server, are looked at as well
  and moved aside: what only they know would else be forgotten.
"""

import contextlib
import os
import secrets
import shutil
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from consent.errors import ConsentError
from consent.mails.reach import expect, expected
from consent.store.marks import Marks, marks_path, read_marks
from consent.store.stops import read_stops
from engine.insight.records import open_records
from engine.store.faults import StoreFault
from engine.store.server import Place, Server
from virta.keeping.backup import head_of
from virta.keeping.manifest import (
    ATTEMPTS_OF,
    CONSENT,
    ENGINE,
    FILES,
    MARKS,
    STOPS,
    STOPS_BESIDE_SERVER,
    Manifest,
)
from virta.keeping.places import Places, mark, sync, unmark
from virta.keeping.upgrading import opened
from virta.settings import BrokenProject

_ASIDE = "before-restore-"
_BESIDE = ("", "-wal", "-shm", "-journal")


class Restored(Struct, frozen=True):
    """What was done. The folder `aside` and the schemas hold what was there before, if anything was; `reach`
    is how long the log is known to have been, `size` how long it is."""

    files: tuple[str, ...]
    aside: str | None
    schemas: tuple[str, ...]
    size: int
    reach: int
    stops: int


def newer(places: Places, backup: Path, manifest: Manifest, engine_only: bool) -> str | None:
    """What the stores have that the backup has not, in words; None: nothing. Stores that cannot be read have
    nothing. Raises `StoreFault` for a server that cannot be asked."""
    names = wanted(places, manifest, engine_only)
    if CONSENT in names and manifest.log is not None:
        there = max(_leaves_there(places), default=0)
        if there > manifest.log.size:
            return f"its log of consent has {there} leaves, and the backup's {manifest.log.size}"
    if ENGINE not in names:
        return None
    kept = _grown(backup / ENGINE)
    for place in dict.fromkeys((places.data / ENGINE, places.engine)):
        has = _grown(place)
        if has > kept:
            return (
                f"its engine has had {has[0]} events and written {has[1]} batches, and the backup's "
                f"{kept[0]} and {kept[1]}"
            )
    return None


def wanted(places: Places, manifest: Manifest, engine_only: bool) -> list[str]:
    """The databases of a backup that are put back here. Raises `BrokenProject` where none of them belongs
    here."""
    names = [name for name in manifest.parts if name in places.parts]
    if engine_only:
        names = [name for name in names if name == ENGINE]
    if not names:
        there, here = (" and ".join(FILES[name] for name in each) for each in (manifest.parts, places.parts))
        raise BrokenProject(
            f"The backup is of the {there}, and {places.data} is a folder of the {here}: name the other."
        )
    return names


def reach_of(places: Places, manifest: Manifest, kept_size: int) -> int:
    """How long the log is known to have been: by the checkpoint `kept_size` (0: none), by what is there, by
    the backup. Raises `StoreFault` for a server that cannot be asked."""
    kept = manifest.log.size if manifest.log is not None else 0
    known = [kept, manifest.heard, kept_size, *_leaves_there(places)]
    for store in places.data.glob(f"{_ASIDE}*/{CONSENT}"):
        known += _leaves_in(store)
    known += [stop.seq + 1 for path in _stops_of(places) for stop in read_stops(path)]
    return max(known)


def _leaves_there(places: Places) -> list[int]:
    known = _leaves_in(places.data / CONSENT)
    place = places.stores.get(CONSENT)
    if isinstance(place, Server):
        from virta.keeping.schemas import leaves_known

        known += leaves_known(place)
    return known


def _leaves_in(store: Path) -> list[int]:
    """How long the log in a file is, if there is one."""
    with contextlib.suppress(OSError, sqlite3.Error, ConsentError):
        if store.is_file():
            return [head_of(store)[0].size]
    return []


def _stops_of(places: Places) -> tuple[Path, ...]:
    """Where stops may stand: a project that has moved between files and a server has two of these."""
    return tuple(dict.fromkeys((places.stops, places.data / STOPS, places.data / STOPS_BESIDE_SERVER)))


def put_back(
    places: Places, backup: Path, manifest: Manifest, engine_only: bool, kept_size: int, now: int
) -> Restored:
    """Replace the stores, which the caller holds, by those of a backup that was proved. `now` in ms UTC.
    Raises `BrokenProject`."""
    try:
        return _put_back(places, backup, manifest, engine_only, kept_size, now)
    except (OSError, sqlite3.Error, ConsentError, StoreFault) as fault:
        why = fault.strerror or fault if isinstance(fault, OSError) else fault
        raise BrokenProject(f"The backup cannot be put back into {places.data}: {why}.") from None


def _put_back(
    places: Places, backup: Path, manifest: Manifest, engine_only: bool, kept_size: int, now: int
) -> Restored:
    data, stage = places.data, places.data / "restoring"
    if stage.exists():
        shutil.rmtree(stage)
    stage.mkdir(mode=0o700)
    names = wanted(places, manifest, engine_only)
    names += _attempts_of(places, manifest, names)
    for name in names:
        shutil.copyfile(backup / name, stage / name)
        (stage / name).chmod(0o600)
    reach = size = 0
    if CONSENT in names and manifest.log is not None:
        size = manifest.log.size
        reach = _write_down(stage / CONSENT, size, reach_of(places, manifest, kept_size))
    on_server = {name: at for name, at in places.stores.items() if name in names and isinstance(at, Server)}
    for name, server in on_server.items():
        _make_beside(stage / name, server, FILES[name])
    if CONSENT in places.parts:
        _add_stops(places, backup / STOPS)
        _add_marks(places, backup / MARKS)
    for path in stage.iterdir():
        _sync_file(path)
    sync(stage)
    mark(data, backup)
    moment = datetime.fromtimestamp(now / 1000, UTC)
    aside = _move_aside(data, names, moment)
    schemas = [_take_place(server, moment) for server in on_server.values()]
    for name in names:
        if name not in on_server:
            (stage / name).rename(data / name)
    sync(data)
    unmark(data)
    shutil.rmtree(stage)
    kept = tuple(schema for schema in schemas if schema is not None)
    stops = len(read_stops(places.stops)) if CONSENT in places.parts else 0
    return Restored(tuple(names), aside, kept, size, reach, stops)


def _attempts_of(places: Places, manifest: Manifest, names: Sequence[str]) -> list[str]:
    """The attempt files that are put back: with the store of consent, for they tell of its open attempts.
    Where that is elsewhere and goes on, the one that is there knows more; it is put back if it is lost."""
    kept = [name for name in ATTEMPTS_OF if name in manifest.files]
    if CONSENT in names:
        return [name for name in kept if ATTEMPTS_OF[name] in names]
    if CONSENT in places.parts:
        return []
    return [name for name in kept if ATTEMPTS_OF[name] in names and not (places.data / name).exists()]


def _make_beside(file: Path, server: Server, store: str) -> None:
    from virta.keeping.crossing import pour
    from virta.keeping.schemas import stage_of

    pour(file, stage_of(server), store)


def _take_place(server: Server, moment: datetime) -> str | None:
    from virta.keeping.schemas import swap

    return swap(server, moment)


def _write_down(store: Path, size: int, known: int) -> int:
    """How long the log is known to have been, which a backup that was written while marketing was shut may
    know itself; the store remembers it where it is shorter."""
    with opened(store) as connection, connection.begin():
        reach = max(known, expected(connection))
        if reach > size:
            expect(connection, reach)
    return reach


def _add_stops(places: Places, kept: Path) -> None:
    """Never fewer than there were: what is there stays, other lines that are known come behind it."""
    there = places.stops
    text = there.read_bytes() if there.is_file() else b""
    for path in (*_stops_of(places), kept):
        if path != there and path.is_file():
            known = set(text.split(b"\n"))
            more = [line for line in path.read_bytes().split(b"\n") if line not in known]
            text += b"".join(b"\n" + line + b"\n" for line in more)
    fresh = there.with_name(f"{there.name}.part")
    fresh.write_bytes(text)
    fresh.chmod(0o600)
    _sync_file(fresh)
    fresh.rename(there)
    sync(there.parent)


def _add_marks(places: Places, kept: Path) -> None:
    """The same of marks."""
    there = Marks(places.marks, secrets.token_bytes)
    try:
        for path in (*map(marks_path, _stops_of(places)), kept):
            if path != places.marks:
                there.add(read_marks(path))
    finally:
        there.close()


def _move_aside(data: Path, names: Sequence[str], moment: datetime) -> str | None:
    """An attempt file of before is moved too: it belongs to the store that is replaced."""
    aside = data / f"{_ASIDE}{moment:%Y%m%dT%H%M%SZ}"
    moved = False
    beside = [name for name, whose in ATTEMPTS_OF.items() if CONSENT in names and whose in names]
    for name in dict.fromkeys((*names, *beside)):
        for end in _BESIDE:
            path = data / f"{name}{end}"
            if path.is_file():
                aside.mkdir(mode=0o700, exist_ok=True)
                path.rename(aside / path.name)
                moved = True
    return str(aside) if moved else None


def _grown(engine: Place) -> tuple[int, int]:
    """How many rows the tables that only grow have had; none where nothing can be read."""
    with contextlib.suppress(StoreFault), open_records(engine) as records:
        mark = records.mark()
        return mark.inbox, mark.journal
    return 0, 0


def _sync_file(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
