"""Exports written by hand, by somebody who has the log's key: what no honest log says, no verifier takes."""

import base64
import hashlib
import io
import json
import zipfile

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tampered import both

from consent.proof.checkpoint import Checkpoint, read_note, sign, verifier_key
from consent.proof.failure import Failure
from consent.proof.tree import leaf_hash, merkle_root

LOG = "kafija.example/forged"
PRIVATE = Ed25519PrivateKey.from_private_bytes(b"\1" * 32)
KEY = verifier_key(LOG, PRIVATE)
ANNA = "8f" * 16
NOW, YEARS = 1_772_000_000_000, 2 * 365 * 86_400_000
WORDS = {"topic": "newsletter", "wording": {"en": "I want news."}}
OTHER_WORDS = {"topic": "personalisation", "wording": {"en": "You may look at what I bought."}}
RULES = {
    "purposes": [{"topic": "newsletter", "basis": "consent"}],
    "templates": [{"digest": "7e" * 32, "unsubscribe": True, "imprint": True}],
}
LAXER_RULES = RULES | {"default_language": "lv"}


def digest(body):
    """The SHA-256 of an object's canonical bytes."""
    return hashlib.sha256(rfc8785.dumps(body)).hexdigest()


class Forged:
    """A log of somebody who signs up, confirms and gets a mail; each part of it can be changed."""

    def __init__(self):
        self.leaves = []
        self.add("log.opened", notice=hashlib.sha256(KEY.public).hexdigest())
        self.add("purpose.version", purpose="newsletter", notice=digest(WORDS))
        self.add("policy.changed", notice=digest(RULES))
        of_anna = {"subject": ANNA, "channel": "email", "purpose": "newsletter", "notice": digest(WORDS)}
        self.add("requested", **of_anna, **{"from": "none"}, to="pending", actor="subject:form")
        self.add("confirmed", **of_anna, **{"from": "pending"}, to="active", actor="subject:link")
        self.add("decisions", notice=digest(RULES), batch={})
        self.records = [
            {
                "attempt": 1,
                "class": "marketing",
                "consent_seq": 4,
                "epoch": 0,
                "key": "c1" * 16,
                "measured": False,
                "message_id": "",
                "policy": digest(RULES),
                "purpose": digest(WORDS),
                "reason": "",
                "subject": ANNA,
                "template": "7e" * 32,
                "topic": "newsletter",
                "v": 1,
                "variant": "plain",
                "verdict": "allow",
            }
        ]
        self.purposes, self.policies = [WORDS, OTHER_WORDS], [RULES, LAXER_RULES]
        self.others, self.manifest, self.notes = [], {}, ""

    def add(self, kind, place=None, **members):
        """A leaf at a place, or behind all others."""
        plain = dict.fromkeys(("subject", "purpose", "channel", "from", "to", "notice", "evidence"), "")
        head = {"v": 1, "log": LOG, "at": NOW, "type": kind, "actor": "system"}
        place = len(self.leaves) if place is None else place
        self.leaves.insert(place, head | plain | members)

    def lines(self):
        """The canonical leaves, with their positions and what they say of the decisions."""
        for seq, leaf in enumerate(self.leaves):
            leaf.setdefault("seq", seq)
            if leaf["type"] == "decisions" and leaf.get("batch") == {}:
                hashes = [leaf_hash(rfc8785.dumps(one)) for one in self.records]
                leaf["batch"] = {"count": len(hashes), "root": merkle_root(hashes).hex()}
        return [rfc8785.dumps(leaf) for leaf in self.leaves]

    def note(self, size=None):
        """A checkpoint of the first leaves, or of all."""
        lines = self.lines()[:size]
        root = merkle_root([leaf_hash(line) for line in lines])
        return sign(Checkpoint(LOG, len(lines), root), [(LOG, PRIVATE)])

    def file(self):
        """The zip."""
        lines, note = self.lines(), self.note() + self.notes
        batch = next(leaf["seq"] for leaf in self.leaves if leaf["type"] == "decisions")
        parts = {
            "leaves.jsonl": lines,
            "decisions.jsonl": [rfc8785.dumps({"batch": batch, "record": one}) for one in self.records],
            "purposes.jsonl": [rfc8785.dumps(one) for one in self.purposes],
            "policies.jsonl": [rfc8785.dumps(one) for one in self.policies],
            "checkpoints.jsonl": [],
            "keys": [KEY.line().encode()],
        }
        parts = {name: b"".join(line + b"\n" for line in found) for name, found in parts.items()}
        parts["checkpoint"] = note.encode()
        manifest = {
            "format": "virta-consent-export",
            "v": 1,
            "log": LOG,
            "at": NOW,
            "leaves": len(lines),
            "decisions": len(self.records),
            "files": {name: hashlib.sha256(data).hexdigest() for name, data in parts.items()},
        }
        text = json.dumps(manifest | self.manifest)
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            for name, data in (*self.others, *parts.items(), ("manifest.json", text)):
                archive.writestr(name, data)
        file.seek(0)
        return file

    def failure(self, kept=None):
        """How it fails by both verifiers, None if it holds by both; `kept`: against a receipt."""
        return both(self.file(), KEY, None if kept is None else json.dumps(kept).encode())[0]


