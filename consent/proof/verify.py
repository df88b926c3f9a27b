"""Checks an export from its bytes alone: no database, no network, no part of the service that wrote it.

Only the standard library, `cryptography` and `rfc8785` are needed. `docs/proof-format.md` says what is
checked and why, well enough to write another verifier. The large parts are read once, as a stream."""

import hashlib
import json
import zipfile
from dataclasses import dataclass, field
from typing import BinaryIO, NamedTuple

from consent.errors import BrokenExport
from consent.proof.audit import Audit
from consent.proof.checkpoint import (
    Checkpoint,
    Note,
    VerifierKey,
    read_checkpoint,
    read_note,
    read_verifier_key,
)
from consent.proof.decisions import Decisions
from consent.proof.failure import Failed, Failure
from consent.proof.kept_checkpoint import KeptCheckpoint
from consent.proof.keychain import Keychain
from consent.proof.parts import Lines, open_zip, part
from consent.proof.story import Story
from consent.proof.told import Json, canonical_object, read_leaf
from consent.proof.tree import Growing

__all__ = ["Failed", "Failure", "Verified", "verify"]

MANIFEST = "manifest.json"
FILES = (
    "leaves.jsonl",
    "decisions.jsonl",
    "purposes.jsonl",
    "policies.jsonl",
    "checkpoint",
    "checkpoints.jsonl",
    "keys",
)


@dataclass(frozen=True, slots=True)
class Verified:
    """What held: sizes, the checkpoint, and whether its signature was checked. `gaps` are the leaves by which
    a lost key was given up: nobody vouches for the keys after it. `let_go` are the decisions that are kept no
    longer, of batches before `let_go_before`, as leaf `let_go_by` says; each was kept for `let_go_after`
    months at least."""

    log: str
    leaves: int
    decisions: int
    root: str
    authenticated: bool
    older: int | None  # leaves that the older checkpoint covered
    keys: int = 1
    gaps: tuple[int, ...] = ()
    let_go: int = 0
    let_go_before: int = 0
    let_go_by: int = 0
    let_go_after: int = 0
    signed_by: tuple[VerifierKey, ...] = ()  # those that had to sign the checkpoint, and did


class _Manifest(NamedTuple):
    """What an export says of itself: the log's name, each part's SHA-256 (hex), and how much it holds."""

    log: str
    digests: dict[str, str]
    leaves: int
    decisions: int


@dataclass(slots=True)
class _Seen:
    """What was read of the leaves: their story, their tree at some sizes, and one leaf to be looked at."""

    story: Story = field(default_factory=Story)
    roots: dict[int, bytes] = field(default_factory=dict)
    size: int = 0
    line: bytes = b""  # of the leaf that the older checkpoint names


def verify(file: BinaryIO, key: VerifierKey | None = None, older: KeptCheckpoint | None = None) -> Verified:
    """Check everything that can be checked. Raises `Failed` with the first thing that does not hold."""
    with open_zip(file) as archive:
        told = _manifest(archive)
        log, digests = told.log, told.digests
        keys = _keys(_small(archive, "keys", digests), log)
        if key is not None and key not in keys:
            raise Failed(Failure.SIGNATURE, f"The export's log is not signed by the key {key.line()}.")
        newest = _note(_small(archive, "checkpoint", digests), log)
        earlier = _older(_small(archive, "checkpoints.jsonl", digests), log, newest[0])
        if older is not None:
            _admit(older, log, keys)
        notes = [*earlier, newest]
        seen = _read_leaves(archive, digests, log, {found.size for found, _ in notes}, older)
        chain = _check_notes(seen, notes, keys)
        if key is not None and not chain.vouched(key, [found.size for found, _ in notes]):
            raise Failed(
                Failure.GAP,
                f"The key {key.line()} was one of the log's, and never vouched for those that sign it now: "
                "it was lost. Ask the operator for the new key by a way that you trust.",
            )
        if older is not None:
            _compare(seen, older)
        rules = _read_notices(archive, digests, seen.story)
        found = _read_decisions(archive, digests, seen.story, rules)
    if (told.leaves, told.decisions) != (seen.size, found.kept):
        raise Failed(
            Failure.UNREADABLE,
            f"The manifest tells of {told.leaves} leaves and {told.decisions} decisions, "
            f"the export has {seen.size} and {found.kept}.",
        )
    expiries = seen.story.expiries
    return Verified(
        log,
        seen.size,
        found.kept,
        newest[0].root.hex(),
        key is not None,
        older.checkpoint.size if older else None,
        len(keys),
        tuple(chain.lost),
        found.gone,
        expiries.before,
        expiries.leaf,
        expiries.months,
        chain.signing(newest[0].size),
    )


