"""Attestations: what the controller says of people whom an import brings, signed with a key of their own.

A C2SP signed note. Its text is a line with the form's name, and one of canonical JSON (RFC 8785). Whoever
has the note and the controller's public key checks it, with no service and no store."""

import base64
import binascii
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import msgspec
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct

from consent.errors import BrokenExport
from consent.proof.checkpoint import VerifierKey, read_note, read_verifier_key, sign_note, verifier_key

FORM = "virta-attestation/v1"
LARGEST = 1 << 20
_WHOSE = "/controller"
_PRIVATE = "PRIVATE+KEY+"
_ED25519 = b"\x01"
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z", re.ASCII)
_YEARS = range(1970, 9001)


class AttestedFile(Struct, frozen=True, forbid_unknown_fields=True):
    """A file of the import, by the SHA-256 of its bytes (hex)."""

    name: str
    sha256: str


class Attestation(Struct, frozen=True, forbid_unknown_fields=True):
    """Who says on which day (`on`, as in `2026-03-01`) that the people in `files` agreed to `topics`, by
    which form and to which words. `project` is the name of the log that it is for; `parts` are all rows of
    the import, 500 by 500 in the order in which they are brought: the SHA-256 (hex) of each part."""

    project: str
    controller: str
    by: str
    on: str
    topics: tuple[str, ...]
    form: str
    wording: str
    files: tuple[AttestedFile, ...]
    parts: tuple[str, ...]


class Unattested(ValueError):
    """A note that attests nothing here; the message says why, and what to do."""


def new_key(project: str, entropy: Callable[[int], bytes]) -> str:
    """A new private key of a project's controller, in a line: `PRIVATE+KEY+NAME+ID+SEED`."""
    seed = entropy(32)
    public = verifier_key(project + _WHOSE, Ed25519PrivateKey.from_private_bytes(seed))
    return f"{_PRIVATE}{public.name}+{public.id().hex()}+{base64.b64encode(_ED25519 + seed).decode()}"


def public_half(line: str) -> VerifierKey:
    """The public key that belongs to a private one. Raises `Unattested`."""
    return _private(line)[0]


def sign_attestation(said: Attestation, line: str) -> str:
    """The signed note. `line` is the controller's private key. Raises `Unattested` for a key of another
    project, and for more than a note can hold."""
    public, private = _private(line)
    if public.name != said.project + _WHOSE:
        raise Unattested(f"The key is that of {project_of(public)}, and not of {said.project}.")
    text = f"{FORM}\n{rfc8785.dumps(msgspec.to_builtins(said)).decode()}\n"
    note = sign_note(text, [(public.name, private)])
    if len(note.encode()) > LARGEST:
        raise Unattested(
            "That is more than one attestation can speak of. Import it in several, each attested."
        )
    return note


def read_key(line: str) -> VerifierKey:
    """The public key of a controller. Raises `Unattested`."""
    try:
        key = read_verifier_key(line)
    except BrokenExport as fault:
        raise Unattested(str(fault)) from None
    if not key.name.endswith(_WHOSE):
        raise Unattested(f"The key is called {key.name}; that of a controller is called PROJECT{_WHOSE}.")
    return key


def project_of(key: VerifierKey) -> str:
    """The project whose controller has this key."""
    return key.name.removesuffix(_WHOSE)


def read_attestation(note: bytes, key: VerifierKey) -> Attestation:
    """What a note says that is signed with `key`. Raises `Unattested`."""
    try:
        if len(note) > LARGEST:
            raise Unattested("It is larger than an attestation can be.")
        read = read_note(note.decode())
        form, _, body = read.text.partition("\n")
        if form != FORM:
            raise Unattested(f"It is a signed note, and no attestation: it does not begin with {FORM}.")
        said = msgspec.json.decode(body, type=Attestation)
    except UnicodeDecodeError:
        raise Unattested("It is no signed note: it is not UTF-8 text.") from None
    except BrokenExport as fault:
        raise Unattested(f"{fault} `virta consent attest` makes one.") from None
    except msgspec.DecodeError as fault:
        raise Unattested(f"The attestation does not say what it must: {fault}.") from None
    if said.project != project_of(key):
        raise Unattested(f"The attestation is for the project {said.project}, and this is {project_of(key)}.")
    if not read.signed_by(key):
        mine = any((name, key_id) == (key.name, key.id()) for name, key_id, _ in read.signatures)
        raise Unattested(
            "The attestation was altered after it had been signed: its signature does not fit it."
            if mine
            else f"The attestation is signed with another key than {key.line()}, which stands in virta.toml."
        )
    if not all([said.controller, said.by, said.topics, said.form, said.wording, said.files, said.parts]):
        raise Unattested("The attestation leaves something empty; it says all of it.")
    day_ends(said.on)
    return said


def day_ends(day: str) -> int:
    """The end of a day, as in `2026-03-01`, wherever on Earth it ends last (UTC-12), in ms UTC. Raises
    `Unattested`."""
    try:
        found = date.fromisoformat(day) if _DAY.match(day) else None
    except ValueError:
        found = None
    if found is None or found.year not in _YEARS:
        raise Unattested(f"`{day}` is no day; write one as in `2026-03-01`.")
    midnight = datetime(found.year, found.month, found.day, tzinfo=UTC)
    return int((midnight + timedelta(hours=36)).timestamp() * 1000)


def day_begins(day: str) -> int:
    """Its beginning, wherever it begins first (UTC+14), in ms UTC. Raises `Unattested`."""
    return day_ends(day) - 50 * 3_600_000


def _private(line: str) -> tuple[VerifierKey, Ed25519PrivateKey]:
    whole = line.strip()
    name, _, tail = whole.removeprefix(_PRIVATE).partition("+")
    key_id, _, seed = tail.partition("+")
    try:
        blob = base64.b64decode(seed, validate=True)
    except (binascii.Error, ValueError):
        blob = b""
    if not (
        whole.startswith(_PRIVATE) and name.endswith(_WHOSE) and len(blob) == 33 and blob[:1] == _ED25519
    ):
        raise Unattested("This is no key of a controller; `virta consent attest --new-key FILE` makes one.")
    private = Ed25519PrivateKey.from_private_bytes(blob[1:])
    public = verifier_key(name, private)
    if public.id().hex() != key_id:
        raise Unattested("The controller's key was mistyped: its id does not belong to its bytes.")
    return public, private
