"""What a disk holds when the power goes: of each file the bytes that it had when it was last synced.

SQLite is watched where it asks its operating system to sync (`xSync` of its default VFS, replaced through
ctypes), our own code in `os.fsync`. At each sync that has been carried out, the file is copied to a shadow
folder; when the process has been killed, the shadow takes the folder's place. So what was written and not
synced is gone, whoever wrote it, and a commit that was not synced is lost like anything else.
"""

import contextlib
import ctypes
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

_SLOT = ctypes.sizeof(ctypes.c_void_p)
_METHODS = 19  # version 3: the number of the version, and eighteen functions
_SYNC_AT = 5
_DATABASE, _WAL = 0x100, 0x80000  # SQLITE_OPEN_MAIN_DB, SQLITE_OPEN_WAL
_PAGE = 4096
_ATTEMPTS = "attempts"

_Sync = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int)
_Open = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p
)  # the name is an address, for SQLite keeps that of the text which it gave


class _Vfs(ctypes.Structure):
    """The beginning of `sqlite3_vfs` (https://www.sqlite.org/c3ref/vfs.html)."""

    _fields_ = (
        ("version", ctypes.c_int),
        ("size", ctypes.c_int),
        ("longest", ctypes.c_int),
        ("next", ctypes.c_void_p),
        ("name", ctypes.c_char_p),
        ("data", ctypes.c_void_p),
        ("open", ctypes.c_void_p),
    )


def can_watch() -> bool:
    """Whether this Python's SQLite lets itself be watched: not where it is linked into Python for good."""
    return _library() is not None


def keep_what_is_synced(folder: Path, shadow: Path) -> None:
    """From here on this process copies each file of `folder` that it syncs to `shadow`, for good."""
    folder = folder.resolve()

    def synced(place: str) -> None:
        path = Path(place)
        if path.parent == folder and path.is_file():
            half = shadow / f"{path.name}.half"  # the process may end within the copy
            shutil.copyfile(path, half)
            os.replace(half, shadow / path.name)

    _watch_sqlite(synced)
    sync = os.fsync

    def watched(file: Any) -> None:
        sync(file)
        number = file if isinstance(file, int) else file.fileno()
        synced(os.readlink(f"/proc/self/fd/{number}"))

    os.fsync = watched


def lose_power(folder: Path, shadow: Path, dice: random.Random) -> None:
    """Make of `folder` what the disk had. Of the attempt file, which nobody syncs while mails go, the system
    may have written pages by itself: it is as it was synced, as it was last, or partly so. A write-ahead log
    may have got some of what was written behind its last sync."""
    after = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    for path in folder.iterdir():
        path.unlink()
    for path in shadow.iterdir():
        kept = path.read_bytes()
        if path.suffix == ".half" or path.name.endswith("-shm"):
            continue
        last = after.get(path.name, kept)
        if path.name == _ATTEMPTS:
            kept = _some_pages(kept, last, dice)
        elif path.name.endswith("-wal") and last.startswith(kept) and dice.random() < 0.5:
            kept = last[: dice.randint(len(kept), len(last))]
        (folder / path.name).write_bytes(kept)
        (folder / path.name).chmod(0o600)


def _some_pages(synced: bytes, last: bytes, dice: random.Random) -> bytes:
    share = dice.choice((0.0, 0.5, 1.0))
    pages = range(0, len(last), _PAGE)
    return b"".join((last if dice.random() < share else synced)[at : at + _PAGE] for at in pages)


def copy_disk(folder: Path, shadow: Path) -> None:
    """All that stands in `folder` is on the disk."""
    shutil.rmtree(shadow, ignore_errors=True)
    shutil.copytree(folder, shadow)


_kept: list[Any] = []  # what C holds by address must not be collected


def _watch_sqlite(synced: Callable[[str], None]) -> None:
    library = _library()
    assert library is not None
    library.sqlite3_vfs_find.restype = ctypes.POINTER(_Vfs)
    vfs = library.sqlite3_vfs_find(None).contents
    really_open = _Open(vfs.open)
    paths: dict[int, str] = {}

    def opened(self: Any, name: int | None, file: int, flags: int, out: Any) -> int:
        code = really_open(self, name, file, flags, out)
        if code == 0 and name is not None and flags & (_DATABASE | _WAL):
            paths[file] = os.fsdecode(ctypes.string_at(name))
            at = ctypes.cast(file, ctypes.POINTER(ctypes.c_void_p))
            at[0] = ctypes.addressof(_watched_methods(at[0], paths, synced))
        return code

    replaced = _Open(opened)
    _kept.extend((really_open, replaced))
    vfs.open = ctypes.cast(replaced, ctypes.c_void_p).value


_of_methods: dict[int, Any] = {}


def _watched_methods(methods: int, paths: dict[int, str], synced: Callable[[str], None]) -> Any:
    """A copy of a table of methods whose `xSync` tells."""
    if methods in _of_methods:
        return _of_methods[methods]
    copy = (ctypes.c_void_p * _METHODS)()
    ctypes.memmove(copy, methods, _METHODS * _SLOT)
    really_sync = _Sync(copy[_SYNC_AT])

    def sync(file: int, flags: int) -> int:
        code = really_sync(file, flags)
        if code == 0:
            synced(paths[file])
        return code

    replaced = _Sync(sync)
    _kept.extend((really_sync, replaced))
    copy[_SYNC_AT] = ctypes.cast(replaced, ctypes.c_void_p).value
    _of_methods[methods] = copy
    return copy


def _library() -> Any:
    import _sqlite3

    place = getattr(_sqlite3, "__file__", None)
    with contextlib.suppress(OSError, AttributeError):
        library = ctypes.CDLL(place)
        library.sqlite3_vfs_find  # noqa: B018 - whether it is there
        return library
    return None
