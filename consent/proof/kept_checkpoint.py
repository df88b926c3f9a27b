"""What somebody kept of the log in earlier days: a signed note, a receipt, or a mail that carries one."""

import base64
import json
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header
from email.parser import BytesHeaderParser
from email.policy import compat32

from consent.errors import BrokenExport
from consent.proof.checkpoint import Checkpoint, Note, read_checkpoint, read_note
from consent.proof.leaf_proof import HEADING, read_proof

HEADER = "Consent-Checkpoint"


@dataclass(frozen=True, slots=True)
class KeptCheckpoint:
    """A checkpoint, and what was kept of one leaf beside it: its position (-1: nothing), subject and type, or
    its exact bytes."""

    note: Note
    checkpoint: Checkpoint
    place: int = -1
    told: tuple[str, str] = ("", "")
    line: bytes = b""

    def tells_of(self, line: bytes) -> bool:
        """Whether a leaf (its exact bytes; empty: there is none) is the one that was kept."""
        if self.place < 0:
            return True
        if not line:
            return False
        if self.line:
            return self.line == line
        leaf = json.loads(line)
        return (leaf["subject"], leaf["type"]) == self.told


def read_kept_checkpoint(data: bytes) -> KeptCheckpoint:
    """What was kept, from a file's bytes; blanks around it, a missing last newline and CR LF come from
    copying and change nothing. Raises `BrokenExport`."""
    pasted = data.strip().replace(b"\r\n", b"\n")
    if pasted[:1] == b"{":
        return _receipt(pasted)
    if pasted.startswith(HEADING):
        return _of_proof(pasted)
    if b"\n\n\xe2\x80\x94 " in pasted and not _has_header(data):
        return _read(_text(pasted) + "\n")
    return _read(_header(data))


def _read(text: str, place: int = -1, told: tuple[str, str] = ("", ""), line: bytes = b"") -> KeptCheckpoint:
    note = read_note(text)
    return KeptCheckpoint(note, read_checkpoint(note.text), place, told, line)


def _of_proof(data: bytes) -> KeptCheckpoint:
    proof = read_proof(data)
    if not proof.holds():
        raise BrokenExport("The path of the proof does not lead from its leaf to its checkpoint.")
    return KeptCheckpoint(proof.note, proof.checkpoint, proof.place, line=proof.line)


def _receipt(data: bytes) -> KeptCheckpoint:
    try:
        receipt = json.loads(data)
    except (ValueError, RecursionError):
        raise BrokenExport("The receipt is no valid JSON.") from None
    note = receipt.get("checkpoint") if isinstance(receipt, dict) else None
    if not isinstance(note, str):
        raise BrokenExport("The receipt has no `checkpoint`.")
    seq, subject, kind = receipt.get("leaf"), receipt.get("subject"), receipt.get("type")
    if type(seq) is int and isinstance(subject, str) and isinstance(kind, str):
        return _read(note, max(seq, -1), (subject, kind))
    return _read(note)


def _has_header(data: bytes) -> bool:
    return BytesHeaderParser(policy=compat32).parsebytes(data).get(HEADER) is not None


def _header(data: bytes) -> str:
    value = BytesHeaderParser(policy=compat32).parsebytes(data).get(HEADER)
    if value is None:
        raise BrokenExport(
            "The file is no signed note, no receipt, and no mail with the header Consent-Checkpoint."
        )
    try:
        # Some programs that keep mails write a long word as encoded words (RFC 2047).
        whole = "".join(
            part if isinstance(part, str) else part.decode("ascii") for part, _ in decode_header(str(value))
        )
        return _text(base64.b64decode("".join(whole.split()), validate=True))
    except (HeaderParseError, ValueError):  # binascii.Error and UnicodeDecodeError among them
        raise BrokenExport("The mail's header Consent-Checkpoint is damaged.") from None


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise BrokenExport("The signed note is not in UTF-8.") from None
