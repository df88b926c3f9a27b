"""The attempt file: what this sender had begun when its process died.

A slot of 64 bytes is written just before the final dot of a mail, filled in when the reply has been read,
and freed when the consent service has the settlement. The file is memory-mapped, so it survives the end of
the process at any instruction, but not the end of the machine: whether the machine ran on since is told by
the kernel's boot id in the file's head.
"""

import mmap
import os
import struct
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from consent.contract import Outcome

_HEAD = struct.Struct("<8s16s36s4x")  # magic, sender, boot id
_SLOT = struct.Struct("<B1xHI16s40x")  # state, reply code, attempt, key
_CODE = struct.Struct("<H")
_MAGIC = b"VIRTA-A1"
_BOOT = struct.Struct("<36s")
_BOOT_AT = 24
_FREE, _BEGUN = 0, 1
_REPLIES = {Outcome.ACCEPTED: 2, Outcome.REFUSED: 3, Outcome.DEFERRED: 4}
_OUTCOMES = {state: outcome for outcome, state in _REPLIES.items()}
SLOTS = 4096
_SIZE = _HEAD.size + SLOTS * _SLOT.size
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Attempt(Struct, frozen=True):
    """One slot in use. `outcome` is None where no reply was read."""

    key: str
    attempt: int
    outcome: Outcome | None
    code: int


class AttemptsFault(Exception):
    """The file cannot be used; the message says why and what to do."""


def sender_in(path: Path) -> bytes | None:
    """Whose attempt file is at `path`; None: there is none, or it was never finished. Raises
    `AttemptsFault`."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD.size)
    except FileNotFoundError:
        return None
    except OSError as fault:
        raise AttemptsFault(f"{path} cannot be used: {fault.strerror}.") from None
    if len(head) < _HEAD.size:
        return None
    magic, owner, _ = _HEAD.unpack(head)
    return owner if magic == _MAGIC else None


class AttemptFile:
    """Open or make the file at `path`; None: in memory, for simulations. `sender`, 16 bytes, is the lasting
    identity of this project's mailer towards the consent service; it outlives the file.

    `remembers` is False when the machine was restarted since the file was last written, or when the file is
    cut or new: then a mail of which it knows nothing may have gone all the same. It stays False, in later
    lives too, until `recovered` is called. Raises `AttemptsFault`, also for another sender's file.
    """

    def __init__(self, path: Path | None, sender: bytes, boot_id: Callable[[], bytes] | None = None) -> None:
        self._boot = (boot_id or _boot_id)()
        self._file: int | None = None
        size, head = 0, bytes(_HEAD.size)
        try:
            if path is not None:
                self._file, size, head = _open(path)
        except OSError as fault:
            raise AttemptsFault(f"{path} cannot be used: {fault.strerror}.") from None
        self._map = mmap.mmap(-1 if self._file is None else self._file, _SIZE)
        magic, owner, boot = _HEAD.unpack(head)
        if magic == _MAGIC and owner != sender:
            self.close()
            raise AttemptsFault(
                f"{path} belongs to another project's mailer, or the journey key was changed since. "
                "Put the old key back."
            )
        same = boot == self._boot and bool(self._boot.strip(b"\0")) and size >= _SIZE
        self.remembers = magic == _MAGIC and same
        if magic != _MAGIC:
            self._found(path, sender)
        self.sender: str = sender.hex()
        used = [slot for slot in range(SLOTS) if self._state(slot) != _FREE] if size else []
        self._free = sorted(set(range(SLOTS)).difference(used), reverse=True)
        self._slots = {
            (found.key, found.attempt): slot for slot in used if (found := self._read(slot)) is not None
        }

    @property
    def full(self) -> bool:
        """Whether there is no slot for another mail."""
        return not self._free

    def begin(self, key: str, attempt: int) -> None:
        """The final dot is about to be written. Not to be called when `full`."""
        slot = self._free.pop()
        self._slots[key, attempt] = slot
        offset = self._offset(slot)
        _SLOT.pack_into(self._map, offset, _FREE, 0, attempt, bytes.fromhex(key))
        self._map[offset] = _BEGUN  # last, so that a slot is in use only when it is whole

    def reply(self, key: str, attempt: int, outcome: Outcome, code: int) -> None:
        """The reply to the final dot has been read."""
        offset = self._offset(self._slots[key, attempt])
        _CODE.pack_into(self._map, offset + 2, code)
        self._map[offset] = _REPLIES[outcome]

    def settled(self, key: str, attempt: int) -> None:
        """The consent service has it: the slot is free again. An attempt that never began has none."""
        slot = self._slots.pop((key, attempt), None)
        if slot is not None:
            self._map[self._offset(slot)] = _FREE
            self._free.append(slot)

    def __contains__(self, place: tuple[str, int]) -> bool:
        """Whether the attempt of a key has begun and is not settled."""
        return place in self._slots

    def found(self) -> dict[tuple[str, int], Attempt]:
        """Every slot in use, by key and attempt."""
        return {
            place: found for place, slot in self._slots.items() if (found := self._read(slot)) is not None
        }

    def recovered(self) -> None:
        """All that an earlier life left behind is settled: from here on the file remembers."""
        for key, attempt in list(self._slots):
            self.settled(key, attempt)
        _BOOT.pack_into(self._map, _BOOT_AT, self._boot)
        self.remembers = True

    def close(self) -> None:
        self._map.close()
        if self._file is not None:
            os.close(self._file)

    def _found(self, path: Path | None, sender: bytes) -> None:
        """Begin the file, on the disk before anything is claimed. The boot id comes with `recovered`."""
        _HEAD.pack_into(self._map, 0, b"", sender, b"")
        self._map[: len(_MAGIC)] = _MAGIC
        if path is None or self._file is None:
            return
        self._map.flush()
        os.fsync(self._file)
        folder = os.open(path.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)

    def _state(self, slot: int) -> int:
        return self._map[self._offset(slot)]

    def _read(self, slot: int) -> Attempt | None:
        state, code, attempt, key = _SLOT.unpack_from(self._map, self._offset(slot))
        if state == _FREE:
            return None
        return Attempt(key.hex(), attempt, _OUTCOMES.get(state), code)

    @staticmethod
    def _offset(slot: int) -> int:
        return _HEAD.size + slot * _SLOT.size


def _open(path: Path) -> tuple[int, int, bytes]:
    """The open file with room for all slots, the size that it was found with, and its head."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        found = os.fstat(file).st_size
        head = os.pread(file, _HEAD.size, 0).ljust(_HEAD.size, b"\0")
        if not head.startswith((_MAGIC, b"\0" * len(_MAGIC))):
            raise AttemptsFault(
                f"{path} was not written by Virta. Move it away; Virta makes a new one by itself."
            )
        # A file with holes would end the process at its first write when the disk is full.
        os.posix_fallocate(file, 0, _SIZE)
    except (OSError, AttemptsFault):
        os.close(file)
        raise
    return file, found, head


def without_boot(file: bytes) -> bytes:
    """The bytes of an attempt file, made to a copy that does not remember all: what it does not know is
    unknown."""
    if not file.startswith(_MAGIC):
        return b""
    return file[:_BOOT_AT] + bytes(_BOOT.size) + file[_BOOT_AT + _BOOT.size :]


def _boot_id() -> bytes:
    """Empty where the kernel has none: then no file is ever sure to remember."""
    try:
        return _BOOT_ID.read_bytes().strip()
    except OSError:
        return b""
