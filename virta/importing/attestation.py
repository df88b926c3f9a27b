"""What the controller puts their name to: that the people of another system's list agreed, how, and to which
words. A file, whose hash stands in the evidence of each person whom it speaks for."""

import hashlib
import tomllib
from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from consent.contract.imports import Attested
from virta.misfit import in_plain_words
from virta.settings import BrokenProject

_LARGEST = 1 << 20


class _Said(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The file. `signed` says how: by whom, with what, where the signature is kept."""

    controller: str
    by: str
    on: str  # the day, 2026-11-20
    topics: tuple[str, ...]
    form: str
    wording: str
    signed: str


def read_attestation(path: Path, controller: str, topics: Sequence[str]) -> tuple[Attested, bytes]:
    """The attestation in a file, and its bytes. `controller` is the project's, `topics` are those of the
    import. Raises `BrokenProject`."""
    try:
        body = path.read_bytes()
        if len(body) > _LARGEST:
            raise BrokenProject(f"{path} is larger than an attestation can be.")
        said = msgspec.convert(tomllib.loads(body.decode()), _Said)
    except OSError as fault:
        raise BrokenProject(f"{path} cannot be read: {fault.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise BrokenProject(f"{path} is not valid TOML: {fault}.") from None
    except msgspec.ValidationError as fault:
        raise BrokenProject(f"{path}: {in_plain_words(fault, _Said)}") from None
    empty = next((name for name in _Said.__struct_fields__ if not _filled(getattr(said, name))), None)
    if empty is not None:
        raise BrokenProject(f"{path}: `{empty}` is empty; an attestation says all of it.")
    if said.controller != controller:
        raise BrokenProject(
            f"{path} is signed for {said.controller}; the controller in virta.toml is {controller}. Only the "
            "controller can attest, in their own name."
        )
    unknown = [topic for topic in said.topics if topic not in topics]
    if unknown:
        raise BrokenProject(f"{path} speaks of `{unknown[0]}`, which is not imported: see --topic.")
    digest = hashlib.sha256(body).hexdigest()
    return Attested(digest, said.by, said.on, said.topics, said.form, said.wording, said.signed), body


def _filled(value: str | tuple[str, ...]) -> bool:
    return bool(value) and all(part.strip() for part in ([value] if isinstance(value, str) else value))
