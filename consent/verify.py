"""Checks an export from its bytes alone: no database, no network, no part of the service that wrote it.

Only the standard library, `cryptography` and `rfc8785` are needed. `docs/proof-format.md` says what is
checked and why, well enough to write another verifier."""

import hashlib
import json
import zipfile
from dataclasses import dataclass, field
from typing import BinaryIO, cast

import rfc8785

from consent.checkpoint import Checkpoint, VerifierKey, read_checkpoint, read_note
from consent.errors import BrokenExport
from consent.export_parts import lines, open_zip, part
from consent.failure import Failed, Failure
from consent.states import OVERLAYS, STOPS, TRANSITIONS, State, Step
from consent.tree import Frontier, append, leaf_hash, merkle_root
from consent.witness import Witness

__all__ = ["Failed", "Failure", "Verified", "verify"]

Json = dict[str, object]

MEMBERS = frozenset(
    (
        "v",
        "log",
        "seq",
        "at",
        "type",
        "subject",
        "purpose",
        "channel",
        "from",
        "to",
        "notice",
        "actor",
        "evidence",
    )
)
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


@dataclass(slots=True)
class _Standing:
    state: State = State.NONE
    requested: int = -1
    stopped: int = -1


@dataclass(slots=True)
class _Story:
    """What the leaves tell, read once from first to last."""

    frontier: Frontier = field(default_factory=Frontier)
    roots: dict[int, bytes] = field(default_factory=dict)  # of the sizes asked for
    standings: dict[tuple[str, str], _Standing] = field(default_factory=dict)
    stops: dict[str, list[int]] = field(default_factory=dict)
    stopped: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    silenced: dict[str, list[int]] = field(default_factory=dict)  # by stops of the whole address
    confirmed: dict[int, tuple[str, str, str]] = field(default_factory=dict)
    batches: dict[int, tuple[int, str, str]] = field(default_factory=dict)  # seq → count, root, policy
    notices: dict[str, int] = field(default_factory=dict)  # purpose version → first leaf
    policies: dict[str, int] = field(default_factory=dict)
    receipt: tuple[str, str] | None = None


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


def _compare(story: _Story, witness: Witness) -> None:
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


def _read_leaves(archive: zipfile.ZipFile, log: str, witness: Witness | None) -> _Story:
    story = _Story()
    sizes = {witness.checkpoint.size} if witness else set()
    if 0 in sizes:
        story.roots[0] = story.frontier.root()
    for number, line in lines(archive, "leaves.jsonl"):
        leaf = _canonical(line, Failure.LEAF, f"Leaf {number - 1}")
        if not leaf.keys() >= MEMBERS or leaf["v"] != 1 or leaf["log"] != log or leaf["seq"] != number - 1:
            raise Failed(
                Failure.LEAF, f"Leaf {number - 1} lacks a member, has another position, or is of another log."
            )
        story.frontier, _ = append(story.frontier, leaf_hash(line))
        if number in sizes:
            story.roots[number] = story.frontier.root()
        if witness is not None and witness.leaf is not None and witness.leaf[0] == number - 1:
            story.receipt = (str(leaf["subject"]), str(leaf["type"]))
        _tell(story, number - 1, leaf)
    return story


def _tell(story: _Story, seq: int, leaf: Json) -> None:
    kind, subject, purpose = str(leaf["type"]), str(leaf["subject"]), str(leaf["purpose"])
    notice = str(leaf["notice"])
    if kind == "decisions":
        batch = leaf.get("batch")
        if (
            not isinstance(batch, dict)
            or set(batch) != {"count", "root"}
            or not isinstance(batch["count"], int)
        ):
            raise Failed(Failure.LEAF, f"Leaf {seq} records decisions but has no count and root.")
        story.batches[seq] = (batch["count"], str(batch["root"]), notice)
    elif kind == "policy.changed":
        story.policies.setdefault(notice, seq)
    elif kind == "purpose.version":
        story.notices.setdefault(notice, seq)
    if kind not in set(Step):
        if leaf["from"] or leaf["to"]:
            raise Failed(
                Failure.TRANSITION, f"Leaf {seq}: `{kind}` changes no state, and yet has a from or to."
            )
        if kind in OVERLAYS:
            story.stops.setdefault(subject, []).append(seq)
            story.silenced.setdefault(subject, []).append(seq)
        return
    standing = story.standings.setdefault((subject, purpose), _Standing())
    step = Step(kind)
    after = TRANSITIONS.get((standing.state, step))
    if after is None or leaf["from"] != standing.state or leaf["to"] != after:
        raise Failed(
            Failure.TRANSITION,
            f"Leaf {seq}: subject {subject} stood at `{standing.state}` with `{purpose}`; "
            f"`{kind}` from `{leaf['from']}` to `{leaf['to']}` does not follow.",
        )
    if step is Step.CONFIRMED:
        if standing.requested <= max([standing.stopped, *story.silenced.get(subject, ())[-1:]]):
            raise Failed(
                Failure.TRANSITION,
                f"Leaf {seq}: a confirmation after a stop, and no new request in between.",
            )
        if notice not in story.notices:
            raise Failed(Failure.NOTICE, f"Leaf {seq}: the words agreed to were never published.")
        story.confirmed[seq] = (subject, purpose, notice)
    if step is Step.REQUESTED:
        standing.requested = seq
    if step in STOPS:
        standing.stopped = seq
        story.stops.setdefault(subject, []).append(seq)
        story.stopped.setdefault((subject, purpose), []).append(seq)
    standing.state = after


