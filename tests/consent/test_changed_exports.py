"""Exports changed by chance, anywhere and in any way: what is changed is found, and two verifiers that share
no code say the same of it."""

import asyncio
import io
import json
import zipfile
from dataclasses import replace

import pytest
import rfc8785
from dice import Dice
from hypothesis import given, settings
from hypothesis import strategies as st
from lived_log import live
from tampered import Export, both

from consent.keys import Keys
from consent.proof.failure import Failure
from consent.proof.tree import leaf_hash, merkle_root

KEYS = replace(Keys.random(Dice("keys")), holds=(b"the first hold key of 32 bytes..",))
PARTS = ("leaves.jsonl", "decisions.jsonl", "purposes.jsonl", "policies.jsonl", "checkpoint", "keys")
WHERE = st.floats(0, 1, exclude_max=True)
"""A share of the way through whatever is changed."""

SIGNS = st.integers(0, 255).map(lambda sign: bytes([sign]))
HOW = st.sampled_from(["change", "insert", "remove"])
CHANGES = settings(deadline=None)


@pytest.fixture
def export(open_world):
    """A real export of a log in which nearly everything has happened; `note`: a checkpoint that was kept."""
    world = open_world(keys=KEYS)
    asyncio.run(live(world))
    made = Export(world)
    made.note = world.note.encode()
    assert made.failure(older=made.note) is None
    return made


def altered(data, how, where, sign):
    """Bytes with one of them changed, one more, or one less."""
    place = int(where * len(data))
    kept = data[place:] if how == "insert" else data[place + 1 :]
    return data[:place] + (b"" if how == "remove" else sign) + kept


def test_a_byte_changed_put_in_or_taken_out_is_found(export):
    """In each part, wherever it is, though the manifest is made to fit."""
    sound = dict(export.parts)

    @CHANGES
    @given(name=st.sampled_from(PARTS), how=HOW, where=WHERE, sign=SIGNS)
    def found(name, how, where, sign):
        export.parts = dict(sound)
        export.parts[name] = altered(sound[name], how, where, sign)
        if export.parts[name] != sound[name]:
            assert export.failure() is not None

    found()


def test_a_byte_of_the_file_itself_is_found_or_changes_no_part(export):
    """What a zip says besides its parts (times, where they lie) proves nothing and may be anything."""
    whole = export.file().getvalue()

    @CHANGES
    @given(how=HOW, where=WHERE, sign=SIGNS)
    def found(how, where, sign):
        changed = altered(whole, how, where, sign)
        if said_of(changed, export.key) is None:
            assert parts_of(changed) == parts_of(whole)

    found()


def test_the_manifest_says_nothing_that_is_not_found_elsewhere(export):
    """But the time at which it was written, for which nobody answers."""
    whole = export.file().getvalue()
    sound = parts_of(whole)

    @CHANGES
    @given(how=HOW, where=WHERE, sign=SIGNS)
    def found(how, where, sign):
        manifest = altered(sound["manifest.json"], how, where, sign)
        file = zipped(sound | {"manifest.json": manifest})
        if said_of(file, export.key) is None:
            told, before = json.loads(manifest), json.loads(sound["manifest.json"])
            assert told | {"at": 0} == before | {"at": 0}

    found()


def zipped(parts):
    """An archive of parts as they are."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return file.getvalue()


def parts_of(data):
    """What an archive holds."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def said_of(data, key):
    """What both verifiers say of a file."""
    return both(io.BytesIO(data), key)[0]


class Log:
    """The leaves and decisions of an export as objects that know each other, so that whatever is done to them
    leaves them in one piece: positions, batches and their roots follow."""

    def __init__(self, export):
        self.leaves = [json.loads(line) for line in export.lines("leaves.jsonl")]
        self.entries = []
        for line in export.lines("decisions.jsonl"):
            entry = json.loads(line)
            record = entry["record"]
            rests_on = self.leaves[record["consent_seq"]] if record["consent_seq"] else None
            self.entries.append([self.leaves[entry["batch"]], rests_on, record])

    def write(self, export):
        """Into an export, signed anew with the log's own key."""
        place = {id(leaf): seq for seq, leaf in enumerate(self.leaves)}
        lines, batches = [], {id(leaf): [] for leaf in self.leaves if leaf["type"] == "decisions"}
        entries = [entry for entry in self.entries if id(entry[0]) in batches]
        for batch, rests_on, record in sorted(entries, key=lambda entry: place[id(entry[0])]):
            record["consent_seq"] = place.get(id(rests_on), 0)
            batches[id(batch)].append(leaf_hash(rfc8785.dumps(record)))
            lines.append(rfc8785.dumps({"batch": place[id(batch)], "record": record}) + b"\n")
        for leaf in self.leaves:
            leaf["seq"] = place[id(leaf)]
            for name, types in (("batch", "decisions"), ("into", "merged")):
                if leaf["type"] != types:
                    leaf.pop(name, None)
            if leaf["type"] == "decisions":
                hashes = batches[id(leaf)]
                leaf["batch"] = {"count": len(hashes), "root": merkle_root(hashes).hex()}
        export.put("decisions.jsonl", lines)
        export.put("leaves.jsonl", [rfc8785.dumps(leaf) + b"\n" for leaf in self.leaves])
        export.sign_anew()


