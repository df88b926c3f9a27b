"""What somebody kept of the log in earlier days: a signed note, a receipt, or a mail that carries one."""

import base64
import binascii
import json
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from email.policy import compat32

from consent.errors import BrokenExport
from consent.proof.checkpoint import Checkpoint, Note, read_checkpoint, read_note

HEADER = "Consent-Checkpoint"


@dataclass(frozen=True, slots=True)
class Witness:
    """A checkpoint, and what a receipt says beside it: position, subject and type of its leaf."""

    note: Note
    checkpoint: Checkpoint
    leaf: tuple[int, str, str] | None = None


def read_witness(data: bytes) -> Witness:
    """The witness in a file's bytes; blanks around it, a missing last newline and CR LF come from copying
    and change nothing. Raises `BrokenExport`."""
    leaf = None
    pasted = data.strip().replace(b"\r\n", b"\n")
    if pasted[:1] == b"{":
        text, leaf = _receipt(pasted)
    elif b"\n\n\xe2\x80\x94 " in pasted and not _has_header(data):
        text = _text(pasted) + "\n"
    else:
        text = _header(data)
    note = read_note(text)
    return Witness(note, read_checkpoint(note.text), leaf)


def _receipt(data: bytes) -> tuple[str, tuple[int, str, str] | None]:
    try:
        receipt = json.loads(data)
    except (ValueError, RecursionError):
        raise BrokenExport("The receipt is no valid JSON.") from None
    note = receipt.get("checkpoint")
    if not isinstance(note, str):
        raise BrokenExport("The receipt has no `checkpoint`.")
    seq, subject, kind = receipt.get("leaf"), receipt.get("subject"), receipt.get("type")
    if isinstance(seq, int) and isinstance(subject, str) and isinstance(kind, str):
        return note, (seq, subject, kind)
    return note, None


def _has_header(data: bytes) -> bool:
    return BytesHeaderParser(policy=compat32).parsebytes(data).get(HEADER) is not None


def _header(data: bytes) -> str:
    value = BytesHeaderParser(policy=compat32).parsebytes(data).get(HEADER)
    if value is None:
        raise BrokenExport(
            "The file is no signed note, no receipt, and no mail with the header Consent-Checkpoint."
        )
    try:
        return _text(base64.b64decode("".join(str(value).split()), validate=True))
    except binascii.Error:
        raise BrokenExport("The mail's header Consent-Checkpoint is damaged.") from None


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise BrokenExport("The signed note is not in UTF-8.") from None
