"""Whose signatures count on a log: its leaves name each key by its SHA-256, and say from when to when it
signs.

A key vouches for those that sign beside it. So whoever knows one key of a log gets by checkpoints that bear
two signatures to those that came later, unless a key was lost: then there is a gap, and it shows."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from consent.proof.checkpoint import Checkpoint, Note, VerifierKey
from consent.proof.failure import Failed, Failure

Event = tuple[int, str, str]
"""Position, type and notice of a leaf about keys."""


@dataclass(frozen=True, slots=True)
class _Held:
    key: VerifierKey
    begun: int
    ended: int | None = None


class Keychain:
    """The keys of a log, from its leaves about keys and the public keys that an export carries. Raises
    `Failed` where the two do not fit."""

    def __init__(self, events: Sequence[Event], keys: Iterable[VerifierKey]) -> None:
        listed = [(hashlib.sha256(key.public).hexdigest(), key) for key in keys]
        carried = dict(listed)
        held: dict[str, _Held] = {}
        self.lost: list[int] = []
        for seq, kind, named in events:
            if kind in ("log.opened", "key.rotated"):
                if (kind == "log.opened") is not (seq == 0) or named in held:
                    raise Failed(Failure.TRANSITION, f"Leaf {seq}: `{kind}` does not follow.")
                if named not in carried:
                    raise Failed(Failure.NOTICE, f"The key of leaf {seq} is missing from the export.")
                held[named] = _Held(carried[named], seq)
            else:
                one = held.get(named)
                if one is None or one.ended is not None:
                    raise Failed(Failure.TRANSITION, f"Leaf {seq}: `{kind}` of a key that does not sign.")
                held[named] = _Held(one.key, one.begun, seq)
                if kind == "key.lost":
                    self.lost.append(seq)
        if not held or [named for named, _ in listed] != list(held):
            why = "The export's keys are not those that the leaves name, in their order."
            raise Failed(Failure.NOTICE, why)
        self._held = tuple(held.values())

    def __contains__(self, key: VerifierKey) -> bool:
        return any(one.key == key for one in self._held)

    def signing(self, size: int) -> tuple[VerifierKey, ...]:
        """Those that have to sign a checkpoint of `size` leaves."""
        return tuple(
            one.key for one in self._held if one.begun < size and (one.ended is None or one.ended >= size)
        )

    def check(self, checkpoint: Checkpoint, note: Note) -> None:
        """Raise `Failed` unless everybody signed who had to."""
        signing = self.signing(checkpoint.size)
        missing = [key for key in signing if not note.signed_by(key)]
        if not note.sound(one.key for one in self._held):
            why = f"The checkpoint of {checkpoint.size} leaves bears a false signature by a key of the log."
            raise Failed(Failure.SIGNATURE, why)
        if missing or not signing:
            whom = missing[0].line() if missing else "any key of the log"
            why = f"The checkpoint of {checkpoint.size} leaves is not signed by {whom}."
            raise Failed(Failure.SIGNATURE, why)

    def vouched(self, key: VerifierKey, sizes: Iterable[int]) -> bool:
        """Whether the word of `key` leads to the keys that signed the last of `sizes`, which are those of
        checkpoints that were checked, in order."""
        trusted = {key}
        reached = False
        for size in sizes:
            signing = self.signing(size)
            reached = not trusted.isdisjoint(signing)
            if reached:
                trusted.update(signing)
        return reached
