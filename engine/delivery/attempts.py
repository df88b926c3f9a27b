"""The attempt file: what this sender had begun when its process died.

A slot of 64 bytes is written just before the final dot of a mail, filled in when the reply has been read,
and freed when the consent service has the settlement. The file is memory-mapped, so it survives the end of
the process at any instruction, but not the end of the machine: whether the machine ran on since is told by
the kernel's boot id in the file's head.
"""

import mmap
import struct
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from consent.contract import Outcome

_HEAD = struct.Struct("<8s16s36s4x")  # magic, sender, boot id
_SLOT = struct.Struct("<B1xHI16s40x")  # state, reply code, attempt, key
_CODE = struct.Struct("<H")
_MAGIC = b"VIRTA-A1"
_FREE, _BEGUN = 0, 1
_REPLIES = {Outcome.ACCEPTED: 2, Outcome.REFUSED: 3, Outcome.DEFERRED: 4}
_OUTCOMES = {state: outcome for outcome, state in _REPLIES.items()}
SLOTS = 4096
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Attempt(Struct, frozen=True):
    """One slot in use. `outcome` is None where no reply was read."""

    key: str
    attempt: int
    outcome: Outcome | None
    code: int


class AttemptsFull(Exception):
    """More mails are begun and unsettled than the file has slots."""


class AttemptFile:
    """Open or make the file at `path`. `sender` is this file's lasting identity towards the consent service;
    `same_boot` is False when the machine was restarted since the file was last written.

    `entropy(n)` gives n random bytes. A file that is no attempt file raises `ValueError`.
    """

    def __init__(self, path: Path, entropy: Callable[[int], bytes]) -> None:
        size = _HEAD.size + SLOTS * _SLOT.size
        path.parent.mkdir(parents=True, exist_ok=True)
        new = not path.exists() or path.stat().st_size != size
        self._file = path.open("r+b" if path.exists() else "w+b")
        if new:
            self._file.truncate(size)
        self._map = mmap.mmap(self._file.fileno(), size)
        boot = _boot_id()
        magic, sender, known_boot = _HEAD.unpack_from(self._map)
        if magic == b"\0" * 8:
            sender, known_boot = entropy(16), boot
        elif magic != _MAGIC:
            raise ValueError(f"{path} is no attempt file")
        self.sender: str = sender.hex()
        self.same_boot: bool = known_boot == boot
        self._free = [slot for slot in range(SLOTS - 1, -1, -1) if not self._state(slot)]
        self._slots = {
            (found.key, found.attempt): slot
            for slot in range(SLOTS)
            if (found := self._read(slot)) is not None
        }
        _HEAD.pack_into(self._map, 0, _MAGIC, sender, boot)

    def begin(self, key: str, attempt: int) -> None:
        """The final dot is about to be written."""
        if not self._free:
            raise AttemptsFull
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

    def close(self) -> None:
        self._map.close()
        self._file.close()

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


def _boot_id() -> bytes:
    try:
        return _BOOT_ID.read_bytes().strip()
    except OSError:
        return b"-" * 36
