"""What an import must keep to, whoever brings it: those who had left come first, what is attested is what the
controller signed, of the files that were named and row by row, and a note is good for one import."""

import hashlib
import re
from collections.abc import Collection, Sequence

import msgspec

from consent.contract.imports import (
    PART,
    STOPPED,
    Attested,
    Brought,
    Entry,
    Import,
    ImportFile,
    ImportRecord,
    Stood,
    Taking,
)
from consent.contract.operator import MOST_ROWS
from consent.ledger.subjects import kept_form
from consent.ledger.transaction import Reading
from consent.proof.attestation import Unattested, day_begins, read_attestation, read_key
from consent.subscriber.imported import UNDONE, imports_of

_ID = re.compile(r"[0-9a-f]{8,64}\Z")
_BROUGHT = (Brought.ATTESTED, Brought.UNPROVEN, Brought.KNOWN, Brought.WITHDRAWN, Brought.STOPPED)
"""What only a row of somebody becomes who had not left the other system."""


class ImportRefused(ValueError):
    """An import, or a part of one, that breaks its terms; the message says which."""


def refuse_import(what: Import, attestation: bytes, taking: Taking, reading: Reading) -> None:
    """Raise `ImportRefused` unless it says what it is of, the controller has signed what is attested, and
    `taking` allows it."""
    if taking is Taking.NEVER:
        raise ImportRefused("The consent service takes nobody from elsewhere: `imports` is `never` there.")
    if taking is Taking.UNPROVEN and what.attested is not None:
        raise ImportRefused("The consent service attests of nobody: `imports` is `unproven` there.")
    if not _ID.match(what.id):
        raise ImportRefused("The id of an import is 8 to 64 hex digits.")
    if not what.files or not what.topics or not what.importer.strip():
        raise ImportRefused("An import names its files, its topics, and who does it.")
    if not {one.value for one in STOPPED} <= {*what.tells, *what.none}:
        raise ImportRefused("An import says who had left the other system, or that nobody has.")
    if bool(attestation) != (what.attested is not None):
        raise ImportRefused("What is attested stands in an attestation, and that is handed over.")
    if what.attested is not None:
        policy, project = reading.rules.policy, reading.parts.origin
        names = {purpose.controller for purpose in policy.purposes}
        found = attested_by(attestation, policy.attestation_key, names, what.files, reading.now, project)
        if found != what.attested:
            raise ImportRefused("What is attested is not what the attestation says that was handed over.")
        _refuse_second_use(what, found.digest, reading)


def _refuse_second_use(what: Import, digest: str, reading: Reading) -> None:
    """A note is good for one import: another may have it only once that one was undone."""
    for record in imports_of(reading):
        said = record.what.attested
        if (
            record.what.id != what.id
            and record.state != UNDONE
            and said is not None
            and said.digest == digest
        ):
            raise ImportRefused(
                f"The attestation was used already, by import {record.what.id}. Undo that one first, or have "
                "a new one signed."
            )


def attested_by(
    note: bytes,
    key: str,
    controllers: Collection[str],
    files: Sequence[ImportFile],
    now: int,
    project: str = "",
) -> Attested:
    """What a signed note attests of an import of these `files`, with the controller's public `key`, in the
    name of one of `controllers`, for the log called `project` (empty: that which the key is for). Raises
    `ImportRefused`."""
    if not key:
        raise ImportRefused(
            "The controller has no key here, so nobody can attest: make one with `virta consent attest "
            "--new-key FILE`, write `attestation_key` under [controller], and apply."
        )
    try:
        verifier = read_key(key)
        said = read_attestation(note, verifier)
        begins = day_begins(said.on)
    except Unattested as fault:
        raise ImportRefused(str(fault)) from None
    if project and said.project != project:
        raise ImportRefused(f"The attestation is for the project {said.project}, and this is {project}.")
    if said.controller not in controllers:
        raise ImportRefused(
            f"The attestation is in the name of {said.controller}, and the controller here is "
            f"{' or '.join(sorted(controllers))}. Only the controller can attest, in their own name."
        )
    if begins > now:
        raise ImportRefused(f"The attestation is of {said.on}, a day that is yet to come.")
    signed, brought = {file.sha256 for file in said.files}, {file.digest for file in files}
    for file in files:
        if file.digest not in signed:
            raise ImportRefused(
                f"{file.name} is not among the files that were attested, or was changed since: its SHA-256 "
                f"is {file.digest}. Have it attested as it is."
            )
    for attested in said.files:
        if attested.sha256 not in brought:
            raise ImportRefused(f"{attested.name} was attested, and is not imported. Name all of its files.")
    if [file.digest for file in files] != [file.sha256 for file in said.files]:
        raise ImportRefused("Name the files in the order in which they were attested.")
    digest = hashlib.sha256(note).hexdigest()
    return Attested(digest, said.by, said.on, said.topics, said.form, said.wording, verifier.line())


def refuse_part(record: ImportRecord, first: int, entries: Sequence[Entry], reading: Reading) -> None:
    """Raise `ImportRefused` for rows that an import may not bring now."""
    if len(entries) > MOST_ROWS:
        raise ImportRefused(f"At most {MOST_ROWS} rows go at once.")
    if first < 0 or any(not 0 <= entry.file < len(record.what.files) for entry in entries):
        raise ImportRefused("A row is of a file that the import does not name.")
    if any(entry.confirmed_at > reading.now for entry in entries):
        raise ImportRefused("Nobody can have confirmed anything yet to come.")
    stay = first >= record.position and any(record.counts.get(one, 0) for one in _BROUGHT)
    for entry in entries:
        if stay and entry.stood in STOPPED:
            raise ImportRefused("Those who had left come before all others; begin the import anew.")
        stay = stay or entry.stood is Stood.SUBSCRIBED
    if record.what.attested is not None and entries:
        _refuse_unsigned(record.what.attested, first, entries, reading)


def part_digest(entries: Sequence[Entry]) -> str:
    """The SHA-256 (hex) of the rows of a part: each a line of JSON, `[file, line, email, stood, language,
    confirmed_at, stopped_at, [[column, cell], …]]`, the columns sorted."""
    body = hashlib.sha256()
    for entry in entries:
        *row, claimed = msgspec.structs.astuple(entry)
        body.update(msgspec.json.encode([*row, sorted(claimed.items())]) + b"\n")
    return body.hexdigest()


def _refuse_unsigned(attested: Attested, first: int, entries: Sequence[Entry], reading: Reading) -> None:
    """Each part is one that was signed, by the key that the policy names still."""
    note, key = kept_form(reading, attested.digest), reading.rules.policy.attestation_key
    if note is None or not key:
        raise ImportRefused("The attestation counts no more: the controller has no key here, or it is gone.")
    try:
        signed = read_attestation(note, read_key(key)).parts
    except Unattested as fault:
        raise ImportRefused(f"The attestation counts no more. {fault}") from None
    number, within = divmod(first, PART)
    if within or number >= len(signed) or part_digest(entries) != signed[number]:
        raise ImportRefused(
            f"These rows, from row {first} on, are not those that were attested: read the same files, in the "
            "same order and with the same options, as `virta consent attest` did."
        )
