"""A person's own proofs: a file per leaf, checked by itself and against every later export."""

import base64
import json
import subprocess
import sys

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from kafija_log import ORIGIN
from tampered import SECOND, Export

from consent.contract import Visit
from consent.errors import BrokenExport
from consent.export.leaf_proofs import proofs_of
from consent.proof.checkpoint import sign, verifier_key
from consent.proof.failure import Failed, Failure
from consent.proof.kept_checkpoint import read_kept_checkpoint
from consent.proof.leaf_proof import proof_text, read_proof, verify_leaf

pytestmark = pytest.mark.anyio


@pytest.fixture
async def anna(world):
    """Somebody who joined and left, among others."""
    await world.join("bob@kafija.example")
    anna = await world.join("anna@kafija.example")
    await world.join("cecilia@kafija.example")
    await world.client.withdraw(world.unsubscribe_token(anna), "page", False, Visit())
    await world.join("dace@kafija.example")
    return anna


def of(world, subject):
    """The texts of somebody's proofs, by the type of the leaf."""
    found = world.service.read(lambda reading: list(proofs_of(reading, subject)))
    return {one.type: one.text.encode() for one in found}


def second(tmp_path, data, key):
    """What the second verifier says of a proof."""
    path = tmp_path / "leaf.tlog-proof"
    path.write_bytes(data)
    run = subprocess.run([sys.executable, str(SECOND), str(path), key.line()], capture_output=True, text=True)
    return run.stderr.strip()


def failure(data, key):
    """In which way a proof does not hold; None if it does."""
    try:
        verify_leaf(data, key)
    except Failed as fault:
        return fault.failure
    return None


async def test_each_leaf_of_a_person_is_proved_by_itself(world, anna, tmp_path):
    """With nothing but the file and the key, by both verifiers."""
    key = world.service.parts.signing.key()
    proofs = of(world, anna)
    assert {"requested", "confirmed", "withdrawn"} <= proofs.keys()
    for kind, data in proofs.items():
        proof = verify_leaf(data, key)
        assert json.loads(proof.line)["type"] == kind
        assert json.loads(proof.line)["subject"] == anna
        assert proof.checkpoint.origin == ORIGIN
        assert second(tmp_path, data, key) == ""


async def test_a_proof_is_what_its_standard_says(world, anna):
    """C2SP tlog-proof: heading, the leaf as extra data, index, path, an empty line, the checkpoint."""
    lines = of(world, anna)["withdrawn"].decode().split("\n")
    assert lines[0] == "c2sp.org/tlog-proof@v1"
    assert json.loads(base64.b64decode(lines[1].removeprefix("extra ")))["type"] == "withdrawn"
    assert lines[2].startswith("index ")
    gap = lines.index("")
    assert all(len(base64.b64decode(step)) == 32 for step in lines[3:gap])
    assert lines[gap + 1] == ORIGIN


async def test_a_changed_proof_fails(world, anna, tmp_path):
    """Another leaf, another place, a path cut short, another key; each in its own way."""
    key = world.service.parts.signing.key()
    data = of(world, anna)["withdrawn"]
    proof = read_proof(data)
    leaf = json.loads(proof.line)

    def swapped(body):
        return data.replace(base64.b64encode(proof.line), base64.b64encode(body))

    lines = data.split(b"\n")
    changed = {
        swapped(rfc8785.dumps(leaf | {"actor": "operator"})): (Failure.ROOT, "proof"),
        swapped(proof.line.replace(b'"at":', b'"at": ')): (Failure.LEAF, "canonical"),
        swapped(rfc8785.dumps(leaf | {"seq": 0})): (Failure.LEAF, "canonical"),
        data.replace(f"index {proof.place}".encode(), b"index 1"): (Failure.LEAF, "canonical"),
        b"\n".join([*lines[:3], *lines[4:]]): (Failure.ROOT, "proof"),
    }
    for found, (kind, word) in changed.items():
        assert found != data
        assert failure(found, key) is kind
        assert second(tmp_path, found, key) == word
    other = type(key)(key.name, b"\1" * 32)
    assert failure(data, other) is Failure.SIGNATURE


@pytest.mark.parametrize(
    "data",
    [
        b"c2sp.org/tlog-proof@v1\n",
        b"c2sp.org/tlog-proof@v1\nindex 1\n\na\n1\nAAAA\n",
        b"c2sp.org/tlog-proof@v1\nextra e30=\nindex x\n\na\n1\nAAAA\n",
        b"c2sp.org/tlog-proof@v1\nextra e30=\nindex 01\n\na\n1\nAAAA\n",
        b"c2sp.org/tlog-proof@v1\nextra ####\nindex 1\n\na\n1\n\n\xe2\x80\x94 a AAAAAAAA\n",
        b"c2sp.org/tlog-proof@v1\n" + b"index 9\n" * 90 + b"\nx",
        b"\xff",
    ],
)
def test_what_is_no_proof_is_said_to_be_none(data):
    """In whatever way."""
    with pytest.raises(BrokenExport):
        read_proof(data)


async def test_a_proof_holds_against_a_later_export_and_exposes_a_rewritten_one(world, anna):
    """It is a checkpoint that somebody kept, and names its leaf to the byte."""
    kept = of(world, anna)["withdrawn"]
    await world.join("egon@kafija.example")
    export = Export(world)
    assert export.failure(older=kept) is None
    assert read_kept_checkpoint(kept).place == export.find("withdrawn")
    export.change_leaf(export.find("withdrawn"), actor="operator")
    export.sign_anew()
    assert export.failure() is None
    assert export.failure(older=kept) is Failure.HISTORY


async def test_a_proof_whose_leaf_was_made_up_accuses_nobody(world, anna):
    """Its checkpoint is true, its leaf is not the log's: whoever checks it alone sees that first."""
    kept = of(world, anna)["withdrawn"]
    proof = read_proof(kept)
    other = rfc8785.dumps(json.loads(proof.line) | {"actor": "operator"})
    false = kept.replace(base64.b64encode(proof.line), base64.b64encode(other))
    assert failure(false, None) is Failure.ROOT
    with pytest.raises(BrokenExport, match="path"):
        read_kept_checkpoint(false)


async def test_a_proof_is_no_ones_but_the_logs_own(world, anna, tmp_path):
    """A key of another name has signed the log's checkpoint: whatever it is, it is not the log's key."""
    proof = read_proof(of(world, anna)["withdrawn"])
    private = Ed25519PrivateKey.from_private_bytes(b"\2" * 32)
    other = verifier_key("other.example", private)
    note = sign(proof.checkpoint, [(other.name, private)])
    forged = proof_text(proof.line, proof.place, proof.path, note).encode()
    assert failure(forged, other) is Failure.SIGNATURE
    assert second(tmp_path, forged, other) == "signature"
