"""Checkpoints: what a log commits itself to, in the C2SP formats `signed-note` and `tlog-checkpoint`.

A note is a text that ends in a newline, an empty line, and signature lines `— NAME BASE64(key id ‖
signature)`. A checkpoint's text is the log's origin, the size of the tree, and its root in Base64, a line
each."""

import base64
import binascii
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from consent.errors import BrokenExport

_ED25519 = b"\x01"
_MOST_DIGITS = 20  # of a size: 64 bits


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree of `size` leaves with the Merkle root `root` (32 bytes), in the log called `origin`."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The lines that are signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """Who may sign: the key's name and 32 bytes of an Ed25519 public key."""

    name: str
    public: bytes

    def id(self) -> bytes:
        """The four bytes that stand before a signature (signed-note, "Key ID")."""
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.public).digest()[:4]

    def line(self) -> str:
        """`NAME+ID+KEY`, as C2SP writes verifier keys."""
        return f"{self.name}+{self.id().hex()}+{base64.b64encode(_ED25519 + self.public).decode()}"


@dataclass(frozen=True, slots=True)
class Note:
    """A note taken apart: its text, and each signature with the name and key id that stand before it."""

    text: str
    signatures: tuple[tuple[str, bytes, bytes], ...]

    def sound(self, keys: Iterable[VerifierKey]) -> bool:
        """Whether no signature that says it is by one of `keys` is false: with one the whole note is
        worthless."""
        made = {(name, key_id) for name, key_id, _ in self.signatures}
        return all(self.signed_by(key) for key in keys if (key.name, key.id()) in made)

    def signed_by(self, key: VerifierKey) -> bool:
        """Whether there is a signature by `key`, and each that says so holds."""
        public = Ed25519PublicKey.from_public_bytes(key.public)
        mine = [
            signature
            for name, key_id, signature in self.signatures
            if name == key.name and key_id == key.id()
        ]
        try:
            for signature in mine:
                public.verify(signature, self.text.encode())
        except InvalidSignature:
            return False
        return bool(mine)


def verifier_key(name: str, private: Ed25519PrivateKey) -> VerifierKey:
    """The public half of `private`, under `name`."""
    return VerifierKey(name, private.public_key().public_bytes_raw())


def sign(checkpoint: Checkpoint, signers: Sequence[tuple[str, Ed25519PrivateKey]]) -> str:
    """The signed note of a checkpoint."""
    return sign_note(checkpoint.text(), signers)


def sign_note(text: str, signers: Sequence[tuple[str, Ed25519PrivateKey]]) -> str:
    """The signed note of a text that ends in a newline."""
    lines = []
    for name, private in signers:
        blob = verifier_key(name, private).id() + private.sign(text.encode())
        lines.append(f"— {name} {base64.b64encode(blob).decode()}\n")
    return text + "\n" + "".join(lines)


def read_note(note: str) -> Note:
    """Take a signed note apart; no signature is checked. Raises `BrokenExport`."""
    text, mark, tail = note.rpartition("\n\n")
    if not mark or not tail.endswith("\n"):
        raise BrokenExport("This is no signed note: the empty line before the signatures is missing.")
    signatures = []
    for line in tail[:-1].split("\n"):
        parts = line.split(" ")
        if len(parts) != 3 or parts[0] != "—" or not parts[1]:
            raise BrokenExport(f"This is no signature line of a note: {line[:60]}")
        blob = _base64(parts[2], "a signature")
        if len(blob) < 5:
            raise BrokenExport("A signature of the note is too short.")
        signatures.append((parts[1], blob[:4], blob[4:]))
    return Note(text + "\n", tuple(signatures))


def read_checkpoint(text: str) -> Checkpoint:
    """The checkpoint that stands in a note's text. Raises `BrokenExport`."""
    lines = text.split("\n")
    if len(lines) < 4 or not lines[0]:
        raise BrokenExport("This is no checkpoint: it needs the log's name, a size and a root.")
    size = lines[1]
    if (
        not (size.isascii() and size.isdigit())
        or (size != "0" and size.startswith("0"))
        or len(size) > _MOST_DIGITS
    ):
        raise BrokenExport(f"The size of the checkpoint is no number: {size[:40]}")
    root = _base64(lines[2], "the root of the checkpoint")
    if len(root) != 32:
        raise BrokenExport("The root of the checkpoint must have 32 bytes.")
    return Checkpoint(lines[0], int(size), root)


def read_verifier_key(line: str) -> VerifierKey:
    """The key in a verifier key line `NAME+ID+KEY`. Raises `BrokenExport`."""
    parts = line.strip().split("+", 2)
    if len(parts) != 3 or not parts[0]:
        raise BrokenExport("A verifier key is written NAME+ID+KEY, as `virta consent keys` prints it.")
    blob = _base64(parts[2], "the verifier key")
    if len(blob) != 33 or blob[:1] != _ED25519:
        raise BrokenExport("The verifier key is no Ed25519 key.")
    key = VerifierKey(parts[0], blob[1:])
    if key.id().hex() != parts[1]:
        raise BrokenExport("The verifier key was mistyped: its id does not belong to its bytes.")
    return key


def _base64(text: str, what: str) -> bytes:
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BrokenExport(f"Of the note, {what} is not in Base64.") from None
    if base64.b64encode(found).decode() != text:  # bits that say nothing, and may not be changed either
        raise BrokenExport(f"Of the note, {what} is not written as Base64 has it.")
    return found
