"""Exports: they hold as written, and whatever is changed in them is noticed."""

import base64
import io
import json
import subprocess
import sys
import zipfile

import msgspec
import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tampered import Export

from consent.contract import MailClass, Outcome, Visit
from consent.errors import BrokenExport
from consent.proof.checkpoint import Checkpoint, read_note, read_verifier_key, sign
from consent.proof.kept_checkpoint import read_kept_checkpoint
from consent.proof.verify import Failed, Failure, verify

pytestmark = pytest.mark.anyio


@pytest.fixture
async def history(world):
    """A log with a bit of everything; the receipt of a withdrawal in its middle, and a mail's header."""
    anna = await world.join("anna@kafija.example", "newsletter", "offers")
    bob = await world.join("bob@kafija.example")
    await world.send(world.ask(anna), world.ask(bob))
    await world.send(world.ask(anna, "offers"), outcome=Outcome.DEFERRED)
    receipt = await world.client.withdraw(world.unsubscribe_token(anna), "one_click", False, Visit())
    claimed = await world.send(world.ask(anna), world.ask(bob), world.ask("e" * 32))
    await world.sign_up("cecilia@kafija.example", "offers")
    await world.mail_proofs()
    await world.sign_up("anna@kafija.example")
    [(confirm, _)] = await world.mail_proofs()
    await world.client.confirm(confirm, Visit())
    await world.send(world.ask(anna))
    order = world.ask(bob, "orders", mail_class=MailClass.SERVICE, template="receipt", trigger="order-1")
    await world.send(order)
    world.receipt = msgspec.json.encode(receipt)
    world.note = receipt.checkpoint
    world.header = dict(claimed.permits[0].headers)["Consent-Checkpoint"]
    return world


async def test_an_export_holds_by_both_verifiers(history, tmp_path):
    """Leaves, decisions, words, states and signature."""
    export = Export(history)
    found = verify(export.file(), export.key)
    assert found.authenticated
    assert found.leaves == history.count("leaves")
    assert found.decisions == history.count("decisions")
    assert export.second(tmp_path) == ""
    assert export.second(tmp_path, history.note) == ""


async def test_without_a_key_an_export_is_consistent_only(history):
    """Anybody could have written it, and the answer says so."""
    assert not verify(Export(history).file()).authenticated


async def test_another_key_does_not_authenticate(history):
    """Neither a key of another name nor one of other bytes."""
    export = Export(history)
    other = Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key().public_bytes_raw()
    export.key = type(export.key)(export.key.name, other)
    assert export.failure() is Failure.SIGNATURE


async def test_equal_logs_give_equal_files(history):
    """An export depends on nothing but the log."""
    assert Export(history).parts == Export(history).parts


PARTS = ("leaves.jsonl", "decisions.jsonl", "purposes.jsonl", "policies.jsonl", "checkpoint", "keys")


