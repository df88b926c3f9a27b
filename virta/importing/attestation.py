"""The controller's word on an import: the signed note, read before anything is done, and the rows that it is
of."""

from collections.abc import Sequence
from pathlib import Path

from consent.contract.imports import Attested, Entry, ImportFile
from consent.proof.attestation import LARGEST, read_attestation, read_key
from consent.subscriber.terms import ImportRefused, attested_by, part_digest
from virta.settings import BrokenProject, Controller


def read_attested(
    path: Path, controller: Controller, topics: Sequence[str], files: Sequence[ImportFile], now: int
) -> tuple[Attested, bytes, tuple[str, ...]]:
    """What the signed note at `path` attests of an import of these `topics` and `files`, its bytes, and
    the digests of the parts that it is of. `now` in ms UTC. Raises `BrokenProject`."""
    note = read_small(path)
    try:
        attested = attested_by(note, controller.attestation_key, {controller.name}, files, now)
    except ImportRefused as fault:
        raise BrokenProject(f"{path}: {fault}") from None
    unknown = [topic for topic in attested.topics if topic not in topics]
    if unknown:
        raise BrokenProject(f"{path} speaks of `{unknown[0]}`, which is not imported: see --topic.")
    return attested, note, read_attestation(note, read_key(attested.key)).parts


def refuse_unsigned(signed: Sequence[str] | None, number: int, part: Sequence[Entry]) -> None:
    """Raise `BrokenProject` where the part with this number is not the one that was `signed` (None: nothing
    is attested)."""
    if signed is not None and (number >= len(signed) or part_digest(part) != signed[number]):
        raise BrokenProject(
            "The rows are not those that were attested. Read the same files, in the same order and with the "
            "same options, as `virta consent attest` did, or have them attested as they are read now."
        )


def read_small(path: Path) -> bytes:
    """The bytes of a note, or of what is to become one. Raises `BrokenProject`."""
    try:
        body = path.read_bytes()
    except OSError as fault:
        raise BrokenProject(f"{path} cannot be read: {fault.strerror}.") from None
    if len(body) > LARGEST:
        raise BrokenProject(f"{path} is larger than an attestation can be.")
    return body
