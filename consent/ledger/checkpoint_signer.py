"""Who holds the keys of the log and signs its checkpoints: only such as continue what was signed before.

A signer believes nothing that it is told. It remembers the newest checkpoint that it signed, and for the next
one it wants a consistency proof from there (RFC 9162 2.1.4). So whoever has the store and may ask can have
the log go on, and cannot have it rewritten."""

import fcntl
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consent.errors import AlreadyOpen, BrokenExport, ConsentError, WrongKeys
from consent.proof.checkpoint import Checkpoint, VerifierKey, read_checkpoint, read_note, sign, verifier_key
from consent.proof.tree import check_consistency


class RefusedCheckpoint(ConsentError):
    """A checkpoint that is not signed. `last` is the newest note that was; empty: none was yet."""

    def __init__(self, why: str, last: str) -> None:
        super().__init__(why)
        self.last = last


class CheckpointSigner(Protocol):
    """Signs checkpoints. `SignerAway` may come from every call of one that is another process."""

    def public_keys(self) -> tuple[VerifierKey, ...]:
        """The public keys of those it signs with, oldest first."""

    def sign(self, checkpoint: Checkpoint, old: int, proof: Sequence[bytes]) -> str:
        """The signed note of `checkpoint`, which `proof` shows to continue the tree of `old` leaves that was
        signed last; 0: none was. Raises `RefusedCheckpoint`."""


def _forget(_note: str) -> None:
    """Where the store remembers what was signed."""


class LocalSigner:
    """Holds private keys, given by their 32-byte seeds, oldest first: all of them sign. `last` is the newest
    note from before, `keep` has to remember each new one before it is given out."""

    def __init__(
        self, origin: str, seeds: Sequence[bytes], last: str = "", keep: Callable[[str], None] = _forget
    ) -> None:
        self._origin = origin
        self._private = [(origin, Ed25519PrivateKey.from_private_bytes(seed)) for seed in seeds]
        self._last = last
        self._keep = keep

    def public_keys(self) -> tuple[VerifierKey, ...]:
        """See `CheckpointSigner`."""
        return tuple(verifier_key(name, private) for name, private in self._private)

    @property
    def last(self) -> str:
        """The newest note that was signed; empty: none was yet."""
        return self._last

    def sign(self, checkpoint: Checkpoint, old: int, proof: Sequence[bytes]) -> str:
        """See `CheckpointSigner`."""
        if checkpoint.origin != self._origin:
            raise RefusedCheckpoint(
                f"The keys are those of the log {self._origin}, not of {checkpoint.origin}.", ""
            )
        if self._last:
            self._compare(checkpoint, old, proof)
        note = sign(checkpoint, self._private)
        self._keep(note)
        self._last = note
        return note

    def _compare(self, checkpoint: Checkpoint, old: int, proof: Sequence[bytes]) -> None:
        before = read_checkpoint(read_note(self._last).text)
        if checkpoint.size < before.size:
            raise RefusedCheckpoint(
                f"A tree of {before.size} leaves was signed; {checkpoint.size} are less.", self._last
            )
        if old != before.size:
            raise RefusedCheckpoint(
                f"The proof must begin at the {before.size} leaves that were signed.", self._last
            )
        if not check_consistency(old, checkpoint.size, before.root, checkpoint.root, proof):
            raise RefusedCheckpoint(
                f"The tree does not begin with the {old} leaves that were signed.", self._last
            )


class SignerMemory:
    """The file in which a signer remembers the newest note that it signed; one process at a time holds it.

    Raises `AlreadyOpen`, and `WrongKeys` for a file that none of `keys` has signed: then it is another log's,
    or somebody changed it."""

    def __init__(self, path: Path, keys: Sequence[VerifierKey]) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = os.open(
            path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
        )
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            raise AlreadyOpen(
                f"Another process signs by {path}. Only one may; stop that one first."
            ) from None
        try:
            self.note = self._read(keys)
        except WrongKeys:
            self.close()
            raise

    def keep(self, note: str) -> None:
        """Write `note` down for good: after a crash there is either this one or the one before."""
        part = self._path.with_name(self._path.name + ".part")
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            os.fchmod(file.fileno(), 0o600)  # of one that a crash has left
            file.write(note)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        self.note = note

    def close(self) -> None:
        """Let another process have the file."""
        os.close(self._lock)

    def _read(self, keys: Sequence[VerifierKey]) -> str:
        try:
            text = self._path.read_text("utf-8")
            note = read_note(text)
            read_checkpoint(note.text)
        except FileNotFoundError:
            return ""
        except (BrokenExport, UnicodeDecodeError) as fault:
            raise WrongKeys(f"{self._path} is damaged: {fault} {_WHAT_TO_DO}") from None
        if not any(note.signed_by(key) for key in keys):
            raise WrongKeys(f"{self._path} is signed by none of the keys given. {_WHAT_TO_DO}")
        return text


_WHAT_TO_DO = (
    "It says what was signed last, and without it nothing stands against a rewritten log: put back the file, "
    "or the key. If that is lost for good, move the file aside and tell your auditors the day."
)
