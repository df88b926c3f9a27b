"""The controller's word on an import: the signed note, read before anything is done, and the rows that it is
of."""

from collections.abc import Sequence
from pathlib import Path

from consent.contract.imports import Attested, Entry, ImportFile
from consent.proof.attestation import LARGEST, Unattested, project_of, read_attestation, read_key
from consent.proof.checkpoint import read_verifier_key
from consent.subscriber.terms import ImportRefused, attested_by, part_digest
from virta.operating.asking import Asked
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


def key_of_another(key: str, log: str) -> str:
    """What is to be said of a controller's public key (its line) that is of another log than the one called
    `log`, with which nobody can attest there; empty: it is of this one."""
    try:
        project = project_of(read_key(key))
    except Unattested as fault:
        return str(fault)
    if project == log:
        return ""
    return (
        f"`controller.attestation_key` is a key for the log {project}, and this one is called {log}, as it "
        "was at its beginning: nobody can attest an import with it."
    )


MAKE_ANEW = (
    "Make another with `virta consent attest --new-key FILE --name {log}`, write its public half under "
    "[controller], and apply."
)
"""What to do about a key of another log."""


async def refuse_other_log(consent: Asked, attested: Attested | None) -> None:
    """Raise `BrokenProject` for an attestation that is not for the log of the service that is asked."""
    if attested is None:
        return
    for known in (await consent.log_keys())[:1]:
        log = read_verifier_key(known.line).name
        fault = key_of_another(attested.key, log)
        if fault:
            raise BrokenProject(f"{fault} {MAKE_ANEW.format(log=log)}")


def read_small(path: Path) -> bytes:
    """The bytes of a note, or of what is to become one. Raises `BrokenProject`."""
    try:
        body = path.read_bytes()
    except OSError as fault:
        raise BrokenProject(f"{path} cannot be read: {fault.strerror}.") from None
    if len(body) > LARGEST:
        raise BrokenProject(f"{path} is larger than an attestation can be.")
    return body