@pytest.mark.parametrize("name", PARTS)
async def test_any_changed_byte_is_noticed(history, name):
    """By both verifiers, wherever it is, though the manifest is made to fit."""
    export = Export(history)
    whole = export.parts[name]
    for place in range(len(whole) % 7, len(whole), max(1, len(whole) // 40)):
        changed = bytearray(whole)
        changed[place] ^= 1
        export.parts[name] = bytes(changed)
        assert export.failure() is not None, (place, whole[place : place + 1])


async def test_bits_of_a_signature_that_say_nothing_may_not_be_changed_either(history):
    """The last letter before the filling of Base64 has some."""
    export = Export(history)
    note = export.parts["checkpoint"].decode()
    last = note.rstrip("=\n")[-1]
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    other = letters[letters.index(last) ^ 1]
    export.parts["checkpoint"] = note.replace(f"{last}=\n", f"{other}=\n").encode()
    assert export.parts["checkpoint"].decode() != note
    assert export.failure() is Failure.UNREADABLE


async def test_a_key_that_is_listed_twice_is_noticed(history):
    """The list is that of the leaves, in their order."""
    export = Export(history)
    export.parts["keys"] *= 2
    assert export.failure() is Failure.NOTICE


async def test_a_leaf_that_is_not_canonical_is_noticed(history, tmp_path):
    """A blank that changes no meaning changes the bytes."""
    export = Export(history)
    lines = export.lines("leaves.jsonl")
    lines[3] = lines[3].replace(b'"at":', b'"at": ')
    export.put("leaves.jsonl", lines)
    export.sign_anew()
    assert export.failure() is Failure.LEAF
    assert export.second(tmp_path) == "canonical"


async def test_a_dropped_leaf_is_noticed(history, tmp_path):
    """By its position; and, numbered anew, by the root."""
    export = Export(history)
    lines = export.lines("leaves.jsonl")
    del lines[export.find("withdrawn")]
    export.put("leaves.jsonl", lines)
    assert export.failure() is Failure.LEAF
    assert export.second(tmp_path) == "sequence"
    export.number_anew()
    assert export.failure() in (Failure.ROOT, Failure.TRANSITION)


async def test_swapped_decisions_are_noticed(history, tmp_path):
    """The same decisions in another order are another batch."""
    export = Export(history)
    lines = export.lines("decisions.jsonl")
    place = next(n for n in range(len(lines) - 1) if lines[n][:12] == lines[n + 1][:12])
    lines[place], lines[place + 1] = lines[place + 1], lines[place]
    export.put("decisions.jsonl", lines)
    assert export.failure() is Failure.DECISIONS
    assert export.second(tmp_path) == "decisions"


async def test_changed_and_missing_decisions_are_noticed(history, tmp_path):
    """A denial turned into a permission, and a decision that is gone."""
    export = Export(history)
    lines = export.lines("decisions.jsonl")
    place = next(n for n, line in enumerate(lines) if b'"reason":"withdrawn"' in line)
    changed = lines[place].replace(b'"reason":"withdrawn"', b'"reason":"topic_cap"')
    export.put("decisions.jsonl", [*lines[:place], changed, *lines[place + 1 :]])
    assert export.failure() is Failure.DECISIONS
    assert export.second(tmp_path) == "decisions"
    export.put("decisions.jsonl", lines[:-1])
    assert export.failure() is Failure.DECISIONS
    assert export.second(tmp_path) == "decisions"


@pytest.mark.parametrize("kept", ["receipt", "note", "mail"])
async def test_a_rewritten_history_fails_against_what_somebody_kept(history, tmp_path, kept):
    """Signed again with the right key it holds by itself, and fails by an older receipt, note or mail."""
    mail = f"From: Kafija <hello@kafija.example>\nConsent-Checkpoint: {history.header}\nSubject: Hi\n\nHi\n"
    older = {"receipt": history.receipt, "note": history.note.encode(), "mail": mail.encode()}[kept]
    export = Export(history)
    assert export.failure(older=older) is None
    export.change_leaf(export.find("requested"), evidence="0" * 64)
    export.sign_anew()
    assert export.failure() is None
    assert export.second(tmp_path) == ""
    assert export.failure(older=older) is Failure.HISTORY
    assert export.failure(key=False, older=older) is Failure.HISTORY
    if kept == "note":
        assert export.second(tmp_path, history.note) == "history"


async def test_a_folded_header_is_read(history):
    """Mail servers fold long lines; the checkpoint in them is still one."""
    folded = "\n ".join(history.header[n : n + 60] for n in range(0, len(history.header), 60))
    mail = f"Subject: Hi\nConsent-Checkpoint:\n {folded}\n\nHi\n".encode()
    assert Export(history).failure(older=mail) is None


@pytest.mark.parametrize("kept", ["note", "receipt"])
async def test_what_was_kept_by_copying_is_read(history, kept):
    """A last newline lost, blanks around it, lines that end in CR LF: it is still what was signed."""
    original = history.note if kept == "note" else history.receipt.decode()
    text = original.strip()
    for copied in (text, f"\n {text}\n\n", text.replace("\n", "\r\n")):
        assert read_kept_checkpoint(copied.encode()) == read_kept_checkpoint(original.encode())
        assert Export(history).failure(older=copied.encode()) is None


async def test_a_log_cut_off_fails_against_what_somebody_kept(history):
    """Dropping the newest leaves, signed again, is a rewriting too."""
    export = Export(history)
    lines = export.lines("leaves.jsonl")
    cut = export.find("withdrawn")
    export.put("leaves.jsonl", lines[:cut])
    kept = [line for line in export.lines("decisions.jsonl") if json.loads(line)["batch"] < cut]
    export.put("decisions.jsonl", kept)
    export.sign_anew()
    assert export.failure() is None
    assert export.failure(older=history.note.encode()) is Failure.HISTORY


async def test_a_receipt_for_another_leaf_fails(history):
    """The checkpoint is true, but the leaf that the receipt names says something else."""
    receipt = json.loads(history.receipt)
    receipt["leaf"] -= 1
    assert Export(history).failure(older=json.dumps(receipt).encode()) is Failure.HISTORY


async def test_a_checkpoint_of_another_log_or_key_says_nothing(history):
    """Nobody can accuse a log by a forged note."""
    private = Ed25519PrivateKey.from_private_bytes(bytes(32))
    forged = sign(Checkpoint(Export(history).key.name, 3, bytes(32)), [(Export(history).key.name, private)])
    assert Export(history).failure(older=forged.encode()) is Failure.KEPT_CHECKPOINT
    foreign = sign(Checkpoint("other.example", 3, bytes(32)), [("other.example", private)])
    assert Export(history).failure(older=foreign.encode()) is Failure.KEPT_CHECKPOINT


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"{", b"Subject: Hi\n\nHi", b"Consent-Checkpoint: ####\n\n", b"\xff\n\n"]
)
async def test_what_is_no_kept_checkpoint_is_said_to_be_none(data):
    """An unreadable file is told apart from one that does not fit."""
    with pytest.raises(BrokenExport):
        read_kept_checkpoint(data)


