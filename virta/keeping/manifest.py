"""What a backup says of itself: `manifest.json`."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec import Struct

MANIFEST = "manifest.json"
ENGINE, CONSENT, STOPS, ATTEMPTS, KEYS = (
    "engine.db",
    "consent.db",
    "consent.db.stops",
    "attempts",
    "keys.toml",
)
MARKS = "consent.db.marks"
"""Marks of the addresses where stops were said."""
CONSENT_ATTEMPTS = "consent.attempts"
"""What the attempt file of a consent service in a process of its own is called: its own mails alone."""
ATTEMPTS_OF = {ATTEMPTS: ENGINE, CONSENT_ATTEMPTS: CONSENT}
"""Each attempt file with the database beside which it stands."""
STOPS_BESIDE_SERVER = "consent.stops"
"""What the file of stops is called where the store of consent is on a server."""

FILES = {ENGINE: "engine", CONSENT: "consent"}
"""The two databases, each with the store that it holds."""

FORMAT = 1
_PIECE = 1 << 20


class Kept(Struct, frozen=True):
    """One file: its SHA-256 (hex) and its length."""

    sha256: str
    bytes: int


class LogHead(Struct, frozen=True):
    """Where the log of consent stood: how many leaves, and the root of their tree (hex)."""

    origin: str
    size: int
    root: str


class Manifest(Struct, frozen=True):
    """The whole. `at` is ms UTC; `schemas` the databases' versions; `receipt` the newest signed checkpoint,
    which `virta consent verify --checkpoint` takes. Of an engine whose consent service is a process of its
    own there is neither log nor receipt; `heard` is how many leaves of that log it knows to be there."""

    format: int
    at: int
    virta: str
    files: dict[str, Kept]
    schemas: dict[str, str]
    log: LogHead | None
    receipt: str
    heard: int = 0

    @property
    def parts(self) -> tuple[str, ...]:
        """The databases that are in it."""
        return tuple(name for name in FILES if name in self.files)


def digest(path: Path, told: Callable[[int], None] = lambda count: None) -> Kept:
    """The digest of a file; `told` hears of each piece of so many bytes. Raises `OSError`."""
    found, length = hashlib.sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            found.update(piece)
            length += len(piece)
            told(len(piece))
    return Kept(found.hexdigest(), length)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Put it beside the files it names."""
    (folder / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")


def read_manifest(folder: Path) -> Manifest:
    """The manifest of the backup in `folder`. Raises `OSError`, `msgspec.MsgspecError`."""
    return msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
