"""Checks an export from its bytes alone: no database, no network, no part of the service that wrote it.

Only the standard library, `cryptography` and `rfc8785` are needed. `docs/proof-format.md` says what is
checked and why, well enough to write another verifier."""

import hashlib
import json
import zipfile
from dataclasses import dataclass
from typing import BinaryIO

import rfc8785

from consent.errors import BrokenExport
from consent.proof.audit import Audit
from consent.proof.checkpoint import Checkpoint, VerifierKey, read_checkpoint, read_note
from consent.proof.failure import Failed, Failure
from consent.proof.parts import lines, open_zip, part
from consent.proof.story import MEMBERS, Json, Story, canonical_object
from consent.proof.tree import append, leaf_hash, merkle_root
from consent.proof.witness import Witness

__all__ = ["Failed", "Failure", "Verified", "verify"]

FILES = ("leaves.jsonl", "decisions.jsonl", "purposes.jsonl", "policies.jsonl", "checkpoint", "keys")


@dataclass(frozen=True, slots=True)
class Verified:
    """What held: sizes, the checkpoint, and whether its signature was checked."""

    log: str
    leaves: int
    decisions: int
    root: str
    authenticated: bool
    witness: int | None  # leaves that the older checkpoint covered


def verify(file: BinaryIO, key: VerifierKey | None = None, witness: Witness | None = None) -> Verified:
    """Check everything that can be checked. Raises `Failed` with the first thing that does not hold."""
    with open_zip(file) as archive:
        log = _manifest(archive)
        checkpoint = _checkpoint(archive, log, key)
        if witness is not None:
            _admit(witness, log, key)
        story = _read_leaves(archive, log, witness)
        if story.frontier.size != checkpoint.size or story.frontier.root() != checkpoint.root:
            raise Failed(
                Failure.ROOT,
                f"The {story.frontier.size} leaves do not give the root that the checkpoint has for "
                f"{checkpoint.size} leaves: a leaf was changed, added or taken away.",
            )
        if witness is not None:
            _compare(story, witness)
        rules = _read_notices(archive, story)
        count = _read_decisions(archive, story, rules)
    return Verified(
        log,
        checkpoint.size,
        count,
        checkpoint.root.hex(),
        key is not None,
        witness.checkpoint.size if witness else None,
    )


# ------------------------------------------------------------------ the parts of the archive