MEMBERS = ("type", "subject", "purpose", "from", "to", "notice", "actor", "at", "evidence", "channel", "into")
RECORDED = ("class", "topic", "variant", "measured", "verdict", "reason", "subject", "purpose", "key")
RECORDED = (*RECORDED, "attempt", "template", "policy", "epoch", "message_id")
TYPES = ("objected", "objected.profiling", "bounced.hard", "stale", "terminated", "expired", "renewed")
TYPES = (*TYPES, "restricted", "hold.ended", "hold.told", "proof.purged", "erasure.done.backups", "mystery")
"""Such as the log has not."""


class Tamperer:
    """Draws what is done to a log."""

    def __init__(self, log, draw):
        self.log = log
        self.draw = draw

    def one(self, these):
        """One of these."""
        return these[self.draw(st.integers(0, len(these) - 1))]

    def put(self, leaf):
        """A leaf anywhere."""
        self.log.leaves.insert(self.draw(st.integers(0, len(self.log.leaves))), leaf)

    def remove(self):
        """A leaf."""
        self.log.leaves.remove(self.one(self.log.leaves))

    def move(self):
        """A leaf to another place."""
        leaf = self.one(self.log.leaves)
        self.log.leaves = [one for one in self.log.leaves if one is not leaf]
        self.put(leaf)

    def double(self):
        """A leaf, that then stands somewhere else too."""
        self.put(dict(self.one(self.log.leaves)))

    def say(self):
        """Something else in a leaf: what another leaf says there."""
        leaf, other, name = self.one(self.log.leaves), self.one(self.log.leaves), self.one(MEMBERS)
        if name in other:
            leaf[name] = other[name]
        if name == "type":
            leaf["type"] = self.one((other["type"], *TYPES))

    def make_up(self):
        """A leaf that changes no state."""
        leaf = dict(self.one(self.log.leaves)) | {"from": "", "to": "", "type": self.one(TYPES)}
        self.put(leaf)

    def decide(self):
        """Something else in a record: what another says there."""
        record, other, name = self.one(self.log.entries)[2], self.one(self.log.entries)[2], self.one(RECORDED)
        record[name] = other[name]

    def allow(self):
        """A mail that was denied."""
        record = self.one(self.log.entries)[2]
        record |= {"verdict": "allow", "reason": ""}

    def rest(self):
        """A decision on another leaf."""
        self.one(self.log.entries)[1] = self.one((None, *self.log.leaves))

    def forget(self):
        """A decision."""
        self.log.entries.remove(self.one(self.log.entries))

    def repeat(self):
        """A decision."""
        batch, rests_on, record = self.one(self.log.entries)
        self.log.entries.append([batch, rests_on, dict(record)])

    def postpone(self):
        """A decision to another batch."""
        batches = [leaf for leaf in self.log.leaves if leaf["type"] == "decisions"]
        self.one(self.log.entries)[0] = self.one(batches)

    ALL = (remove, move, double, say, make_up, decide, allow, rest, forget, repeat, postpone)


def tampering(export, most, examples):
    """Run a property on logs to which up to `most` things were done by somebody who has the log's key."""
    sound = dict(export.parts)

    @settings(deadline=None, max_examples=examples)
    @given(data=st.data())
    def found(data):
        export.parts = dict(sound)
        log = Log(export)
        tamperer = Tamperer(log, data.draw)
        for _ in range(data.draw(st.integers(1, most))):
            tamperer.one(Tamperer.ALL)(tamperer)
        log.write(export)
        if export.failure() is None and not export.parts["leaves.jsonl"].startswith(sound["leaves.jsonl"]):
            assert export.failure(older=export.note) is Failure.HISTORY

    found()


def test_what_a_holder_of_the_key_does_is_judged_alike_and_exposed_by_what_somebody_kept(export):
    """One thing done to a log at a time, and everything else made to fit it. Whether it can be seen at all
    both verifiers say alike; with a checkpoint of before it is seen."""
    tampering(export, 1, 40)


@pytest.mark.slow
def test_whatever_a_holder_of_the_key_does_is_judged_alike(export):
    """Up to four things at once."""
    tampering(export, 4, 4_000)
