"""The folder of a project's stores while somebody puts a backup back: held, and marked until it is done."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from virta.settings import BrokenProject, Settings

LOCKS = ("engine.lock", "consent.db.lock")
_UNFINISHED = "restore-unfinished"


def in_files(folder: Path, settings: Settings) -> Path:
    """The folder of the project's stores. Raises `BrokenProject` where they are on a server."""
    if settings.stores.url or settings.stores.consent_url:
        raise BrokenProject(
            "Stores of this project are on a PostgreSQL server, and this command is for stores in files: use "
            "the server's own tools, pg_dump and pg_restore for backups. Keep the file of stops with them."
        )
    return folder / settings.stores.folder


@contextmanager
def held(data: Path) -> Iterator[None]:
    """Nobody else works with the stores in `data` meanwhile. Raises `BrokenProject`."""
    with ExitStack() as opened:
        for name in LOCKS:
            lock = os.open(data / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            opened.callback(os.close, lock)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise BrokenProject(f"Virta is running on {data}. Stop it first.") from None
        yield


def mark(data: Path, backup: Path) -> None:
    """From here on the stores in `data` are neither the old ones nor the new."""
    with (data / _UNFINISHED).open("w") as file:
        file.write(f"{backup.absolute()}\n")
        file.flush()
        os.fsync(file.fileno())
    sync(data)


def unmark(data: Path) -> None:
    """They are whole again."""
    with contextlib.suppress(FileNotFoundError):
        (data / _UNFINISHED).unlink()
    sync(data)


def is_marked(data: Path) -> bool:
    """Whether a restore into `data` was begun and not ended."""
    return (data / _UNFINISHED).is_file()


def refuse_unfinished(data: Path) -> None:
    """Raise `BrokenProject` while a restore into `data` was begun and not ended."""
    with contextlib.suppress(OSError):
        backup = (data / _UNFINISHED).read_text("utf-8").strip()
        raise BrokenProject(
            f"Putting a backup back into {data} was cut short. Do it again: virta restore {backup}"
        )


def sync(folder: Path) -> None:
    """The names in a folder survive a power loss."""
    opened = os.open(folder, os.O_RDONLY)
    os.fsync(opened)
    os.close(opened)