def test_the_log_that_the_others_are_changed_from_holds():
    """So that what is refused is refused for its change."""
    assert Forged().failure() is None


def test_a_batch_rests_on_the_rules_in_force():
    """Not on rules that no leaf names, nor on those that came later, nor on those from before."""
    forged = Forged()
    del forged.leaves[2]
    forged.leaves[-1]["batch"] = {}
    forged.records[0]["consent_seq"] = 3
    assert forged.failure() is Failure.NOTICE
    forged.leaves = [{k: v for k, v in leaf.items() if k != "seq"} for leaf in forged.leaves]
    forged.add("policy.changed", notice=digest(RULES))
    assert forged.failure() is Failure.NOTICE
    forged = Forged()
    forged.add("policy.changed", place=5, notice=digest(LAXER_RULES))
    assert forged.failure() is Failure.NOTICE
    forged.add("policy.changed", place=6, notice=digest(RULES))
    forged.leaves = [{k: v for k, v in leaf.items() if k != "seq"} for leaf in forged.leaves]
    assert forged.failure() is None


def test_a_mail_to_the_team_needs_no_rules():
    """Nothing was published yet; such a mail rests on none."""
    forged = Forged()
    del forged.leaves[1:5]
    forged.records[0] |= {"class": "internal", "consent_seq": 0, "purpose": "", "topic": ""}
    assert forged.failure() is None


def test_a_grant_names_words_of_its_own_topic():
    """Neither a leaf that publishes them as those of the topic makes them so, nor one that does not."""
    forged = Forged()
    for place in (3, 4):
        forged.leaves[place]["notice"] = digest(OTHER_WORDS)
    forged.records[0]["purpose"] = digest(OTHER_WORDS)
    forged.add("purpose.version", place=2, purpose="personalisation", notice=digest(OTHER_WORDS))
    forged.records[0]["consent_seq"] = 5
    assert forged.failure() is Failure.NOTICE
    forged.leaves[2]["purpose"] = "newsletter"
    assert forged.failure() is Failure.NOTICE


def let_go(*, dated, then):
    """A log whose only decision, of `dated`, was let go after 12 months; leaves before it are of `then`."""
    forged = Forged()
    for leaf in forged.leaves:
        leaf["at"] = then
    forged.leaves[-1]["at"] = dated
    forged.lines()  # the batch knows its records, which go
    forged.records = []
    forged.add("decisions.expired", expired={"before": 6, "months": 12})
    return forged


def test_a_batch_is_no_older_than_the_leaves_before_it():
    """Whoever dates a batch back, to be rid of its decisions at once, dates it behind its own past."""
    assert let_go(dated=NOW - YEARS, then=NOW - YEARS).failure() is None
    assert let_go(dated=NOW - YEARS, then=NOW).failure() is Failure.DECISIONS
    assert let_go(dated=NOW, then=NOW - YEARS).failure() is Failure.DECISIONS


def test_a_leaf_that_lets_go_is_no_younger_than_those_behind_it():
    """Nor does a clock that is set forward for a moment help."""
    forged = let_go(dated=NOW, then=NOW)
    forged.leaves[-1]["at"] = NOW + YEARS
    assert forged.failure() is None
    forged.add("mystery")
    assert forged.failure() is Failure.DECISIONS


