"""What the standards and their own test data say, for every algorithm that a proof rests on. Each file under
`vectors/` names its source."""

import base64
import json
from pathlib import Path

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from second_verifier import canonical as second_canonical

from consent.proof.canonical import canonical
from consent.proof.checkpoint import read_checkpoint, read_note, read_verifier_key, verifier_key
from consent.proof.tree import check_consistency, check_inclusion


def read(name):
    """A file of published data."""
    return json.loads(Path(__file__).with_name("vectors").joinpath(name).read_text("utf-8"))


PROOFS = read("merkle_proofs.json")
CANONICAL = read("canonical_json.json")
SIGNATURES = read("ed25519.json")
NOTE = read("signed_note.json")


def by_case(cases):
    """A parameter a case."""
    return [pytest.param(case, id=case["case"]) for case in cases]


def hashes(texts):
    """Hashes as they stand in the data."""
    return [base64.b64decode(text) for text in texts or ()]


@pytest.mark.parametrize("case", by_case(PROOFS["inclusion"]))
def test_inclusion_proofs_hold_and_fail_as_published(case):
    """RFC 9162 2.1.3.2: six that hold, and ninety-two that somebody bent."""
    leaf, root = hashes([case["leafHash"] or "", case["root"] or ""])
    held = check_inclusion(leaf, case["leafIdx"], case["treeSize"], hashes(case["proof"]), root)
    assert held is not case["wantErr"]


@pytest.mark.parametrize("case", by_case(PROOFS["consistency"]))
def test_consistency_proofs_hold_and_fail_as_published(case):
    """RFC 9162 2.1.4.2. An empty tree is a prefix of every tree and proves nothing, so nobody asks for it."""
    old, new = hashes([case["root1"] or "", case["root2"] or ""])
    held = check_consistency(case["size1"], case["size2"], old, new, hashes(case["proof"]))
    if case["size1"] == 0:
        assert not held
    else:
        assert held is not case["wantErr"]


@pytest.mark.parametrize("case", by_case(CANONICAL["cases"]))
def test_the_library_writes_canonical_json_as_published(case):
    """RFC 8785, numbers and names beyond what stands in an export among them."""
    assert rfc8785.dumps(json.loads(case["input"])).decode() == case["output"]


def test_what_stands_in_an_export_is_written_as_published_by_all_three_writers():
    """The service's, the library's and the second verifier's; of the data, what an export could hold: texts
    and lists, under names in ASCII."""
    fitting = [case for case in CANONICAL["cases"] if case["case"] in ("french", "unicode")]
    assert len(fitting) == 2
    for case in fitting:
        found = json.loads(case["input"])
        assert canonical(found).decode() == second_canonical(found).decode() == case["output"]


@pytest.mark.parametrize("case", by_case(SIGNATURES["cases"]))
def test_signatures_are_as_published(case):
    """RFC 8032 7.1: the public key of a seed, and the signature of a message."""
    private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(case["secret"]))
    assert verifier_key("a.example", private).public.hex() == case["public"]
    assert private.sign(bytes.fromhex(case["message"])).hex() == case["signature"]


def test_the_signed_note_of_the_specification_holds():
    """And with a letter changed it does not."""
    key = read_verifier_key(NOTE["key"])
    assert key.line() == NOTE["key"]
    assert read_note(NOTE["note"]).signed_by(key)
    assert not read_note(NOTE["note"].replace("example message", "Example message")).signed_by(key)


def test_the_checkpoint_of_the_specification_is_read():
    """Origin, size and root."""
    note = read_note(NOTE["checkpoint"])
    found = read_checkpoint(note.text)
    assert (found.origin, found.size) == ("example.com/behind-the-sofa", 20852163)
    assert base64.b64encode(found.root).decode() == "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
    assert [name for name, _, _ in note.signatures] == ["example.com/behind-the-sofa"]
