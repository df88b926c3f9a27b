"""The parts of an export, as bytes: damage of whatever kind is one kind of failure."""

import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
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


def open_zip(file: BinaryIO) -> zipfile.ZipFile:
    """The archive in `file`. Raises `Failed`."""
    try:
        return zipfile.ZipFile(file)
    except _DAMAGE:
        raise Failed(Failure.UNREADABLE, "The file is no zip archive, or it is damaged.") from None


def part(archive: zipfile.ZipFile, name: str) -> bytes:
    """The bytes of a part. Raises `Failed`."""
    try:
        return archive.read(name)
    except _DAMAGE as fault:
        raise Failed(Failure.UNREADABLE, f"Of the export, `{name}` is missing or damaged: {fault}") from None


def lines(archive: zipfile.ZipFile, name: str) -> Iterator[tuple[int, bytes]]:
    """The lines of a part, numbered from 1, without their newlines. Raises `Failed`.

    The part must have been read by `part` before, which finds damage."""
    with archive.open(name) as file:
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                raise Failed(Failure.UNREADABLE, f"`{name}` ends in the middle of line {number}.")
            yield number, line[:-1]
