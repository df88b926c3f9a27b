"""The file of stops, beside the store and outside of it: what a restored backup must not undo.

A line is written and synced before the stop commits, and the lines are read when the service opens: a stop
whose leaf the store does not have, for it is older or died before the commit, is made up for then, once. No
clock has a say in that. A line without its commit does no harm: it stops a mail that might have gone, never
the other way. Lines that no backup wants any more are left out by and by, and the file is written anew. So it
is when it has lost its name under the service that has it open, by a hand or a tool that tidies."""

import json
import os
from collections.abc import Callable, Container, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import asdict

from consent.store.marks import Marks, has_name, marks_path


class Stop(Struct, frozen=True):
    """A leaf after which nothing may go: its type, time (ms UTC), position and hash (hex)."""

    subject: str
    topic: str
    type: str
    at: int
    seq: int
    leaf: str


class StopsFile:
    """Open for appending, with the file of marks beside it; both made if missing."""

    def __init__(self, path: Path, entropy: Callable[[int], bytes]) -> None:
        self.marks = Marks(marks_path(path), entropy)
        self._path = path
        self._fresh = path.with_name(f"{path.name}.fresh")
        for left in (self._fresh, path.with_name(f"{path.name}.anew")):
            left.unlink(missing_ok=True)  # one that a power loss left behind
        self._file = os.open(path, _APPENDING, 0o600)
        _keep_names(path.parent)

    def write(self, stops: Sequence[Stop]) -> None:
        """Append `stops` and wait until they are on the disk, in the file that has the name. Raises
        `OSError`; then they may not be."""
        self._keep_name()
        lines = [json.dumps(asdict(stop), ensure_ascii=False) for stop in stops]
        # A line that a full disk has torn must not swallow the next: each begins with a newline of its own.
        data = "".join(f"\n{line}\n" for line in lines).encode()
        _append(self._file, data)
        os.fsync(self._file)

    def size(self) -> int:
        """How many bytes it has."""
        return os.fstat(self._file).st_size

    def leave_out(self, gone: Container[Stop], upto: int, alone: AbstractContextManager[object]) -> None:
        """Leave these out of the first `upto` bytes. The lines that stay are written beside it meanwhile;
        those that came in since are added while nobody else writes, which `alone` sees to, and then the whole
        takes the place of what was there. Raises `OSError`, and then the file is as it was."""
        file = os.open(self._fresh, _APPENDING | os.O_TRUNC, 0o600)
        try:
            with self._path.open("rb") as kept:
                for line in kept.read(upto).split(b"\n"):
                    stop = _read(line)
                    if stop is not None and stop not in gone:
                        _append(file, b"\n" + line + b"\n")
                os.fsync(file)
                with alone:
                    if self._file < 0 or not _same(self._file, kept.fileno()):
                        return  # closed meanwhile, and another process may be writing to it; or made anew
                    _append(file, kept.read())
                    os.fsync(file)
                    self._fresh.rename(self._path)
                    file, self._file = self._file, file
            _keep_names(self._path.parent)
        finally:
            os.close(file)

    def close(self) -> None:
        """Close the files."""
        os.close(self._file)
        self._file = -1
        self.marks.close()

    def _keep_name(self) -> None:
        """If another file has the name, or none has, one that has all the lines of both takes it."""
        if has_name(self._file, self._path):
            return
        mine = _whole(self._file)
        there = self._path.read_bytes() if self._path.exists() else b""
        known = set(there.split(b"\n"))
        lost = [line for line in mine.split(b"\n") if line not in known]
        beside = self._path.with_name(f"{self._path.name}.anew")
        file = os.open(beside, _APPENDING | os.O_TRUNC, 0o600)
        try:
            _append(file, there + b"".join(b"\n" + line + b"\n" for line in lost))
            os.fsync(file)
            beside.rename(self._path)
            file, self._file = self._file, file
        finally:
            os.close(file)
        _keep_names(self._path.parent)


def read_stops(path: Path) -> list[Stop]:
    """All stops in the file at `path`, oldest first; none if there is no file. A line that is torn or garbled
    is passed over: what the others say counts none the less. Raises `OSError`."""
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
    return [stop for line in lines if (stop := _read(line)) is not None]


_APPENDING = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
_STOP = msgspec.json.Decoder(Stop)


def _read(line: bytes) -> Stop | None:
    if not line:
        return None
    try:
        return _STOP.decode(line)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def _same(one: int, other: int) -> bool:
    return os.path.samestat(os.fstat(one), os.fstat(other))


def _whole(file: int) -> bytes:
    parts, at = [], 0
    while part := os.pread(file, 1 << 20, at):
        parts.append(part)
        at += len(part)
    return b"".join(parts)


def _append(file: int, data: bytes) -> None:
    while data:
        data = data[os.write(file, data) :]


def _keep_names(folder: Path) -> None:
    """A new name must survive a power loss too, not only the lines."""
    opened = os.open(folder, os.O_RDONLY)
    os.fsync(opened)
    os.close(opened)


def stops_path(store: Path) -> Path:
    """Where the stops of a store stand."""
    return store.with_name(store.name + ".stops")