async def test_an_impossible_step_is_noticed(history, tmp_path):
    """A withdrawal turned into a refusal of what was active, signed again with the right key."""
    export = Export(history)
    export.change_leaf(export.find("withdrawn"), type="refused", to="active")
    export.sign_anew()
    assert export.failure() is Failure.TRANSITION
    assert export.second(tmp_path) == "transition"


async def test_a_confirmation_out_of_withdrawn_needs_a_new_request(history, tmp_path):
    """Without the request in between, a confirmation is made up."""
    export = Export(history)
    requested = export.find("requested", 4)
    lines = export.lines("leaves.jsonl")
    assert b'"from":"withdrawn"' in lines[requested]
    del lines[requested]
    export.put("leaves.jsonl", lines)
    export.number_anew()
    export.sign_anew()
    assert export.failure() is Failure.TRANSITION
    assert export.second(tmp_path) == "transition"


async def test_a_mail_allowed_after_a_withdrawal_is_noticed(history, tmp_path):
    """The operator holds all keys and turns a denial into a permission: the withdrawal's leaf speaks."""
    export = Export(history)
    entries = [json.loads(line) for line in export.lines("decisions.jsonl")]
    denied = next(entry["record"] for entry in entries if entry["record"]["reason"] == "withdrawn")
    consent = export.find("confirmed")
    denied |= {"verdict": "allow", "reason": "", "consent_seq": consent}
    export.put("decisions.jsonl", [rfc8785.dumps(entry) + b"\n" for entry in entries])
    export.batch_anew()
    export.sign_anew()
    assert export.failure() is Failure.STOPPED
    assert export.second(tmp_path) == "withdrawn"


async def test_a_mail_allowed_without_consent_is_noticed(history, tmp_path):
    """A permission must rest on a confirmation of that person for that topic."""
    export = Export(history)
    entries = [json.loads(line) for line in export.lines("decisions.jsonl")]
    entries[-2]["record"]["consent_seq"] = 1
    export.put("decisions.jsonl", [rfc8785.dumps(entry) + b"\n" for entry in entries])
    export.batch_anew()
    export.sign_anew()
    assert export.failure() is Failure.STOPPED
    assert export.second(tmp_path) == "consent"


