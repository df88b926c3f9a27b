"""What the controller puts their name to: that the people of another system's list agreed, how, and to which
words. What they say is a file; signed with their own key, of the files that it is about, it attests."""

import tomllib
from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from consent.contract.imports import Attested, ImportFile
from consent.proof.attestation import (
    LARGEST,
    Attestation,
    AttestedFile,
    Unattested,
    day_begins,
    project_of,
    public_half,
    sign_attestation,
)
from consent.subscriber.terms import ImportRefused, attested_by
from virta.importing.files import look_at, parts_of
from virta.misfit import in_plain_words
from virta.settings import BrokenProject, Controller


class _Said(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The file that is to be signed."""

    controller: str
    by: str
    on: str  # the day, 2026-11-20
    topics: tuple[str, ...]
    form: str
    wording: str


def attest(path: Path, files: Sequence[Path], key: str, now: int) -> str:
    """The signed note of what the file at `path` says about people in `files`. `key` is the controller's
    private key, `now` in ms UTC. Raises `BrokenProject`."""
    try:
        said = msgspec.convert(tomllib.loads(_read(path).decode()), _Said)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise BrokenProject(f"{path} is not valid TOML: {fault}.") from None
    except msgspec.ValidationError as fault:
        raise BrokenProject(f"{path}: {in_plain_words(fault, _Said)}") from None
    empty = next((name for name in _Said.__struct_fields__ if not _filled(getattr(said, name))), None)
    if empty is not None:
        raise BrokenProject(f"{path}: `{empty}` is empty; an attestation says all of it.")
    looked = [look_at(part) for part in parts_of(files)]
    attested = tuple(AttestedFile(each.part.shown, each.digest) for each in looked)
    try:
        if day_begins(said.on) > now:
            raise BrokenProject(f"{path}: `on` is {said.on}, a day that is yet to come.")
        project = project_of(public_half(key))
        whole = Attestation(
            project, said.controller, said.by, said.on, said.topics, said.form, said.wording, attested
        )
        return sign_attestation(whole, key)
    except Unattested as fault:
        raise BrokenProject(f"{path}: {fault}") from None


def read_attested(
    path: Path, controller: Controller, topics: Sequence[str], files: Sequence[ImportFile], now: int
) -> tuple[Attested, bytes]:
    """What the signed note at `path` attests of an import of these `topics` and `files`, and its bytes. `now`
    in ms UTC. Raises `BrokenProject`."""
    note = _read(path)
    try:
        attested = attested_by(note, controller.attestation_key, {controller.name}, files, now)
    except ImportRefused as fault:
        raise BrokenProject(f"{path}: {fault}") from None
    unknown = [topic for topic in attested.topics if topic not in topics]
    if unknown:
        raise BrokenProject(f"{path} speaks of `{unknown[0]}`, which is not imported: see --topic.")
    return attested, note


def _read(path: Path) -> bytes:
    try:
        body = path.read_bytes()
    except OSError as fault:
        raise BrokenProject(f"{path} cannot be read: {fault.strerror}.") from None
    if len(body) > LARGEST:
        raise BrokenProject(f"{path} is larger than an attestation can be.")
    return body


def _filled(value: str | tuple[str, ...]) -> bool:
    return bool(value) and all(part.strip() for part in ([value] if isinstance(value, str) else value))
