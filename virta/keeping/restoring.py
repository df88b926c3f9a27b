"""Putting a backup back, so that nobody's consent comes back with it.

- Stops (withdrawals, complaints …) are in a file beside the store. The one that is there is kept, the lines
  of the backup are added, and the consent service makes up for each of which its log knows nothing.
- How long the log was is told by the newest checkpoint known: that of the store that is replaced, that of
  the backup, one that somebody kept, and the positions of stops. Marketing stays shut until the log is as
  long.
- What was there is moved aside, not deleted.
"""

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from consent.errors import ConsentError
from consent.reach import expect
from consent.sqlite import open_file
from consent.stops import read_stops
from virta.keeping.backup import head_of
from virta.keeping.copying import pinned
from virta.keeping.manifest import ATTEMPTS, CONSENT, ENGINE, STOPS, Manifest
from virta.keeping.places import mark, sync, unmark
from virta.settings import BrokenProject

_ASIDE = "before-restore-"
_BESIDE = ("", "-wal", "-shm", "-journal")


class Restored(Struct, frozen=True):
    """What was done. `aside` holds what was there before, None: nothing was; `reach` is how long the log is
    known to have been, `size` how long it is."""

    files: tuple[str, ...]
    aside: str | None
    size: int
    reach: int
    stops: int


def newer(data: Path, backup: Path, manifest: Manifest, engine_only: bool) -> str | None:
    """What the stores in `data` have that the backup has not, in words; None: nothing. Stores that cannot be
    read have nothing."""
    with contextlib.suppress(OSError, sqlite3.Error, ConsentError):
        if not engine_only and (data / CONSENT).is_file():
            head, _ = head_of(data / CONSENT)
            if head.size > manifest.log.size:
                return f"its log of consent has {head.size} leaves, and the backup's {manifest.log.size}"
    with contextlib.suppress(OSError, sqlite3.Error):
        if (data / ENGINE).is_file():
            there, kept = _grown(data / ENGINE), _grown(backup / ENGINE)
            if there > kept:
                return (
                    f"its engine has had {there[0]} events and written {there[1]} batches, and the backup's "
                    f"{kept[0]} and {kept[1]}"
                )
    return None


def reach_of(data: Path, manifest: Manifest, witnessed: int) -> int:
    """How long the log is known to have been: by the checkpoint `witnessed` (0: none), by what is in `data`,
    by the backup."""
    known = [manifest.log.size, witnessed]
    for store in (data / CONSENT, *data.glob(f"{_ASIDE}*/{CONSENT}")):
        with contextlib.suppress(OSError, sqlite3.Error, ConsentError):
            if store.is_file():
                known.append(head_of(store)[0].size)
    known += [stop.seq + 1 for stop in read_stops(data / STOPS)]
    return max(known)


def put_back(
    data: Path, backup: Path, manifest: Manifest, engine_only: bool, witnessed: int, now: int
) -> Restored:
    """Replace the stores in `data`, which the caller holds, by those of a backup that was proved. `now` in ms
    UTC. Raises `BrokenProject`."""
    try:
        return _put_back(data, backup, manifest, engine_only, witnessed, now)
    except (OSError, sqlite3.Error, ConsentError) as fault:
        why = fault.strerror or fault if isinstance(fault, OSError) else fault
        raise BrokenProject(f"The backup cannot be put back into {data}: {why}.") from None


def _put_back(
    data: Path, backup: Path, manifest: Manifest, engine_only: bool, witnessed: int, now: int
) -> Restored:
    stage = data / "restoring"
    if stage.exists():
        shutil.rmtree(stage)
    stage.mkdir(mode=0o700)
    names = (
        [ENGINE] if engine_only else [ENGINE, CONSENT, *([ATTEMPTS] if ATTEMPTS in manifest.files else [])]
    )
    for name in names:
        shutil.copyfile(backup / name, stage / name)
        (stage / name).chmod(0o600)
    reach = size = 0
    if not engine_only:
        size, reach = manifest.log.size, reach_of(data, manifest, witnessed)
        _write_down(stage / CONSENT, reach)
    _add_stops(data / STOPS, backup / STOPS)
    for path in stage.iterdir():
        _sync_file(path)
    sync(stage)
    mark(data, backup)
    aside = _move_aside(data, names, now)
    for name in names:
        (stage / name).rename(data / name)
    sync(data)
    unmark(data)
    shutil.rmtree(stage)
    return Restored(tuple(names), aside, size, reach, len(read_stops(data / STOPS)))


def _write_down(store: Path, reach: int) -> None:
    opened = open_file(store, durable=True)
    try:
        assert opened.writer is not None
        with opened.writer.begin():
            expect(opened.writer, reach)
    finally:
        opened.close()
    store.with_name(f"{store.name}.lock").unlink()


def _add_stops(there: Path, kept: Path) -> None:
    """Never fewer than there were: what is there stays, the backup's lines come behind it."""
    before = there.read_bytes() if there.is_file() else b""
    known = set(before.split(b"\n"))
    more = [line for line in kept.read_bytes().split(b"\n") if line not in known]
    fresh = there.with_name(f"{there.name}.part")
    fresh.write_bytes(before + b"".join(b"\n" + line + b"\n" for line in more))
    fresh.chmod(0o600)
    _sync_file(fresh)
    fresh.rename(there)
    sync(there.parent)


def _move_aside(data: Path, names: Sequence[str], now: int) -> str | None:
    """An attempt file of before is moved too: it belongs to the store that is replaced."""
    moment = datetime.fromtimestamp(now / 1000, UTC).strftime("%Y%m%dT%H%M%SZ")
    aside = data / f"{_ASIDE}{moment}"
    moved = False
    wanted = [*names, ATTEMPTS] if CONSENT in names else names
    for name in wanted:
        for end in _BESIDE:
            path = data / f"{name}{end}"
            if path.is_file():
                aside.mkdir(mode=0o700, exist_ok=True)
                path.rename(aside / path.name)
                moved = True
    return str(aside) if moved else None


def _grown(engine: Path) -> tuple[int, int]:
    """How many rows the tables that only grow have had."""
    with pinned(engine) as driver:
        (taken,) = driver.execute("SELECT coalesce(max(seq), 0) FROM inbox").fetchone()
        (written,) = driver.execute("SELECT coalesce(max(seq), 0) FROM journal").fetchone()
    return taken, written


def _sync_file(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