STRANGE = (
    {"name": "Anna", "address": "anna@kafija.example"},
    {"v": True},
    {"at": "yesterday"},
    {"at": -5},
    {"at": 1.5},
    {"evidence": ["x"]},
    {"evidence": "anna@kafija.example"},
    {"channel": "sms"},
    {"channel": ""},
    {"subject": "anna@kafija.example"},
    {"subject": "8F" * 16},
    {"notice": None},
    {"actor": None},
    {"actor": ["subject:link"]},
    {"purpose": 1},
    {"into": ANNA},
    {"batch": {"count": 0, "root": "0" * 64}},
    {"expired": {"before": 0, "months": 12}},
    {"expired": {"before": -1, "months": 12}},
)


@pytest.mark.parametrize("change", STRANGE, ids=json.dumps)
@pytest.mark.parametrize("actor", ["subject:link", "subject:līnks"], ids=["fast", "slow"])
def test_a_leaf_has_its_members_and_no_others_each_of_its_form(change, actor):
    """Whichever way it is read: what is not in plain ASCII goes another."""
    forged = Forged()
    forged.add("mystery", subject=ANNA, channel="email", actor=actor)
    assert forged.failure() is None
    forged.leaves[-1] |= change
    assert forged.failure() is Failure.LEAF


@pytest.mark.parametrize("name", ["batch", "expired", "into"])
def test_what_only_one_type_has_that_type_has(name):
    """A leaf of decisions without a batch, of what was let go without an end, of a merge into nobody."""
    kind = {"batch": "decisions", "expired": "decisions.expired", "into": "merged"}[name]
    forged = Forged()
    forged.add(kind, subject="" if name != "into" else ANNA, channel="" if name != "into" else "email")
    assert forged.failure() is Failure.LEAF


def test_a_receipt_of_a_leaf_that_is_not_there_is_no_fit():
    """Also where its checkpoint is older than its leaf, as while nobody signs."""
    forged = Forged()
    receipt = {"subject": ANNA, "type": "confirmed", "topics": ["newsletter"], "at": 1, "leaf": 4}
    for size in (5, 4):
        assert forged.failure(receipt | {"checkpoint": forged.note(size)}) is None
        for gone in (6, 99):
            kept = receipt | {"leaf": gone, "checkpoint": forged.note(size)}
            assert forged.failure(kept) is Failure.HISTORY
    nothing = receipt | {"type": "", "leaf": -1, "checkpoint": forged.note(4)}
    assert forged.failure(nothing) is None


def test_a_false_signature_by_a_known_key_makes_a_note_worthless():
    """Beside a true one by the same key; and one by a key that nobody knows means nothing."""
    forged = Forged()
    forged.notes = f"— {LOG} {base64.b64encode(KEY.id() + bytes(64)).decode()}\n"
    assert forged.failure() is Failure.SIGNATURE
    forged.notes = f"— cosigner.example {base64.b64encode(bytes(68)).decode()}\n"
    assert forged.failure() is None


def test_a_false_signature_by_a_retired_key_makes_a_note_worthless():
    """It need not sign any more; what it says it has signed must be so all the same."""
    other = Ed25519PrivateKey.from_private_bytes(b"\2" * 32)
    retired = verifier_key(LOG, other)
    line = f"— {LOG} {base64.b64encode(retired.id() + bytes(64)).decode()}\n"
    note = sign(Checkpoint(LOG, 6, bytes(32)), [(LOG, PRIVATE)]) + line
    assert read_note(note).sound([KEY])
    assert not read_note(note).sound([KEY, retired])


@pytest.mark.parametrize(
    "others",
    [[("index.html", b"<h1>All is well.</h1>")], [("leaves.jsonl", b"{}\n")], [("manifest.json", b"{}")]],
    ids=["another", "twice", "two manifests"],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_archive_has_its_parts_each_once_and_no_others(others):
    """Other programs read the first of two, or show what no verifier looked at."""
    forged = Forged()
    forged.others = others
    assert forged.failure() is Failure.UNREADABLE


@pytest.mark.parametrize(
    "change",
    [{"leaves": 7}, {"decisions": 0}, {"at": "now"}, {"more": 1}, {"files": {}}, {"v": True}],
    ids=str,
)
def test_a_manifest_says_what_is_there(change):
    """Counts, members and names."""
    forged = Forged()
    forged.manifest = change
    assert forged.failure() is Failure.UNREADABLE
