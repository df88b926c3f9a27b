"""The file of marks, beside the file of stops: addresses that must not be written to by a store which was put
back and knows nobody there.

A mark is the first half of `HMAC(pepper, address)`. Nothing says whose id it belongs to, and neither does its
place: a mark chooses its page, and chance the slot in it. So the file has no order in which stops were said
that could be laid beside the log's; which marks came between two copies of it is all that it tells. No mark
goes: what a store that was put back may need of it, the store that is there does not know."""

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

LENGTH = 16
"""Bytes of a mark that are kept: among a billion, no two are the same by chance."""

_PAGE = 4096  # written whole or not at all by most disks; a mark lies within a sector
_SLOTS = _PAGE // LENGTH
_FIRST_PAGES = 16
_FREE = bytes(LENGTH)


class Marks:
    """Open for looking and for adding; made if missing. `entropy` gives that many random bytes. Any thread
    may use it."""

    def __init__(self, path: Path, entropy: Callable[[int], bytes]) -> None:
        self._path = path
        self._fresh = path.with_name(f"{path.name}.part")
        self._fresh.unlink(missing_ok=True)  # one that a power loss left behind
        self._entropy = entropy
        self._mutex = threading.Lock()
        self._unsynced = False
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        pages, rest = divmod(os.fstat(self._file).st_size, _PAGE)
        self._pages = pages
        if rest or pages < _FIRST_PAGES or pages & (pages - 1):  # new, or cut short by a copy: laid out again
            self._lay_out(max(_FIRST_PAGES, 1 << pages.bit_length()))

    def __contains__(self, mark: bytes) -> bool:
        """Whether a mark, or one that begins so, is there."""
        with self._mutex:
            return _slot_of(self._page(mark[:LENGTH]), mark[:LENGTH]) >= 0

    def add(self, marks: Iterable[bytes]) -> None:
        """Keep these, and wait until they are on the disk, in the file that has the name. Raises `OSError`;
        then not all of them may be."""
        with self._mutex:
            wanted = list(marks)
            if wanted and not has_name(self._file, self._path):
                self._lay_out(self._pages)
            for mark in wanted:
                self._put(mark[:LENGTH])
            if self._unsynced:
                os.fsync(self._file)
                self._unsynced = False

    def close(self) -> None:
        """Close the file."""
        with self._mutex:
            os.close(self._file)

    def _put(self, mark: bytes) -> None:
        page = self._page(mark)
        if _slot_of(page, mark) >= 0:
            return
        while not (free := [slot for slot in range(_SLOTS) if _at(page, slot) == _FREE]):
            self._lay_out(2 * self._pages)
            page = self._page(mark)
        slot = free[int.from_bytes(self._entropy(4)) % len(free)]
        self._unsynced = True  # until a sync has worked: what one that failed left is looked up all the same
        os.pwrite(self._file, mark, self._place(mark) + slot * LENGTH)

    def _page(self, mark: bytes) -> bytes:
        return os.pread(self._file, _PAGE, self._place(mark))

    def _place(self, mark: bytes) -> int:
        return _page_of(mark, self._pages) * _PAGE

    def _lay_out(self, pages: int) -> None:
        """Write the file anew with so many pages, or with more if one would overflow; it takes its place
        whole. A file that has taken its name meanwhile adds what it has."""
        kept = list(_marks_in(os.pread(self._file, os.fstat(self._file).st_size, 0)))
        if not has_name(self._file, self._path):
            kept += read_marks(self._path)
        while (image := _image(kept, pages, self._entropy)) is None:
            pages *= 2
        file = os.open(self._fresh, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        rest = memoryview(image)
        while rest:
            rest = rest[os.write(file, rest) :]
        os.fsync(file)
        self._fresh.rename(self._path)
        os.close(self._file)
        self._file, self._pages = file, pages  # at once: the one that was there has no name any more
        folder = os.open(self._path.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)


def has_name(file: int, path: Path) -> bool:
    """Whether an open file is the one at `path`: a hand, or a tool that tidies, may have moved it away under
    whoever writes to it. Raises `OSError`."""
    try:
        return os.path.samestat(os.fstat(file), os.stat(path))
    except FileNotFoundError:
        return False


def marks_path(stops: Path) -> Path:
    """Where the marks stand that belong to a file of stops."""
    return stops.with_suffix(".marks")


def read_marks(path: Path) -> list[bytes]:
    """All marks in the file at `path`, in no order; none if there is no file. Raises `OSError`."""
    try:
        return list(_marks_in(path.read_bytes()))
    except FileNotFoundError:
        return []


def _marks_in(text: bytes) -> Iterator[bytes]:
    for place in range(0, len(text) - LENGTH + 1, LENGTH):
        mark = text[place : place + LENGTH]
        if mark != _FREE:
            yield mark


def _image(marks: Iterable[bytes], pages: int, entropy: Callable[[int], bytes]) -> bytearray | None:
    """The file that holds `marks` on so many pages; None: one of these would overflow."""
    by_page: dict[int, list[bytes]] = {}
    for mark in dict.fromkeys(marks):
        by_page.setdefault(_page_of(mark, pages), []).append(mark)
    if any(len(of_one) > _SLOTS for of_one in by_page.values()):
        return None
    image = bytearray(pages * _PAGE)
    for page, of_one in by_page.items():
        # In the order of the marks, which are random: neither tells when they came.
        first = int.from_bytes(entropy(4)) % (_SLOTS - len(of_one) + 1)
        place = page * _PAGE + first * LENGTH
        image[place : place + len(of_one) * LENGTH] = b"".join(sorted(of_one))
    return image


def _page_of(mark: bytes, pages: int) -> int:
    return int.from_bytes(mark[:8]) % pages


def _at(page: bytes, slot: int) -> bytes:
    return page[slot * LENGTH : (slot + 1) * LENGTH]


def _slot_of(page: bytes, mark: bytes) -> int:
    """The slot in which a mark stands; -1: in none."""
    found = page.find(mark)
    while found >= 0 and found % LENGTH:
        found = page.find(mark, found + 1)
    return found // LENGTH if found >= 0 else -1
