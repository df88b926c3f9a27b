"""A backup of everything a project knows, taken while its engine runs.

What is copied, in this order, and why:

1. The **engine's** database and then that of **consent**, each as it is at one instant; both instants are
   taken before the long copying begins. Consent is the later one, so it knows every subject and every leaf
   that the engine's copy speaks of, and each mail that was claimed since: restored, the engine asks again for
   mails that had gone meanwhile, and consent answers that they have. The other way round the engine would
   have forgotten mails of whose claim the consent service knew nothing.
2. The **attempt file**, later than both: how attempts ended that consent's copy holds as unsettled. A slot
   may have been freed and given away since, so the copy must not say that it remembers all: the kernel's boot
   id in it is wiped, and an attempt of which it knows nothing is unknown, and not sent again.
3. The **stops** and their marks, last: the more of them, the better.

Where the consent service is a process of its own, each folder has a backup of its own part, taken whenever.
"""

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

from consent.errors import ConsentError
from consent.ledger.log import stored_frontier
from consent.store.sqlite import open_read_only
from engine.delivery.attempts import without_boot
from engine.run.changes import CHANGES
from engine.store.faults import StoreFault
from engine.store.server import Place
from virta.keeping.copying import copy, pinned
from virta.keeping.manifest import (
    ATTEMPTS_OF,
    CONSENT,
    ENGINE,
    FILES,
    FORMAT,
    KEYS,
    MARKS,
    STOPS,
    Kept,
    LogHead,
    Manifest,
    digest,
    write_manifest,
)
from virta.keeping.places import Places, exists, in_words, sync
from virta.keeping.versions import version_of
from virta.settings import BrokenProject

Told = Callable[[float, int], None]
"""Hears which part of the way is done, from 0 to 1, and about how many bytes the whole is."""


def back_up(places: Places, to: Path, now: int, virta: str, keys: bytes | None, told: Told) -> Manifest:
    """Write a backup of the stores to the folder `to`, which must not exist; it is there when it is whole.
    `now` in ms UTC; `virta` is the version that writes it; `keys`, if given, are kept with it. Raises
    `BrokenProject`."""
    if to.exists():
        raise BrokenProject(f"{to} is there already. Name a place where nothing is.")
    part = to.with_name(f"{to.name}.part")
    try:
        for name, place in places.stores.items():
            if not exists(place):
                what, where = (
                    (name, places.data)
                    if isinstance(place, Path)
                    else (f"store of the {FILES[name]}", in_words(place))
                )
                raise BrokenProject(f"There is no {what} in {where}: nothing has happened here yet.")
        _clear(part)
        part.mkdir(mode=0o700, parents=True)
        manifest = _write(places, part, now, virta, keys, told)
        _sync(part)
        part.rename(to)
        sync(to.parent)
    except (OSError, sqlite3.Error, ConsentError, StoreFault) as fault:
        with contextlib.suppress(OSError):
            _clear(part)
        why = fault.strerror or fault if isinstance(fault, OSError) else fault
        raise BrokenProject(f"The backup {to} cannot be written: {why}. Nothing is left of it.") from None
    except KeyboardInterrupt:
        _clear(part)
        raise
    return manifest


def _write(places: Places, part: Path, now: int, virta: str, keys: bytes | None, told: Told) -> Manifest:
    with ExitStack() as opened:
        seen = [opened.enter_context(_seen(name, place)) for name, place in places.stores.items()]
        whole = sum(each.size for each in seen)
        before = 0
        for each in seen:

            def on_the_way(done: int, _all: int, before: int = before) -> None:
                told(0.8 * min(before + done, whole) / whole, whole)

            each.write(_private(part / each.name), on_the_way)
            before += each.size
    for name, whose in ATTEMPTS_OF.items():
        attempts = places.data / name
        if whose in places.parts and attempts.is_file():
            _private(part / name).write_bytes(without_boot(attempts.read_bytes()))
    if CONSENT in places.parts:
        for name, file in ((STOPS, places.stops), (MARKS, places.marks)):
            _private(part / name).write_bytes(file.read_bytes() if file.is_file() else b"")
    if keys is not None:
        _private(part / KEYS).write_bytes(keys)
    return _describe(part, now, virta, told)


class _Seen(NamedTuple):
    """A store as it is at one instant: about how many bytes, and what writes it to a new file."""

    name: str
    size: int
    write: Callable[[Path, Callable[[int, int], None]], None]


@contextmanager
def _seen(name: str, place: Place) -> Iterator[_Seen]:
    if isinstance(place, Path):
        with pinned(place) as file:
            yield _Seen(name, place.stat().st_size + 1, partial(copy, file))
        return
    from virta.keeping import crossing, schemas

    with schemas.pinned(place) as driver:
        size = schemas.bytes_in(driver, place.schema) + 1
        yield _Seen(name, size, partial(crossing.draw, driver, place.schema, FILES[name]))


def _describe(part: Path, now: int, virta: str, told: Told) -> Manifest:
    paths = sorted(part.iterdir())
    whole = sum(path.stat().st_size for path in paths) + 1
    done = 0

    def on_the_way(count: int) -> None:
        nonlocal done
        done += count
        told(0.8 + 0.2 * done / whole, whole)

    files: dict[str, Kept] = {path.name: digest(path, on_the_way) for path in paths}
    schemas = {name: version_of(part / name) for name in FILES if name in files}
    head, receipt = head_of(part / CONSENT) if CONSENT in files else (None, "")
    heard = heard_by(part / ENGINE) if ENGINE in files else 0
    manifest = Manifest(FORMAT, now, virta, files, schemas, head, receipt, heard)
    _private(part / "manifest.json")
    write_manifest(part, manifest)
    return manifest


def head_of(store: Path) -> tuple[LogHead, str]:
    """Where the log in a store of consent ends, and its newest signed checkpoint. Raises `ConsentError`,
    `sqlite3.Error`."""
    opened = open_read_only(store)
    try:
        with opened.reader.begin():
            frontier = stored_frontier(opened.reader)
        with pinned(store) as driver:
            origin = driver.execute("SELECT value FROM facts WHERE name = 'origin'").fetchone()
            note = driver.execute("SELECT note FROM checkpoints ORDER BY size DESC LIMIT 1").fetchone()
    finally:
        opened.close()
    head = LogHead(bytes(origin[0]).decode() if origin else "", frontier.size, frontier.root().hex())
    return head, note[0] if note else ""


def heard_by(store: Path) -> int:
    """How many leaves the log of consent has at least, as an engine's store knows. Raises `sqlite3.Error`."""
    with pinned(store) as driver:
        found = driver.execute("SELECT value FROM note WHERE name = ?", (CHANGES,)).fetchone()
    return int(found[0]) + 1 if found and int(found[0]) else 0


def _private(path: Path) -> Path:
    os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
    return path


def _clear(part: Path) -> None:
    if part.exists():
        shutil.rmtree(part)


def _sync(folder: Path) -> None:
    for path in folder.iterdir():
        file = os.open(path, os.O_RDONLY)
        os.fsync(file)
        os.close(file)
    sync(folder)
