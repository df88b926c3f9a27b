"""An attestation counts when the controller signed it, of these files, for this log; anybody can check it."""

import base64
import hashlib
import json
import sqlite3

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from moved_in import ANNA, BELA, CONFIRMED, order, row, told
from msgspec.structs import replace
from signed_word import KEY, PEOPLE, PUBLIC, WORD, attested, let_attest, signed, word_of

from consent.client.operating import Operating
from consent.contract.imports import PART, Brought, ImportFile
from consent.proof.attestation import (
    Unattested,
    day_ends,
    new_key,
    public_half,
    read_attestation,
    read_key,
    sign_attestation,
)
from consent.proof.checkpoint import VerifierKey

pytestmark = pytest.mark.anyio


async def begun(world, note, said=None):
    """An import under this note, by the door for operators."""
    operator = Operating(world.service)
    what = order(attested=said or attested(note))
    await operator.begin_import(what, note)
    return operator, what


async def test_under_a_signed_word_people_are_attested(world):
    """And without one they are unproven."""
    await let_attest(world)
    operator, what = await begun(world, signed())
    assert [one.brought for one in await operator.take_import(what.id, 0, PEOPLE)] == [Brought.ATTESTED]
    plain = order("0" * 12)
    await operator.begin_import(plain)
    [taken] = await operator.take_import(plain.id, 0, [row(BELA, confirmed_at=CONFIRMED)])
    assert taken.brought is Brought.UNPROVEN


@pytest.mark.parametrize(
    ("word", "why"),
    [
        (replace(WORD, on="2026-03-04"), "a day that is yet to come"),
        (replace(WORD, on="tomorrow"), "`tomorrow` is no day"),
        (replace(WORD, files=(replace(WORD.files[0], sha256="0" * 64),)), "was changed since"),
        (replace(WORD, files=(*WORD.files, replace(WORD.files[0], sha256="0" * 64))), "is not imported"),
        (replace(WORD, by=""), "leaves something empty"),
        (replace(WORD, parts=()), "leaves something empty"),
        (replace(WORD, controller="Somebody else"), "in the name of Somebody else, and the controller here"),
    ],
)
async def test_a_word_that_does_not_fit_the_import_is_refused(world, word, why):
    """By the service itself, whatever the command let through."""
    await let_attest(world)
    note = signed(word)
    with pytest.raises(ValueError, match=why):
        await begun(world, note, attested(note, word))
    assert not world.count("imports")


@pytest.mark.parametrize(
    "more",
    [
        {"topics": ("newsletter", "offers")},
        {"by": "Bela Example"},
        {"wording": "Send me all."},
        {"form": "x"},
    ],
)
async def test_who_imports_says_nothing_beside_what_was_signed(world, more):
    """A sound note does not carry another word along with it."""
    await let_attest(world)
    note = signed()
    with pytest.raises(ValueError, match="is not what the attestation says"):
        await begun(world, note, replace(attested(note), **more))
    assert not world.count("imports")


async def test_a_signature_counts_for_one_project_and_one_key(world):
    """A note of another project, and one by a key that the policy does not name."""
    await let_attest(world)
    other = new_key("other.example/shop", lambda count: b"o" * count)
    foreign = signed(replace(WORD, project="other.example/shop"), other)
    with pytest.raises(ValueError, match=r"is for the project other\.example/shop"):
        await begun(world, foreign)
    stranger = signed(key=new_key("kafija.example/consent", lambda count: b"s" * count))
    with pytest.raises(ValueError, match="signed with another key"):
        await begun(world, stranger)
    with pytest.raises(ValueError, match="altered after it had been signed"):
        await begun(world, signed().replace(b"Send me news", b"Send me more"))


async def test_a_key_of_another_projects_log_lets_nobody_attest(world):
    """Also where the policy names it: the log has its own name."""
    other = new_key("other.example/shop", lambda count: b"o" * count)
    await world.client.publish(replace(world.policy, attestation_key=public_half(other).line()))
    note = signed(replace(WORD, project="other.example/shop"), other)
    with pytest.raises(ValueError, match=r"is for the project other\.example/shop, and this is"):
        await begun(world, note, replace(attested(note), key=public_half(other).line()))


async def test_before_the_controller_has_a_key_nobody_attests(world):
    """The refusal says how one is made."""
    with pytest.raises(ValueError, match="--new-key"):
        await begun(world, signed())