# ------------------------------------------------------------------ the small parts


def _manifest(archive: zipfile.ZipFile) -> _Manifest:
    try:
        manifest = json.loads(part(archive, MANIFEST), object_pairs_hook=_once)
        log, files, known = manifest["log"], manifest["files"], manifest["format"]
        counts = [manifest[name] for name in ("v", "leaves", "decisions", "at")]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Failed(Failure.UNREADABLE, "The export's manifest cannot be read.") from None
    whole = isinstance(log, str) and all(type(count) is int for count in counts)
    if known != "virta-consent-export" or counts[0] != 1 or not whole or len(manifest) != 7:
        raise Failed(Failure.UNREADABLE, "The export has a format that this verifier does not know.")
    if not isinstance(files, dict) or files.keys() != {*FILES}:
        raise Failed(Failure.UNREADABLE, "The export's manifest does not name all parts, or others too.")
    if sorted(archive.namelist()) != sorted((*FILES, MANIFEST)):
        raise Failed(Failure.UNREADABLE, "The export has a part twice, or parts that it may not have.")
    return _Manifest(log, files, counts[1], counts[2])


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a member stands twice")
    return found


def _small(archive: zipfile.ZipFile, name: str, digests: dict[str, str]) -> bytes:
    found = part(archive, name)
    if hashlib.sha256(found).hexdigest() != digests[name]:
        raise Failed(Failure.UNREADABLE, f"Of the export, `{name}` is not what the manifest says.")
    return found


def _keys(data: bytes, log: str) -> list[VerifierKey]:
    try:
        keys = [read_verifier_key(line) for line in data.decode().split("\n")[:-1]]
    except (BrokenExport, UnicodeDecodeError) as fault:
        raise Failed(Failure.UNREADABLE, f"The export's keys cannot be read. {fault}") from None
    if b"".join(key.line().encode() + b"\n" for key in keys) != data:
        raise Failed(Failure.UNREADABLE, "The export's keys are not a line each.")
    for key in keys:
        if key.name != log:
            raise Failed(Failure.LEAF, f"The export is one of the log {log}, a key in it of {key.name}.")
    return keys


def _note(data: bytes, log: str) -> tuple[Checkpoint, Note]:
    try:
        note = read_note(data.decode())
        checkpoint = read_checkpoint(note.text)
    except (BrokenExport, UnicodeDecodeError) as fault:
        raise Failed(Failure.UNREADABLE, f"A checkpoint in the export cannot be read. {fault}") from None
    if checkpoint.origin != log:
        raise Failed(
            Failure.LEAF, f"The checkpoint is one of the log {checkpoint.origin}, the export of {log}."
        )
    return checkpoint, note


def _older(data: bytes, log: str, newest: Checkpoint) -> list[tuple[Checkpoint, Note]]:
    notes = []
    before = 0
    lines = data.split(b"\n")
    if lines.pop():
        raise Failed(Failure.UNREADABLE, "The earlier checkpoints end in the middle of a line.")
    for number, line in enumerate(lines, 1):
        entry = canonical_object(line, Failure.UNREADABLE, f"Checkpoint {number}")
        note = entry.get("note")
        if len(entry) != 1 or not isinstance(note, str):
            raise Failed(Failure.UNREADABLE, f"Checkpoint {number} is no note.")
        found = _note(note.encode(), log)
        if not before < found[0].size < newest.size:
            raise Failed(Failure.UNREADABLE, f"Checkpoint {number} does not belong where it stands.")
        before = found[0].size
        notes.append(found)
    return notes


def _admit(older: KeptCheckpoint, log: str, keys: list[VerifierKey]) -> None:
    if older.checkpoint.origin != log:
        raise Failed(
            Failure.KEPT_CHECKPOINT,
            f"The older checkpoint is one of the log {older.checkpoint.origin}, not of {log}.",
        )
    if not older.note.sound(keys) or not any(older.note.signed_by(key) for key in keys):
        raise Failed(
            Failure.KEPT_CHECKPOINT,
            "The older checkpoint is signed by none of the log's keys, or falsely: it says nothing.",
        )