def _canonical(line: bytes, failure: Failure, what: str) -> Json:
    """The object in `line`, if these are its canonical bytes (RFC 8785)."""
    try:
        found = json.loads(line)
        same = isinstance(found, dict) and rfc8785.dumps(found) == line
    except (ValueError, RecursionError):
        same = False
    if not same:
        raise Failed(failure, f"{what} is no canonical JSON.")
    return cast(Json, found)


# ------------------------------------------------------------------ words and rules


def _read_notices(archive: zipfile.ZipFile, story: _Story) -> dict[str, Json]:
    """The policies by digest; that all words and rules which leaves refer to are there is checked."""
    words = {hashlib.sha256(line).hexdigest() for _, line in lines(archive, "purposes.jsonl")}
    for version, seq in story.notices.items():
        if version not in words:
            raise Failed(
                Failure.NOTICE, f"The words of leaf {seq} are missing from the export, or were changed."
            )
    rules = {}
    for number, line in lines(archive, "policies.jsonl"):
        rules[hashlib.sha256(line).hexdigest()] = _canonical(line, Failure.NOTICE, f"Policy {number}")
    for digest, seq in story.policies.items():
        if digest not in rules:
            raise Failed(
                Failure.NOTICE, f"The policy of leaf {seq} is missing from the export, or was changed."
            )
    return rules


# ------------------------------------------------------------------ decisions


def _read_decisions(archive: zipfile.ZipFile, story: _Story, rules: dict[str, Json]) -> int:
    claimed: dict[str, int] = {}
    hashes: list[bytes] = []
    waiting = iter(story.batches.items())
    current = next(waiting, None)
    count = 0
    for number, line in lines(archive, "decisions.jsonl"):
        entry = _canonical(line, Failure.DECISIONS, f"Decision {number}")
        record = entry.get("record")
        if set(entry) != {"batch", "record"} or not isinstance(record, dict):
            raise Failed(Failure.DECISIONS, f"Decision {number} lacks its batch or its record.")
        if current is None or entry["batch"] != current[0]:
            raise Failed(Failure.DECISIONS, f"Decision {number} does not belong where it stands.")
        hashes.append(leaf_hash(rfc8785.dumps(record)))
        _judge(story, rules, number, current[0], current[1][2], record, claimed)
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


def _judge(
    story: _Story,
    rules: dict[str, Json],
    number: int,
    batch: int,
    policy: str,
    record: Json,
    claimed: dict[str, int],
) -> None:
    try:
        subject, topic, key = str(record["subject"]), str(record["topic"]), str(record["key"])
        attempt, basis, epoch = int(str(record["attempt"])), int(str(record["consent_seq"])), record["epoch"]
        allowed = record["verdict"] == "allow"
        mail_class, version, template = record["class"], record["purpose"], record["template"]
        named, reason = record["policy"], record["reason"]
    except (KeyError, ValueError):
        raise Failed(Failure.DECISIONS, f"Decision {number} lacks a member.") from None
    if named != policy:
        raise Failed(Failure.DECISIONS, f"Decision {number} names another policy than its batch.")
    if allowed != (reason == ""):
        raise Failed(Failure.DECISIONS, f"Decision {number} is allowed and denied at once.")
    known = sum(1 for seq in story.stops.get(subject, ()) if seq < batch)
    if epoch != known and reason != "unknown_subject":
        raise Failed(
            Failure.STOPPED, f"Decision {number} knew of {epoch} stops of its subject, the log of {known}."
        )
    if not allowed:
        return
    if attempt != claimed.get(key, 0) + 1:
        raise Failed(Failure.DECISIONS, f"Decision {number} claims attempt {attempt} of {key} out of turn.")
    claimed[key] = attempt
    if mail_class != "marketing":
        return
    if basis >= batch or story.confirmed.get(basis) != (subject, topic, version):
        raise Failed(Failure.STOPPED, f"Decision {number} rests on leaf {basis}, which is no such consent.")
    stops = (*story.stopped.get((subject, topic), ()), *story.silenced.get(subject, ()))
    between = [seq for seq in stops if basis < seq < batch]
    if between:
        raise Failed(Failure.STOPPED, f"Decision {number} was allowed although leaf {between[0]} stopped it.")
    if not _permits(rules.get(policy, {}), template):
        raise Failed(Failure.NOTICE, f"Decision {number} allowed a template that its policy does not allow.")


def _permits(policy: Json, template: object) -> bool:
    """Whether `policy` has the template, with a way out and an imprint."""
    known = policy.get("templates")
    return isinstance(known, list) and any(
        isinstance(one, dict)
        and one.get("digest") == template
        and one.get("unsubscribe") is True
        and one.get("imprint") is True
        for one in known
    )
