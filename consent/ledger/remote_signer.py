"""A signer that is another process: both ends of the Unix socket between it and the consent service.

A request is one line of JSON and gets one line: `{"do": "keys"}` gives `{"keys": [verifier key line …]}`;
`{"do": "sign", "origin", "size", "root", "old", "proof"}`, hashes in Base64, gives `{"note"}` or
`{"refused", "last"}`, or `{"away"}` with the reason why it cannot sign now."""

import base64
import json
import logging
import os
import socket
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from consent.errors import BrokenExport, SignerAway
from consent.keys import Keys
from consent.ledger.checkpoint_signer import CheckpointSigner, LocalSigner, RefusedCheckpoint
from consent.proof.checkpoint import Checkpoint, VerifierKey, read_verifier_key

log = logging.getLogger("consent")

_PATIENCE = 3.0
_LONGEST = 1 << 16

_Count = Annotated[int, Meta(ge=0, le=1 << 53)]
_Hash = Annotated[bytes, Meta(min_length=32, max_length=32)]


class _Keys(Struct, frozen=True, tag_field="do", tag="keys"):
    """Which keys sign?"""


class _Sign(Struct, frozen=True, tag_field="do", tag="sign"):
    """Sign the tree of `size` leaves, which `proof` shows to continue that of `old`."""

    origin: str
    size: _Count
    root: _Hash
    old: _Count
    proof: tuple[_Hash, ...]


_REQUEST = msgspec.json.Decoder(_Keys | _Sign)


class RemoteSigner:
    """A `CheckpointSigner` behind the socket at `path`; each call connects anew."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def public_keys(self) -> tuple[VerifierKey, ...]:
        """See `CheckpointSigner`."""
        found = self._ask({"do": "keys"}).get("keys")
        if not isinstance(found, list) or not found:
            raise SignerAway(f"The signer at {self._path} has no keys.")
        try:
            return tuple(read_verifier_key(str(line)) for line in found)
        except BrokenExport as fault:
            raise SignerAway(f"The signer at {self._path} does not name its keys: {fault}") from None

    def sign(self, checkpoint: Checkpoint, old: int, proof: Sequence[bytes]) -> str:
        """See `CheckpointSigner`."""
        answer = self._ask(
            {
                "do": "sign",
                "origin": checkpoint.origin,
                "size": checkpoint.size,
                "root": base64.b64encode(checkpoint.root).decode(),
                "old": old,
                "proof": [base64.b64encode(step).decode() for step in proof],
            }
        )
        if "away" in answer:
            raise SignerAway(f"The signer at {self._path} does not sign: {answer['away']}.")
        if "refused" in answer:
            raise RefusedCheckpoint(str(answer["refused"]), str(answer.get("last", "")))
        return str(answer.get("note", ""))

    def _ask(self, request: dict[str, object]) -> dict[str, object]:
        try:
            with socket.socket(socket.AF_UNIX) as line:
                line.settimeout(_PATIENCE)
                line.connect(str(self._path))
                line.sendall(json.dumps(request).encode() + b"\n")
                answer = json.loads(_line(line))
        except (OSError, ValueError) as fault:
            why = fault.strerror if isinstance(fault, OSError) and fault.strerror else fault
            raise SignerAway(f"The signer at {self._path} does not answer: {why}.") from None
        if not isinstance(answer, dict):
            raise SignerAway(f"The signer at {self._path} answers something else.")
        return answer


def checkpoint_signer_of(keys: Keys, origin: str, last: str = "") -> CheckpointSigner:
    """Whoever signs the log called `origin`, whose newest note is `last`: this process, or another."""
    if keys.signer is not None:
        return RemoteSigner(keys.signer)
    return LocalSigner(origin, keys.log_signing, last)


def serve_at_socket(signer: LocalSigner, listener: socket.socket, goes_on: Callable[[], bool]) -> None:
    """Answer one caller after the other, until `goes_on` says otherwise, which is asked each half second.
    Each has three seconds for a line, however it comes."""
    listener.settimeout(0.5)
    while goes_on():
        try:
            caller, _ = listener.accept()
        except TimeoutError:
            continue
        with caller:
            caller.settimeout(_PATIENCE)
            try:
                caller.sendall(json.dumps(_answer(signer, _line(caller))).encode() + b"\n")
            except OSError:
                continue  # whoever asked has gone; the note is remembered, and given to the next who asks


def listen_at(path: Path, mode: int = 0o660) -> socket.socket:
    """A socket at `path`, with these rights from the first moment on; by default for this user and group. One
    that a crash has left is taken away; that nobody else serves there is seen to by the file that a signer
    holds. It is made in a folder that opens for this user alone, for a umask would be that of all threads."""
    path.parent.mkdir(parents=True, exist_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    try:
        with tempfile.TemporaryDirectory(dir=path.parent) as name:
            made = Path(name) / path.name
            folder = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                listener.bind(f"/proc/self/fd/{folder}/{path.name}")  # short, whatever the folder is called
            finally:
                os.close(folder)
            made.chmod(mode)
            made.replace(path)
        listener.listen(16)
    except OSError:
        listener.close()
        raise
    return listener


def _answer(signer: LocalSigner, line: bytes) -> dict[str, object]:
    try:
        asked = _REQUEST.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return {"refused": "This is no request that a signer knows.", "last": ""}
    if isinstance(asked, _Keys):
        return {"keys": [key.line() for key in signer.public_keys()]}
    try:
        return {"note": signer.sign(Checkpoint(asked.origin, asked.size, asked.root), asked.old, asked.proof)}
    except RefusedCheckpoint as fault:
        log.error("refused to sign: %s", fault)
        return {"refused": str(fault), "last": fault.last}
    except OSError as fault:
        log.error("nothing is signed, for it cannot be remembered: %s", fault)
        return {"away": f"it cannot remember what it signs ({fault.strerror})"}


def _line(line: socket.socket) -> bytes:
    found, until = b"", time.monotonic() + _PATIENCE
    while not found.endswith(b"\n"):
        line.settimeout(max(until - time.monotonic(), 0.001))
        part = line.recv(4096)
        if not part or len(found) > _LONGEST:
            raise ConnectionError("the line was cut off")
        found += part
    return found
