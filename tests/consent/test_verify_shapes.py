"""What a leaf may hold, and what a decision may rest on: rules in force, and words about its own topic."""

import base64
import json
import zipfile

import msgspec
import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tampered import Export

from consent.contract import Basis, Purpose, Visit
from consent.proof.checkpoint import read_note, verifier_key
from consent.proof.failure import Failure

pytestmark = pytest.mark.anyio
ANNA = "anna@kafija.example"


@pytest.fixture
async def export(world):
    """Anna agreed to two things, got a mail, and left one."""
    measure = Purpose("measurement", Basis.CONSENT, {"en": "m"}, {"en": "Count it."}, "Kafija SIA")
    await world.client.publish(
        msgspec.structs.replace(world.policy, purposes=(*world.policy.purposes, measure))
    )
    anna = await world.join(ANNA, "newsletter", "measurement")
    await world.send(world.ask(anna))
    world.receipt = await world.client.withdraw(world.unsubscribe_token(anna), "page", False, Visit())
    return Export(world)


@pytest.mark.parametrize(
    "member",
    [
        {"name": "Anna"},
        {"at": "yesterday"},
        {"v": True},
        {"channel": "sms"},
        {"channel": ""},
        {"evidence": ["x"]},
        {"evidence": "anna@kafija.example"},
        {"subject": "anna@kafija.example"},
        {"notice": None},
        {"batch": {"count": 1, "root": "00"}},
        {"into": "0" * 32},
        {"expired": {"before": 1, "months": 36}},
    ],
)
async def test_a_leaf_has_the_members_of_its_type_and_no_others(export, member, tmp_path):
    """Each of its own form: so no leaf holds anything about a person but an id."""
    export.change_leaf(export.find("withdrawn"), **member)
    export.sign_anew()
    assert export.failure() is Failure.LEAF
    assert export.second(tmp_path) == "leaf"


async def test_decisions_rest_on_the_rules_that_were_in_force(export, tmp_path):
    """Not on such as were published before them and replaced, nor on none."""
    older = json.loads(export.lines("leaves.jsonl")[export.find("policy.changed")])["notice"]
    place = export.find("decisions", 1)
    newer = json.loads(export.lines("leaves.jsonl")[place])["notice"]
    assert older != newer
    export.change_leaf(place, notice=older)
    export.put(
        "decisions.jsonl",
        [
            line.replace(newer.encode(), older.encode()) if json.loads(line)["batch"] == place else line
            for line in export.lines("decisions.jsonl")
        ],
    )
    export.batch_anew()
    export.sign_anew()
    assert export.failure() is Failure.NOTICE
    assert export.second(tmp_path) == "policy"


async def test_nobody_agrees_to_a_topic_by_the_words_of_another(export, tmp_path):
    """The words name their topic, and the leaf that published them too."""
    lines = [json.loads(line) for line in export.lines("leaves.jsonl")]
    [other] = [
        leaf["notice"] for leaf in lines if (leaf["type"], leaf["purpose"]) == ("confirmed", "measurement")
    ]
    [place] = [
        leaf["seq"] for leaf in lines if (leaf["type"], leaf["purpose"]) == ("confirmed", "newsletter")
    ]
    export.change_leaf(place, notice=other)
    export.sign_anew()
    assert export.failure() is Failure.NOTICE
    assert export.second(tmp_path) == "words"


async def test_words_are_published_for_the_topic_that_they_name(export, tmp_path):
    """Else a leaf could publish them for another one."""
    [leaf] = [
        one
        for one in map(json.loads, export.lines("leaves.jsonl"))
        if (one["type"], one["purpose"]) == ("purpose.version", "offers")
    ]
    export.change_leaf(leaf["seq"], purpose="newsletter")
    export.sign_anew()
    assert export.failure() is Failure.NOTICE
    assert export.second(tmp_path) == "words"


async def test_a_receipt_of_a_leaf_that_is_not_there_is_no_receipt_of_this_log(export):
    """As when the log was cut back behind the checkpoint that it carries."""
    size = len(export.lines("leaves.jsonl"))
    receipt = msgspec.json.encode(
        {
            "subject": "0" * 32,
            "type": "withdrawn",
            "leaf": size,
            "checkpoint": export.parts["checkpoint"].decode(),
        }
    )
    assert export.failure(older=receipt) is Failure.HISTORY


async def test_an_archive_has_the_parts_of_its_format_once(export):
    """What two programs could read differently is read by none."""
    file = export.file()
    with zipfile.ZipFile(file, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("leaves.jsonl", export.parts["leaves.jsonl"])
    export.file = lambda: file
    assert export.failure() is Failure.UNREADABLE


async def test_before_the_first_rules_nothing_rests_on_any(export, tmp_path):
    """A log whose leaves name no rules allows no mail by those that the export brings along."""
    kept = []
    for line in export.lines("leaves.jsonl"):
        leaf = json.loads(line)
        if leaf["type"] == "policy.changed":
            line = rfc8785.dumps(leaf | {"type": "policy.considered"}) + b"\n"
        kept.append(line)
    export.put("leaves.jsonl", kept)
    export.sign_anew()
    assert export.failure() is Failure.NOTICE
    assert export.second(tmp_path) != ""


async def test_a_false_signature_by_a_key_of_the_log_makes_a_note_worthless(export, tmp_path):
    """Beside a good one of the same key, and beside that of another: both verifiers say so."""
    other = Ed25519PrivateKey.from_private_bytes(bytes(32))
    name = export.key.name
    second = verifier_key(name, other)
    note = export.parts["checkpoint"].decode()
    text = note.rpartition("\n\n")[0] + "\n"
    good, false = (second.id() + other.sign(signed.encode()) for signed in (text, text + "x"))
    own = export.key.id() + bytes(64)
    lines = {blob: f"— {name} {base64.b64encode(blob).decode()}\n" for blob in (good, false, own)}
    assert read_note(note + lines[good]).sound([export.key, second])
    assert not read_note(note + lines[false]).sound([export.key, second])
    assert read_note(note + lines[false]).sound([export.key])  # of keys that nobody knows nothing is said
    export.parts["checkpoint"] = (note + lines[own]).encode()
    assert export.failure() is Failure.SIGNATURE
    assert export.second(tmp_path) == "signature"
    older = export.parts["checkpoint"]
    export.parts["checkpoint"] = note.encode()
    assert export.failure(older=older) is Failure.KEPT_CHECKPOINT
