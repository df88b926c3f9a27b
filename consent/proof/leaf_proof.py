"""One leaf with the proof that it is in the log: a file that a person keeps, and that anybody can check.

The format is C2SP `tlog-proof`; its `extra` line holds the exact bytes of the leaf."""

import base64
import binascii
from dataclasses import dataclass

from consent.errors import BrokenExport
from consent.proof.checkpoint import Checkpoint, Note, VerifierKey, read_checkpoint, read_note
from consent.proof.failure import Failed, Failure
from consent.proof.told import read_leaf
from consent.proof.tree import check_inclusion, leaf_hash

HEADING = b"c2sp.org/tlog-proof@v1"
_LONGEST = 64  # steps of a path: 2^64 leaves


@dataclass(frozen=True, slots=True)
class LeafProof:
    """The exact bytes of the leaf at `place`, and the checkpoint that `path` leads to."""

    line: bytes
    place: int
    path: tuple[bytes, ...]
    note: Note
    checkpoint: Checkpoint

    def holds(self) -> bool:
        """Whether the path leads from the leaf to the checkpoint's root. No signature is checked."""
        found = leaf_hash(self.line)
        return check_inclusion(found, self.place, self.checkpoint.size, self.path, self.checkpoint.root)


def verify_leaf(data: bytes, key: VerifierKey | None) -> LeafProof:
    """Check the file of a proof by itself: its leaf is canonical and stands where the file says, the path
    leads to the checkpoint, and `key` has signed that. Raises `BrokenExport`, `Failed`."""
    proof = read_proof(data)
    read_leaf(proof.line, proof.checkpoint.origin, proof.place)
    if not proof.holds():
        raise Failed(Failure.ROOT, "The path does not lead from the leaf to the root of the checkpoint.")
    if key is not None and (key.name != proof.checkpoint.origin or not proof.note.signed_by(key)):
        raise Failed(Failure.SIGNATURE, f"The checkpoint is not signed by the key {key.line()}.")
    return proof


def proof_text(line: bytes, place: int, path: tuple[bytes, ...], note: str) -> str:
    """The file of a proof."""
    steps = "".join(f"{base64.b64encode(step).decode()}\n" for step in path)
    extra = base64.b64encode(line).decode()
    return f"{HEADING.decode()}\nextra {extra}\nindex {place}\n{steps}\n{note}"


def read_proof(data: bytes) -> LeafProof:
    """The proof in a file's bytes; nothing is checked but its form. Raises `BrokenExport`."""
    try:
        head, mark, note_text = data.strip().replace(b"\r\n", b"\n").decode().partition("\n\n")
    except UnicodeDecodeError:
        raise BrokenExport("The proof is not in UTF-8.") from None
    heading, *lines = head.split("\n")
    if heading != HEADING.decode() or not mark or len(lines) < 2:
        raise BrokenExport("This is no proof of a leaf.")
    kind, _, extra = lines[0].partition(" ")
    name, _, place = lines[1].partition(" ")
    if kind != "extra" or name != "index" or not place.isdecimal() or str(int(place[:20])) != place:
        raise BrokenExport("The proof does not say which leaf it is of.")
    if len(lines) - 2 > _LONGEST:
        raise BrokenExport("The proof has more steps than any tree.")
    note = read_note(note_text + "\n")
    path = tuple(_bytes(step) for step in lines[2:])
    return LeafProof(_bytes(extra), int(place), path, note, read_checkpoint(note.text))


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BrokenExport("A line of the proof is not in Base64.") from None