def _compare(seen: _Seen, older: KeptCheckpoint) -> None:
    size = older.checkpoint.size
    if size > seen.size:
        raise Failed(
            Failure.HISTORY,
            f"The older checkpoint saw {size} leaves, the export has {seen.size}: leaves were taken away.",
        )
    if seen.roots[size] != older.checkpoint.root:
        raise Failed(
            Failure.HISTORY,
            f"The first {size} leaves are not those that the older checkpoint saw: history was rewritten.",
        )
    if older.place >= seen.size:
        raise Failed(
            Failure.HISTORY,
            f"The receipt tells of leaf {older.place}, the export has {seen.size} leaves: leaves were "
            "taken away. (No signature covers what a receipt says of a leaf behind its checkpoint.)",
        )
    if not older.tells_of(seen.line):
        raise Failed(Failure.HISTORY, f"Leaf {older.place} is not the one that the receipt tells of.")


# ------------------------------------------------------------------ leaves


def _read_leaves(
    archive: zipfile.ZipFile, digests: dict[str, str], log: str, sizes: set[int], older: KeptCheckpoint | None
) -> _Seen:
    seen, tree, place = _Seen(), Growing(), -1
    if older is not None:
        sizes, place = sizes | {older.checkpoint.size}, older.place
    if 0 in sizes:
        seen.roots[0] = tree.root()
    tell, add = seen.story.tell, tree.add
    with Lines(archive, "leaves.jsonl", digests["leaves.jsonl"]) as lines:
        for seq, line in enumerate(lines):
            leaf = read_leaf(line, log, seq)
            add(line)
            if seq + 1 in sizes:
                seen.roots[seq + 1] = tree.root()
            if seq == place:
                seen.line = line
            tell(seq, leaf)
    seen.size = tree.size
    return seen


def _check_notes(seen: _Seen, notes: list[tuple[Checkpoint, Note]], keys: list[VerifierKey]) -> Keychain:
    newest, _ = notes[-1]
    if seen.size != newest.size:
        raise Failed(
            Failure.ROOT,
            f"The export has {seen.size} leaves, its checkpoint {newest.size}: some came or went.",
        )
    for checkpoint, _ in notes:
        if seen.roots[checkpoint.size] != checkpoint.root:
            raise Failed(
                Failure.ROOT,
                f"The leaves do not give the root that the checkpoint of {checkpoint.size} leaves has: "
                "a leaf was changed, added or taken away.",
            )
    chain = Keychain(seen.story.keys, keys)
    for checkpoint, note in notes:
        chain.check(checkpoint, note)
    return chain


# ------------------------------------------------------------------ words and rules


def _read_notices(archive: zipfile.ZipFile, digests: dict[str, str], story: Story) -> dict[str, Json]:
    """The policies by digest; that all words and rules which leaves refer to are there is checked."""
    with Lines(archive, "purposes.jsonl", digests["purposes.jsonl"]) as lines:
        topics = {}
        for number, line in enumerate(lines, 1):
            found = canonical_object(line, Failure.NOTICE, f"Purpose {number}")
            topics[hashlib.sha256(line).hexdigest()] = found.get("topic")
    for (topic, version), seq in story.notices.items():
        if version not in topics:
            raise Failed(
                Failure.NOTICE, f"The words of leaf {seq} are missing from the export, or were changed."
            )
        if topics[version] != topic:
            raise Failed(Failure.NOTICE, f"The words of leaf {seq} are not those of `{topic}`.")
    rules = {}
    with Lines(archive, "policies.jsonl", digests["policies.jsonl"]) as lines:
        for number, line in enumerate(lines, 1):
            found = canonical_object(line, Failure.NOTICE, f"Policy {number}")
            rules[hashlib.sha256(line).hexdigest()] = found
    for digest, seq in story.policies.items():
        if digest not in rules:
            raise Failed(
                Failure.NOTICE, f"The policy of leaf {seq} is missing from the export, or was changed."
            )
    return rules


# ------------------------------------------------------------------ decisions


def _read_decisions(
    archive: zipfile.ZipFile, digests: dict[str, str], story: Story, rules: dict[str, Json]
) -> Decisions:
    found = Decisions(story, Audit(story, rules))
    with Lines(archive, "decisions.jsonl", digests["decisions.jsonl"]) as lines:
        found.read(lines)
    return found