async def test_it_speaks_of_nobody_who_confirmed_after_it(world):
    """To the end of its day, wherever that ends."""
    await let_attest(world)
    end = 1_772_323_200_000 + 36 * 3_600_000  # the day began at 2026-03-01T00:00Z
    rows = [row(ANNA, confirmed_at=end - 1), row(BELA, line=3, confirmed_at=end)]
    operator, what = await begun(world, signed(word_of(rows)))
    world.clock.now = end + 1
    taken = await operator.take_import(what.id, 0, rows)
    assert [one.brought for one in taken] == [Brought.ATTESTED, Brought.UNPROVEN]
    assert "attestation" not in told(world, BELA).events[0].evidence


async def test_an_auditor_checks_the_word_offline(open_world, tmp_path):
    """From what is kept: the evidence of the leaf names the note by its hash, the note names the file of the
    row, and its signature is the controller's. Only the hash, Ed25519 and Base64 are needed."""
    world = open_world(tmp_path / "consent.db")
    await let_attest(world)
    operator, what = await begun(world, signed())
    await operator.take_import(what.id, 0, PEOPLE)
    [leaf] = told(world).events
    assert leaf.type == "imported.attested"
    record = leaf.evidence
    world.service.close()
    with sqlite3.connect(tmp_path / "consent.db") as store:
        kept = [bytes(body) for (body,) in store.execute("SELECT body FROM forms")]
    [note] = [body for body in kept if hashlib.sha256(body).hexdigest() == record["attestation"]]
    text, _, lines = note.decode().rpartition("\n\n")
    _, name, blob = lines.strip().split(" ")
    key_name, key_id, key = PUBLIC.split("+", 2)
    signature = base64.b64decode(blob)
    assert (name, signature[:4].hex()) == (key_name, key_id)
    public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key)[1:])
    public.verify(signature[4:], (text + "\n").encode())
    with pytest.raises(InvalidSignature):
        public.verify(signature[4:], (text.replace("Anna", "Bela") + "\n").encode())
    said = json.loads(text.split("\n")[1])
    assert record["file_digest"] in {file["sha256"] for file in said["files"]}
    assert (said["by"], said["wording"], said["project"]) == (
        "Anna Example",
        "Send me news.",
        "kafija.example/consent",
    )
    assert record["attestation_key"] == PUBLIC
    assert read_attestation(note, read_key(PUBLIC)) == WORD


async def taken_from(operator, what, first, rows):
    """What became of rows."""
    return [one.brought for one in await operator.take_import(what.id, first, rows)]


def many(count, begin=0):
    """So many people's rows."""
    return [
        row(f"p{number}@example.com", line=number + 2, confirmed_at=CONFIRMED)
        for number in range(begin, begin + count)
    ]


@pytest.mark.parametrize(
    "rows",
    [
        [row("eve@example.com", confirmed_at=CONFIRMED)],
        [row(ANNA, confirmed_at=CONFIRMED + 1)],
        [row(ANNA, confirmed_at=CONFIRMED, line=3)],
        [row(ANNA, confirmed_at=CONFIRMED, language="en")],
        [replace(PEOPLE[0], claimed={"OPTIN_IP": "192.0.2.31"})],
        [*PEOPLE, row(BELA, line=3, confirmed_at=CONFIRMED)],
        [*PEOPLE, row(BELA, line=3)],
    ],
)
async def test_rows_that_were_not_signed_are_not_taken(world, rows):
    """Whoever has an operator's key and a note cannot bring people who are in none of its files."""
    await let_attest(world)
    operator, what = await begun(world, signed())
    leaves = world.count("leaves")
    with pytest.raises(ValueError, match="are not those that were attested"):
        await operator.take_import(what.id, 0, rows)
    assert (world.count("leaves"), world.count("subjects")) == (leaves, 0)
    assert await taken_from(operator, what, 0, PEOPLE) == [Brought.ATTESTED]
    with pytest.raises(ValueError, match="are not those that were attested"):
        await operator.take_import(what.id, 1, [row(BELA, confirmed_at=CONFIRMED)])
    await operator.take_import(what.id, 0, PEOPLE)  # the part that was taken, once more
    assert world.count("imported") == 1


