"""The files that somebody hands over: found, also inside a zip, looked at once, and opened as text.

Nothing is unpacked onto the disk, and nothing is held as a whole in memory."""

import codecs
import hashlib
import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from virta.settings import BrokenProject

_PIECE = 1 << 20
_MOST_PARTS = 100
_MOST_BYTES = 16 << 30
_SWOLLEN = 64 << 20
_MOST_SWELLING = 200
"""No table of people is packed tighter: real exports come to 5 to 30 times."""
_TABLES = (".csv", ".txt", ".tsv")

UTF_8, UTF_8_MARKED, UTF_16, WINDOWS = "utf-8", "utf-8-sig", "utf-16", "cp1252"
_SHOWN = {UTF_8: "UTF-8", UTF_8_MARKED: "UTF-8", UTF_16: "UTF-16", WINDOWS: "Windows-1252"}


@dataclass(frozen=True, slots=True)
class Part:
    """One table: a file, or a member of a zip. `member` is empty for a file."""

    path: Path
    member: str
    size: int  # bytes, unpacked

    @property
    def name(self) -> str:
        """Its own name, without the folders."""
        return PurePosixPath(self.member).name if self.member else self.path.name

    @property
    def shown(self) -> str:
        """Where it is, for a sentence."""
        return f"{self.path.name}: {self.name}" if self.member else self.path.name


@dataclass(frozen=True, slots=True)
class Looked:
    """A part that was read once from end to end. `digest` is the SHA-256 of its bytes in hex. `guessed`: the
    bytes are no UTF-8, so that they are taken for Windows-1252. `lines` is how many it has, about."""

    part: Part
    digest: str
    encoding: str
    guessed: bool
    lines: int

    @property
    def encoding_shown(self) -> str:
        """The encoding as people call it."""
        number = self.encoding.removeprefix("cp")
        return _SHOWN.get(self.encoding) or (f"Windows-{number}" if number.isdecimal() else self.encoding)


def parts_of(paths: Sequence[Path]) -> list[Part]:
    """The tables in these files. Raises `BrokenProject`."""
    return [part for path in paths for part in _parts_in(path)]


def _parts_in(path: Path) -> list[Part]:
    try:
        if path.is_dir():
            raise BrokenProject(f"{path} is a folder; name the files in it.")
        if zipfile.is_zipfile(path):
            return _members(path)
        return [Part(path, "", path.stat().st_size)]
    except OSError as fault:
        raise BrokenProject(f"{path} cannot be read: {fault.strerror}.") from None


def _members(path: Path) -> list[Part]:
    try:
        with zipfile.ZipFile(path) as archive:
            inside = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError) as fault:
        raise BrokenProject(f"{path} is a damaged zip: {fault}. Download it once more.") from None
    found = [one for one in inside if _is_table(one.filename)]
    if any(one.filename == "[Content_Types].xml" for one in inside) or (
        not found and any(one.filename.lower().endswith(".xlsx") for one in inside)
    ):
        raise BrokenProject(f"{path} is a spreadsheet; save it as CSV (UTF-8), and import that.")
    if not found:
        raise BrokenProject(f"{path} holds no table: no file in it ends with {', '.join(_TABLES)}.")
    if any(one.flag_bits & 1 for one in found):
        raise BrokenProject(f"{path} is locked with a password; unpack it, and import what is in it.")
    if len(found) > _MOST_PARTS:
        raise BrokenProject(f"{path} holds {len(found):,} tables; no export has more than {_MOST_PARTS}.")
    unpacked, packed = sum(one.file_size for one in found), sum(one.compress_size for one in found)
    if unpacked > _MOST_BYTES or (unpacked > _SWOLLEN and unpacked > _MOST_SWELLING * packed):
        raise BrokenProject(
            f"{path} would unpack to {unpacked >> 20:,} MiB from {packed / (1 << 20):,.1f}: that is no "
            "export, and it is left alone. If you know what is in it, unpack it and import the files."
        )
    return [Part(path, one.filename, one.file_size) for one in found]


def _is_table(name: str) -> bool:
    inside = PurePosixPath(name)
    # What a Mac puts beside each file has its name and is no table.
    return inside.suffix.lower() in _TABLES and "__MACOSX" not in inside.parts


@contextmanager
def _opened(part: Part) -> Iterator[IO[bytes]]:
    try:
        if not part.member:
            with part.path.open("rb") as file:
                yield file
        else:
            with zipfile.ZipFile(part.path) as archive, archive.open(part.member) as member:
                yield member
    except OSError as fault:
        raise BrokenProject(f"{part.path} cannot be read: {fault.strerror or fault}.") from None
    except (zipfile.BadZipFile, EOFError, NotImplementedError) as fault:
        raise BrokenProject(f"{part.shown} is damaged: {fault}. Download it once more.") from None


def look_at(part: Part, encoding: str = "", read: Callable[[int], None] = lambda count: None) -> Looked:
    """Read a part from end to end: its digest, and how it is written (`encoding`: how somebody says it is).
    `read` is told how many bytes are behind. Raises `BrokenProject`."""
    digest, behind, lines = hashlib.sha256(), 0, 0
    with _opened(part) as file:
        first = file.read(_PIECE)
        guess = _told(encoding) if encoding else _by_its_beginning(first)
        decoder = codecs.getincrementaldecoder(guess)()
        piece, fits = first, True
        while piece:
            digest.update(piece)
            behind += len(piece)
            lines += piece.count(b"\n")
            fits = fits and _fits(decoder, piece)
            read(behind)
            piece = file.read(_PIECE)
        fits = fits and _fits(decoder, b"", last=True)
    if fits:
        return Looked(part, digest.hexdigest(), guess, False, lines)
    if encoding or guess != UTF_8:
        raise BrokenProject(
            f"{part.shown} is not {_SHOWN.get(guess, guess)} throughout. Save it as CSV (UTF-8), or name its "
            "encoding with --encoding."
        )
    return Looked(part, digest.hexdigest(), WINDOWS, True, lines)


def _told(encoding: str) -> str:
    try:
        return codecs.lookup(encoding).name
    except LookupError:
        raise BrokenProject(
            f"`{encoding}` is no encoding; write one as in `utf-8`, `windows-1252` or `windows-1257`."
        ) from None


def _by_its_beginning(first: bytes) -> str:
    if first.startswith(codecs.BOM_UTF8):
        return UTF_8_MARKED
    if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return UTF_16
    head = first[:4096]
    for place, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        half = head[place::2]
        if len(half) > 1 and half.count(0) > 0.8 * len(half):
            return name
    return UTF_8


def _fits(decoder: codecs.IncrementalDecoder, piece: bytes, last: bool = False) -> bool:
    try:
        decoder.decode(piece, last)
    except UnicodeError:
        return False
    return True


@contextmanager
def text_of(looked: Looked) -> Iterator[io.TextIOWrapper]:
    """The part as text, line breaks as they are. Raises `BrokenProject`."""
    with _opened(looked.part) as file:
        text = io.TextIOWrapper(file, looked.encoding, newline="")
        try:
            yield text
        except UnicodeError:
            raise BrokenProject(
                f"{looked.part.shown} has bytes that are neither UTF-8 nor Windows-1252. Save it as CSV "
                "(UTF-8), or name its encoding with --encoding."
            ) from None
        finally:
            text.detach()
