"""The file of stops, beside the store and outside of it: what a restored backup must not undo.

A line is written and synced before the stop commits, and the lines are read when the service opens: a stop
whose leaf the store does not have, for it is older or died before the commit, is made up for then, once. No
clock has a say in that. A line without its commit does no harm: it stops a mail that might have gone, never
the other way."""

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import asdict

from consent.store.marks import Marks, marks_path


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
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        # The new name must survive a power loss too, not only the lines.
        folder = os.open(path.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)

    def write(self, stops: Sequence[Stop]) -> None:
        """Append `stops` and wait until they are on the disk."""
        lines = [json.dumps(asdict(stop), ensure_ascii=False) for stop in stops]
        # A line that a full disk has torn must not swallow the next: each begins with a newline of its own.
        data = "".join(f"\n{line}\n" for line in lines).encode()
        while data:
            data = data[os.write(self._file, data) :]
        os.fsync(self._file)

    def close(self) -> None:
        """Close the files."""
        os.close(self._file)
        self.marks.close()


def read_stops(path: Path) -> list[Stop]:
    """All stops in the file at `path`, oldest first; none if there is no file. A line that is torn or garbled
    is passed over: what the others say counts none the less. Raises `OSError`."""
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
    found = []
    for line in lines:
        try:
            found.append(msgspec.json.decode(line, type=Stop))
        except (msgspec.MsgspecError, ValueError, RecursionError):
            continue
    return found


def stops_path(store: Path) -> Path:
    """Where the stops of a store stand."""
    return store.with_name(store.name + ".stops")
