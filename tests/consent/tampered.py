"""An export in the hands of someone who tampers with it."""

import hashlib
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import rfc8785
import second_verifier
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consent.export.archive import write_archive
from consent.proof.checkpoint import Checkpoint, sign
from consent.proof.kept_checkpoint import read_kept_checkpoint
from consent.proof.tree import leaf_hash, merkle_root
from consent.proof.verify import Failed, verify

SECOND = Path(__file__).with_name("second_verifier.py")
NONSENSE = (KeyError, ValueError, TypeError, IndexError, AttributeError, RecursionError, zipfile.BadZipFile)
"""What the second verifier, which has no words for them, stops with at bytes that are no export."""


def both(file, key=None, older=None):
    """In which way the export in `file` does not hold, None if it does; and what was found in it. Both
    verifiers must say so, also of what somebody kept, which is given as bytes."""
    failure, found, other = None, None, ""
    try:
        found = verify(file, key, read_kept_checkpoint(older) if older else None)
    except Failed as fault:
        failure = fault.failure
    file.seek(0)
    try:
        second_verifier.check(file, key.line() if key else "", older.decode() if older else "")
    except (SystemExit, *NONSENSE) as fault:
        other = str(fault) or type(fault).__name__
    assert (failure is None) == (other == ""), f"the one says {failure}, the other {other or 'that it holds'}"
    return failure, found


class Export:
    """An export taken apart, so that tests can tamper with it and put it together again."""

    def __init__(self, world):
        file = io.BytesIO()
        self.done = world.service.read(lambda reading: write_archive(reading, file))
        self.key = world.service.parts.signing.key()
        self._seed = world.keys.log_signing[0]
        with zipfile.ZipFile(file) as archive:
            self.parts = {name: archive.read(name) for name in archive.namelist()}

    def lines(self, name):
        """A part's lines."""
        return self.parts[name].splitlines(keepends=True)

    def put(self, name, lines):
        """Replace a part."""
        self.parts[name] = b"".join(lines)

    def change_leaf(self, seq, **members):
        """Change members of a leaf, canonically."""
        lines = self.lines("leaves.jsonl")
        lines[seq] = rfc8785.dumps(json.loads(lines[seq]) | members) + b"\n"
        self.put("leaves.jsonl", lines)

    def find(self, kind, nth=0):
        """The position of the nth leaf of a type."""
        leaves = [json.loads(line) for line in self.lines("leaves.jsonl")]
        return [leaf["seq"] for leaf in leaves if leaf["type"] == kind][nth]

    def number_anew(self):
        """Give leaves the positions where they now stand, and decisions those of their batches."""
        leaves = [json.loads(line) for line in self.lines("leaves.jsonl")]
        moved = {leaf["seq"]: place for place, leaf in enumerate(leaves)}
        self.put(
            "leaves.jsonl",
            [rfc8785.dumps(leaf | {"seq": place}) + b"\n" for place, leaf in enumerate(leaves)],
        )
        entries = [json.loads(line) for line in self.lines("decisions.jsonl")]
        for entry in entries:
            entry["batch"] = moved[entry["batch"]]
            entry["record"]["consent_seq"] = moved.get(entry["record"]["consent_seq"], 0)
        self.put("decisions.jsonl", [rfc8785.dumps(entry) + b"\n" for entry in entries])
        self.batch_anew()

    def batch_anew(self):
        """Give each batch's leaf the root of its decisions."""
        records = {}
        for line in self.lines("decisions.jsonl"):
            entry = json.loads(line)
            records.setdefault(entry["batch"], []).append(leaf_hash(rfc8785.dumps(entry["record"])))
        for seq, hashes in records.items():
            self.change_leaf(seq, batch={"count": len(hashes), "root": merkle_root(hashes).hex()})

    def swap_policy(self, templates):
        """Put other templates into the policy, and its new digest wherever the old one stands."""
        [line] = self.lines("policies.jsonl")
        changed = rfc8785.dumps(json.loads(line) | {"templates": templates})
        old, new = (hashlib.sha256(body).hexdigest().encode() for body in (line[:-1], changed))
        self.put("policies.jsonl", [changed + b"\n"])
        for name in ("leaves.jsonl", "decisions.jsonl"):
            self.parts[name] = self.parts[name].replace(old, new)
        self.batch_anew()
        self.sign_anew()

    def sign_anew(self):
        """What a holder of the log's key can do: a true checkpoint over false leaves."""
        hashes = [leaf_hash(line.rstrip(b"\n")) for line in self.lines("leaves.jsonl")]
        checkpoint = Checkpoint(self.key.name, len(hashes), merkle_root(hashes))
        private = Ed25519PrivateKey.from_private_bytes(self._seed)
        self.parts["checkpoint"] = sign(checkpoint, [(self.key.name, private)]).encode()
        self.parts["checkpoints.jsonl"] = b""

    def file(self):
        """The zip, with a manifest that fits."""
        manifest = json.loads(self.parts["manifest.json"])
        manifest["files"] = {
            name: hashlib.sha256(data).hexdigest()
            for name, data in self.parts.items()
            if name != "manifest.json"
        }
        manifest["leaves"] = self.parts["leaves.jsonl"].count(b"\n")
        manifest["decisions"] = self.parts["decisions.jsonl"].count(b'"record":')
        self.parts["manifest.json"] = json.dumps(manifest).encode()
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            for name, data in self.parts.items():
                archive.writestr(name, data)
        file.seek(0)
        return file

    def failure(self, key=True, older=None):
        """In which way the export does not hold; None if it does. The second verifier must agree."""
        failure, self.found = both(self.file(), self.key if key else None, older)
        return failure

    def second(self, tmp_path, older=""):
        """What the second verifier says: empty if the export holds."""
        path = tmp_path / "export.zip"
        path.write_bytes(self.file().getvalue())
        run = subprocess.run(
            [sys.executable, str(SECOND), str(path), self.key.line(), older], capture_output=True, text=True
        )
        return run.stderr.strip()