def _manifest(archive: zipfile.ZipFile) -> str:
    try:
        manifest = json.loads(part(archive, "manifest.json"))
        log, files, known = manifest["log"], manifest["files"], manifest["format"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Failed(Failure.UNREADABLE, "The export's manifest cannot be read.") from None
    if known != "virta-consent-export" or manifest.get("v") != 1 or not isinstance(log, str):
        raise Failed(Failure.UNREADABLE, "The export has a format that this verifier does not know.")
    for name in FILES:
        if not isinstance(files, dict) or hashlib.sha256(part(archive, name)).hexdigest() != files.get(name):
            raise Failed(Failure.UNREADABLE, f"Of the export, `{name}` is not what the manifest says.")
    return log


def _checkpoint(archive: zipfile.ZipFile, log: str, key: VerifierKey | None) -> Checkpoint:
    try:
        note = read_note(part(archive, "checkpoint").decode())
        checkpoint = read_checkpoint(note.text)
    except (BrokenExport, UnicodeDecodeError) as fault:
        raise Failed(Failure.UNREADABLE, f"The export's checkpoint cannot be read. {fault}") from None
    if key is not None and not note.signed_by(key):
        raise Failed(Failure.SIGNATURE, f"The export's checkpoint is not signed by the key {key.line()}.")
    if checkpoint.origin != log:
        raise Failed(
            Failure.LEAF, f"The checkpoint is one of the log {checkpoint.origin}, the export of {log}."
        )
    return checkpoint


def _admit(witness: Witness, log: str, key: VerifierKey | None) -> None:
    if witness.checkpoint.origin != log:
        raise Failed(
            Failure.WITNESS,
            f"The older checkpoint is one of the log {witness.checkpoint.origin}, not of {log}.",
        )
    if key is not None and not witness.note.signed_by(key):
        raise Failed(Failure.WITNESS, "The older checkpoint is not signed by the key given: it says nothing.")


def _compare(story: Story, witness: Witness) -> None:
    size = witness.checkpoint.size
    if size > story.frontier.size:
        raise Failed(
            Failure.HISTORY,
            f"The older checkpoint saw {size} leaves, the export has {story.frontier.size}: "
            "leaves were taken away.",
        )
    if story.roots[size] != witness.checkpoint.root:
        raise Failed(
            Failure.HISTORY,
            f"The first {size} leaves are not those that the older checkpoint saw: history was rewritten.",
        )
    if witness.leaf is not None and story.receipt != witness.leaf[1:]:
        raise Failed(Failure.HISTORY, f"Leaf {witness.leaf[0]} is not the one that the receipt tells of.")


# ------------------------------------------------------------------ leaves


def _read_leaves(archive: zipfile.ZipFile, log: str, witness: Witness | None) -> Story:
    story = Story()
    sizes = {witness.checkpoint.size} if witness else set()
    if 0 in sizes:
        story.roots[0] = story.frontier.root()
    for number, line in lines(archive, "leaves.jsonl"):
        leaf = canonical_object(line, Failure.LEAF, f"Leaf {number - 1}")
        if not leaf.keys() >= MEMBERS or leaf["v"] != 1 or leaf["log"] != log or leaf["seq"] != number - 1:
            raise Failed(
                Failure.LEAF, f"Leaf {number - 1} lacks a member, has another position, or is of another log."
            )
        story.frontier, _ = append(story.frontier, leaf_hash(line))
        if number in sizes:
            story.roots[number] = story.frontier.root()
        if witness is not None and witness.leaf is not None and witness.leaf[0] == number - 1:
            story.receipt = (str(leaf["subject"]), str(leaf["type"]))
        story.tell(number - 1, leaf)
    return story


# ------------------------------------------------------------------ words and rules


def _read_notices(archive: zipfile.ZipFile, story: Story) -> dict[str, Json]:
    """The policies by digest; that all words and rules which leaves refer to are there is checked."""
    words = {hashlib.sha256(line).hexdigest() for _, line in lines(archive, "purposes.jsonl")}
    for version, seq in story.notices.items():
        if version not in words:
            raise Failed(
                Failure.NOTICE, f"The words of leaf {seq} are missing from the export, or were changed."
            )
    rules = {}
    for number, line in lines(archive, "policies.jsonl"):
        rules[hashlib.sha256(line).hexdigest()] = canonical_object(line, Failure.NOTICE, f"Policy {number}")
    for digest, seq in story.policies.items():
        if digest not in rules:
            raise Failed(
                Failure.NOTICE, f"The policy of leaf {seq} is missing from the export, or was changed."
            )
    return rules


# ------------------------------------------------------------------ decisions


def _read_decisions(archive: zipfile.ZipFile, story: Story, rules: dict[str, Json]) -> int:
    audit = Audit(story, rules)
    hashes: list[bytes] = []
    waiting = iter(story.batches.items())
    current = next(waiting, None)
    count = 0
    for number, line in lines(archive, "decisions.jsonl"):
        entry = canonical_object(line, Failure.DECISIONS, f"Decision {number}")
        record = entry.get("record")
        if set(entry) != {"batch", "record"} or not isinstance(record, dict):
            raise Failed(Failure.DECISIONS, f"Decision {number} lacks its batch or its record.")
        if current is None or entry["batch"] != current[0]:
            raise Failed(Failure.DECISIONS, f"Decision {number} does not belong where it stands.")
        hashes.append(leaf_hash(rfc8785.dumps(record)))
        audit.judge(number, current[0], current[1][2], record)
        count += 1
        if len(hashes) == current[1][0]:
            if merkle_root(hashes).hex() != current[1][1]:
                raise Failed(
                    Failure.DECISIONS,
                    f"The decisions of batch {current[0]} do not give the root in its leaf.",
                )
            hashes = []
            current = next(waiting, None)
    if current is not None:
        raise Failed(Failure.DECISIONS, f"Decisions of batch {current[0]} are missing.")
    return count
