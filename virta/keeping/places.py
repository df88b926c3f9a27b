"""Where a project's stores are, and who has them while a command works with them as a whole: held, and marked
until a backup is put back."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from consent.app.access import ACCESS, AccessFault, access_keys
from consent.calls import Scope
from consent.store.marks import marks_path
from consent.store.server import Server as ConsentServer
from consent.store.stops import stops_path
from engine.store.database import NO_DRIVER
from engine.store.server import Place, Server
from virta.database_url import consent_place, engine_place
from virta.keeping.manifest import CONSENT, ENGINE
from virta.settings import BrokenProject, Settings

LOCKS = ("engine.lock", "consent.db.lock")
_UNFINISHED = "restore-unfinished"


@dataclass(frozen=True, slots=True)
class Places:
    """The folder `data`, which every project has, and where the two stores are: each a file in it, or a
    schema on a server. `parts` names those that belong here: where the consent service is a process of its
    own, the one or the other."""

    data: Path
    engine: Place
    consent: Path | ConsentServer
    parts: tuple[str, ...] = (ENGINE, CONSENT)

    @property
    def stores(self) -> dict[str, Place]:
        """Those that belong here, by the name that each has in a backup."""
        at = self.consent
        both: dict[str, Place] = {
            ENGINE: self.engine,
            CONSENT: at if isinstance(at, Path) else Server(at.url, at.schema, at.password),
        }
        return {name: both[name] for name in self.parts}

    @property
    def stops(self) -> Path:
        """The file of stops that the consent service reads."""
        return stops_path(self.consent) if isinstance(self.consent, Path) else self.consent.stops

    @property
    def marks(self) -> Path:
        """The marks of the addresses where stops were said."""
        return marks_path(self.stops)


def places_of(folder: Path, settings: Settings) -> Places:
    """Where the project's stores are. Raises `BrokenProject` for a password that is not set, and where the
    driver of a server is missing."""
    if (settings.stores.url or settings.stores.consent_url) and find_spec("psycopg") is None:
        raise BrokenProject(f"{NO_DRIVER}.")
    data, engine = folder / settings.stores.folder, engine_place(folder, settings)
    return Places(data, engine, consent_place(folder, settings), _parts(data, engine, settings))


def _parts(data: Path, engine: Place, settings: Settings) -> tuple[str, ...]:
    if settings.consent.url:
        return (ENGINE,)
    if isinstance(engine, Path) and engine.is_file():
        return (ENGINE, CONSENT)
    return (CONSENT,) if serves_an_engine(data) else (ENGINE, CONSENT)


def serves_an_engine(data: Path) -> bool:
    """Whether the consent service whose files are in `data` has let an engine ask it over HTTP."""
    try:
        return any(Scope.ENGINE in key.scopes for key in access_keys(data / ACCESS))
    except AccessFault as fault:
        raise BrokenProject(str(fault)) from None


def in_words(place: Place) -> str:
    """A store, for a sentence."""
    if isinstance(place, Path):
        return str(place)
    from engine.store.postgres import where

    return where(place)


def exists(place: Place) -> bool:
    """Whether a store has been made there. Raises `StoreFault`."""
    if isinstance(place, Path):
        return place.is_file()
    from virta.keeping.schemas import has_store

    return has_store(place)


@contextmanager
def held(places: Places) -> Iterator[None]:
    """Nobody else works with the stores meanwhile, nor with files that are still in their folder. Raises
    `BrokenProject`, `StoreFault`."""
    data = places.data
    with ExitStack() as opened:
        for name in LOCKS:
            lock = os.open(data / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            opened.callback(os.close, lock)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise BrokenProject(f"Virta is running on {data}. Stop it first.") from None
        if isinstance(places.engine, Server):
            from virta.keeping.schemas import engine_held

            opened.enter_context(engine_held(places.engine))
        if isinstance(places.consent, ConsentServer):
            from virta.keeping.schemas import consent_held

            opened.enter_context(consent_held(places.consent))
        yield


def mark(data: Path, backup: Path) -> None:
    """From here on the stores of `data` are neither the old ones nor the new."""
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