async def test_a_hidden_withdrawal_shows_in_the_epochs(history, tmp_path):
    """Taking a withdrawal and what led out of it from the log leaves decisions that knew of a stop."""
    export = Export(history)
    lines = export.lines("leaves.jsonl")
    export.put(
        "leaves.jsonl", [line for line in lines if json.loads(line)["seq"] != export.find("withdrawn")]
    )
    export.number_anew()
    again = export.find("requested", 4)
    lines = export.lines("leaves.jsonl")
    gone = {again, export.find("confirmed", 3)}
    export.put("leaves.jsonl", [line for line in lines if json.loads(line)["seq"] not in gone])
    export.number_anew()
    entries = [json.loads(line) for line in export.lines("decisions.jsonl")]
    for entry in entries:
        if entry["record"]["subject"] == json.loads(lines[again])["subject"] and entry["record"]["topic"]:
            entry["record"]["consent_seq"] = export.find(
                "confirmed", int(entry["record"]["topic"] == "offers")
            )
    export.put("decisions.jsonl", [rfc8785.dumps(entry) + b"\n" for entry in entries])
    export.batch_anew()
    export.sign_anew()
    assert export.failure() is Failure.STOPPED
    assert export.second(tmp_path) == "epoch"


async def test_a_mail_claimed_twice_is_noticed(history, tmp_path):
    """The same key and attempt among the permissions of two batches."""
    export = Export(history)
    entries = [json.loads(line) for line in export.lines("decisions.jsonl")]
    allowed = [entry["record"] for entry in entries if entry["record"]["verdict"] == "allow"]
    allowed[-1] |= {name: allowed[0][name] for name in ("key", "message_id")}
    export.put("decisions.jsonl", [rfc8785.dumps(entry) + b"\n" for entry in entries])
    export.batch_anew()
    export.sign_anew()
    assert export.failure() is Failure.DECISIONS
    assert export.second(tmp_path) == "twice"


async def test_changed_words_are_noticed(history, tmp_path):
    """What people agreed to is addressed by its hash; so are the rules."""
    export = Export(history)
    export.parts["purposes.jsonl"] = export.parts["purposes.jsonl"].replace(b"at most two", b"at most ten")
    assert export.failure() is Failure.NOTICE
    assert export.second(tmp_path) == "words"
    export = Export(history)
    export.parts["policies.jsonl"] = export.parts["policies.jsonl"].replace(b"true", b"false")
    assert export.failure() is Failure.NOTICE


async def test_a_damaged_file_is_told_apart_from_a_false_one(history):
    """No zip, a missing part, a part that differs from the manifest."""
    with pytest.raises(Failed) as fault:
        verify(io.BytesIO(b"no zip"))
    assert fault.value.failure is Failure.UNREADABLE
    for name in ("leaves.jsonl", "checkpoint", "manifest.json"):
        export = Export(history)
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            for part, data in export.parts.items():
                if part != name:
                    archive.writestr(part, data)
        with pytest.raises(Failed) as fault:
            verify(file)
        assert fault.value.failure is Failure.UNREADABLE
    export = Export(history)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for part, data in export.parts.items():
            archive.writestr(part, data + b"\n" if part == "leaves.jsonl" else data)
    with pytest.raises(Failed) as fault:
        verify(file)
    assert fault.value.failure is Failure.UNREADABLE


async def test_the_header_of_a_mail_is_the_note_in_base64(history):
    """Whoever gets a mail can read by hand what the log committed itself to."""
    note = read_note(base64.b64decode(history.header).decode())
    assert note.signed_by(read_verifier_key(Export(history).key.line()))


def test_the_verifier_needs_neither_database_nor_service():
    """Standard library, cryptography and rfc8785: nothing else is loaded."""
    code = (
        "import sys, consent.proof.verify, consent.proof.kept_checkpoint; "
        "print([m for m in ('sqlalchemy', 'msgspec', 'itsdangerous', 'consent.store') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
