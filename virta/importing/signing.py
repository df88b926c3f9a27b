"""The controller signs what they say of people whom an import brings: of its files, and of each row as it
will be brought."""

import tomllib
from pathlib import Path

import msgspec
from msgspec import Struct

from consent.proof.attestation import (
    Attestation,
    AttestedFile,
    Unattested,
    day_begins,
    project_of,
    public_half,
    sign_attestation,
)
from consent.subscriber.terms import part_digest
from virta.importing.attestation import read_small
from virta.importing.order import Prepared
from virta.importing.passing import Counted, rows_of
from virta.importing.scratch import Met
from virta.importing.weighing import parts
from virta.misfit import in_plain_words
from virta.settings import BrokenProject


class Said(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The file that is to be signed."""

    controller: str
    by: str
    on: str  # the day, 2026-11-20
    topics: tuple[str, ...]
    form: str
    wording: str


def read_said(path: Path, now: int) -> Said:
    """What the file at `path` says. `now` in ms UTC. Raises `BrokenProject`."""
    try:
        said = msgspec.convert(tomllib.loads(read_small(path).decode()), Said)
        ahead = day_begins(said.on) > now
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise BrokenProject(f"{path} is not valid TOML: {fault}.") from None
    except msgspec.ValidationError as fault:
        raise BrokenProject(f"{path}: {in_plain_words(fault, Said)}") from None
    except Unattested as fault:
        raise BrokenProject(f"{path}: {fault}") from None
    empty = next((name for name in Said.__struct_fields__ if not _filled(getattr(said, name))), None)
    if empty is not None:
        raise BrokenProject(f"{path}: `{empty}` is empty; an attestation says all of it.")
    if ahead:
        raise BrokenProject(f"{path}: `on` is {said.on}, a day that is yet to come.")
    return said


def attest(said: Said, prepared: Prepared, key: str, now: int, skip_faulty: bool = False) -> str:
    """The signed note of what is `said` about the people of an import. `key` is the controller's private key,
    `now` in ms UTC. Raises `BrokenProject`, also for rows that cannot be read, but for `skip_faulty`."""
    files = tuple(AttestedFile(file.name, file.digest) for file in prepared.what.files)
    try:
        project = project_of(public_half(key))
        signed = _digests(prepared, now, skip_faulty)
        return sign_attestation(
            Attestation(
                project,
                said.controller,
                said.by,
                said.on,
                said.topics,
                said.form,
                said.wording,
                files,
                signed,
            ),
            key,
        )
    except Unattested as fault:
        raise BrokenProject(str(fault)) from None


def _digests(prepared: Prepared, now: int, skip_faulty: bool) -> tuple[str, ...]:
    counted = Counted()
    with Met() as met:
        rows = rows_of(prepared, met, counted, now, lambda fault: None)
        found = tuple(part_digest([entry for entry, _ in part]) for part in parts(rows))
    if counted.faults and not skip_faulty:
        raise BrokenProject(
            f"{counted.faults:,} of the rows cannot be read; `virta import` shows which. Correct them, or "
            "leave them out with --skip-faulty, here and there."
        )
    if not found:
        raise BrokenProject("The files have no row that could be attested.")
    return found


def _filled(value: str | tuple[str, ...]) -> bool:
    return bool(value) and all(part.strip() for part in ([value] if isinstance(value, str) else value))
