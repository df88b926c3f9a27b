"""The parts of an export, as bytes: damage of whatever kind is one kind of failure."""

import hashlib
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from types import TracebackType
from typing import BinaryIO

from consent.proof.failure import Failed, Failure

# What reading a damaged zip may raise: a flipped flag asks for a password or for a method that nobody has, a
# flipped offset leads out of the file.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    KeyError,
    OSError,
    OverflowError,
    RuntimeError,  # NotImplementedError among them
    ValueError,
)
_AT_ONCE = 1 << 20
_LONGEST = 1 << 26  # bytes of a part that is read whole, and of a line


def open_zip(file: BinaryIO) -> zipfile.ZipFile:
    """The archive in `file`. Raises `Failed`."""
    try:
        return zipfile.ZipFile(file)
    except _DAMAGE:
        raise Failed(Failure.UNREADABLE, "The file is no zip archive, or it is damaged.") from None


def part(archive: zipfile.ZipFile, name: str) -> bytes:
    """The bytes of a small part. Raises `Failed`."""
    try:
        with archive.open(name) as file:
            found = file.read(_LONGEST + 1)
    except _DAMAGE as fault:
        raise Failed(Failure.UNREADABLE, f"Of the export, `{name}` is missing or damaged: {fault}") from None
    if len(found) > _LONGEST:
        raise Failed(Failure.UNREADABLE, f"Of the export, `{name}` is larger than it may be.")
    return found


class Lines:
    """The lines of a part, read once and never held as a whole: `with Lines(…) as lines` gives them without
    their newlines. At the end the part must have the SHA-256 (hex) given; where it has not, that is what is
    wrong with it, whatever else was found in it. Raises `Failed`."""

    def __init__(self, archive: zipfile.ZipFile, name: str, digest: str) -> None:
        self._archive = archive
        self._name = name
        self._expected = digest
        self._seen = hashlib.sha256()
        self._chunks = self._read()

    def __enter__(self) -> Iterator[bytes]:
        return self._lines()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        _where: TracebackType | None,
    ) -> None:
        if fault is not None and not isinstance(fault, Failed):
            return
        for _ in self._chunks:  # what a fault has left unread
            pass
        if self._seen.hexdigest() != self._expected:
            why = f"Of the export, `{self._name}` is not what the manifest says."
            raise Failed(Failure.UNREADABLE, why) from None

    def _read(self) -> Iterator[bytes]:
        try:
            with self._archive.open(self._name) as file:
                while chunk := file.read(_AT_ONCE):
                    self._seen.update(chunk)
                    yield chunk
        except _DAMAGE as fault:
            why = f"Of the export, `{self._name}` is missing or damaged: {fault}"
            raise Failed(Failure.UNREADABLE, why) from None

    def _lines(self) -> Iterator[bytes]:
        rest = b""
        for chunk in self._chunks:
            found = (rest + chunk).split(b"\n")
            rest = found.pop()
            if len(rest) > _LONGEST:
                raise Failed(Failure.UNREADABLE, f"`{self._name}` has a line that is longer than it may be.")
            yield from found
        if rest:
            raise Failed(Failure.UNREADABLE, f"`{self._name}` ends in the middle of a line.")