async def test_each_part_is_signed_for_its_place(world):
    """None comes twice, none in another's place, and none behind the last."""
    await let_attest(world)
    first, second = many(PART), many(2, PART)
    operator, what = await begun(world, signed(word_of(first, second)))
    with pytest.raises(ValueError, match="from row 0 on, are not those"):
        await operator.take_import(what.id, 0, second)
    assert await taken_from(operator, what, 0, first) == [Brought.ATTESTED] * PART
    for at, rows in ((PART, first), (PART, second[:1]), (PART, [*second, *many(1, PART + 2)])):
        with pytest.raises(ValueError, match=f"from row {PART} on, are not those"):
            await operator.take_import(what.id, at, rows)
    assert await taken_from(operator, what, PART, second) == [Brought.ATTESTED] * 2
    with pytest.raises(ValueError, match="are not those"):
        await operator.take_import(what.id, PART + 2, many(1, PART + 2))


async def test_a_note_is_good_for_one_import_that_was_not_undone(world):
    """Also years later, whoever brings it."""
    await let_attest(world)
    operator, what = await begun(world, signed())
    await operator.take_import(what.id, 0, PEOPLE)
    await operator.end_import(what.id, {})
    world.clock.now += 900 * 86_400_000
    again = replace(what, id="ff" * 8, importer="somebody else")
    with pytest.raises(ValueError, match=f"used already, by import {what.id}. Undo that one first"):
        await operator.begin_import(again, signed())
    assert (await operator.begin_import(what, signed())).state == "done"
    await operator.end_undoing(what.id)
    assert (await operator.begin_import(again, signed())).position == 0
    with pytest.raises(ValueError, match="used already, by import ffff"):
        await operator.begin_import(what, signed())


@pytest.mark.parametrize("key", ["", "another"])
async def test_a_key_that_is_taken_back_ends_the_import_that_runs(world, key):
    """As when it was stolen: what is left of it attests of nobody."""
    await let_attest(world)
    operator, what = await begun(world, signed())
    other = public_half(new_key("kafija.example/consent", lambda count: b"n" * count)).line()
    await world.client.publish(replace(world.policy, attestation_key=other if key else ""))
    with pytest.raises(ValueError, match="The attestation counts no more"):
        await operator.take_import(what.id, 0, PEOPLE)
    assert world.count("subjects") == 0
    await let_attest(world)
    assert await taken_from(operator, what, 0, PEOPLE) == [Brought.ATTESTED]


async def test_files_in_another_order_are_other_rows(world):
    """Each row names its file by number."""
    await let_attest(world)
    two = (*WORD.files, replace(WORD.files[0], name="more.csv", sha256="c3" * 32))
    note = signed(replace(WORD, files=two))
    files = tuple(ImportFile(file.name, file.sha256, "people") for file in reversed(two))
    with pytest.raises(ValueError, match="in the order in which they were attested"):
        await Operating(world.service).begin_import(
            replace(order(attested=attested(note)), files=files), note
        )


@pytest.mark.parametrize(
    "day", ["9999-12-31", "9001-01-01", "0001-01-01", "20260301", "2026-W09-7", "2026-02-30"]
)
def test_a_day_is_written_in_one_way_and_is_not_too_far(day):
    """Whatever else the calendar of a language would take."""
    with pytest.raises(Unattested, match=f"`{day}` is no day"):
        day_ends(day)
    assert day_ends("9000-12-31") > day_ends("2026-03-01")


def test_no_note_is_made_that_nobody_would_read():
    """It says what to do."""
    with pytest.raises(Unattested, match="Import it in several"):
        signed(replace(WORD, parts=("ab" * 32,) * 16_000))


def test_every_key_that_is_made_can_be_read():
    """Also one whose Base64 has a plus."""
    for seed in range(40):
        key = new_key("kafija.example/consent", lambda count, seed=seed: bytes([seed * 6]) * count)
        note = sign_attestation(WORD, key).encode()
        assert read_attestation(note, read_key(public_half(key).line())) == WORD


def test_a_key_that_is_none_is_refused_in_words():
    """A mistyped private key, and a public one of the log."""
    with pytest.raises(Unattested, match="--new-key"):
        public_half("no key")
    with pytest.raises(Unattested, match="mistyped"):
        public_half(KEY.replace("/controller+", "/of/controller+"))
    with pytest.raises(Unattested, match="that of a controller is called"):
        read_key(VerifierKey("kafija.example/consent", read_key(PUBLIC).public).line())
