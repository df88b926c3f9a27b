"""Somebody is erased: nothing of them remains here but a random id, and every old proof still holds."""

import contextlib
import io
import json
import sqlite3

import pytest
import rfc8785
import second_verifier
from sqlalchemy import select
from tampered import Export

from consent.contract import (
    Erasure,
    Heard,
    LinkRefused,
    MailClass,
    Outcome,
    Reason,
    Unavailable,
    Visit,
)
from consent.errors import WrongKeys
from consent.export.archive import write_archive
from consent.keys import Keys
from consent.proof.verify import Failure, verify
from consent.store.anew import OF_PEOPLE
from consent.store.stops import read_stops
from consent.store.tables import evidence, subjects, suppressions
from consent.subscriber import erasure

pytestmark = pytest.mark.anyio
ANNA = "anna.of.the.erased@kafija.example"
DAY = 86_400_000


def sealed(world, subject):
    """All that is kept of a subject as bytes: wrapped key, address, evidence with its salts."""
    of_evidence = select(evidence.c.sealed).where(evidence.c.subject == subject)
    own = select(subjects.c.wrapped, subjects.c.address, subjects.c.lookup).where(subjects.c.id == subject)
    return world.service.read(
        lambda reading: [
            *(bytes(one) for one in reading.conn.execute(own).one()),
            *(bytes(one) for one in reading.conn.scalars(of_evidence)),
        ]
    )


def tables_with(world, subject):
    """The names of all tables in which the id stands."""
    found = set()
    with contextlib.closing(sqlite3.connect(":memory:")) as copy:
        copy.deserialize(world.service.store.image())
        names = [row[0] for row in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for name in names:
            if any(subject in map(str, row) for row in copy.execute(f"SELECT * FROM {name}")):
                found.add(name)
    return found


def proof(world):
    """An export."""
    file = io.BytesIO()
    world.service.read(lambda reading: write_archive(reading, file))
    return file


async def test_all_rows_go_and_the_leaves_stay(open_world):
    """Only the log, decisions and the note of the erasure know the id afterwards."""
    world = open_world()
    anna = await world.join(ANNA)
    await world.send(world.ask(anna))
    await world.sign_up(ANNA, "offers")
    found = await world.client.erase(anna, "operator")
    assert found == Erasure(anna, world.count("leaves") - 1, world.clock.now)
    assert tables_with(world, anna) == {"leaves", "decisions", "erasures"}
    assert [world.count(name) for name in ("subjects", "standings", "wishes", "evidence")] == [0, 0, 0, 0]
    assert world.types()[-1] == "erasure.requested"


async def test_old_proofs_still_verify(world, tmp_path):
    """By both verifiers, with mails from before, and denials from after."""
    anna, bob = await world.join(ANNA), await world.join("bob@kafija.example")
    await world.send(world.ask(anna), world.ask(bob))
    await world.client.erase(anna, "operator")
    denied = (await world.send(world.ask(anna), world.ask(bob))).denied
    assert [one.reason for one in denied] == [Reason.ERASED]
    await world.client.forgotten([anna])
    key = world.service.parts.signing.key()
    file = proof(world)
    assert verify(file, key).leaves == world.count("leaves")
    (tmp_path / "proof.zip").write_bytes(file.getvalue())
    second_verifier.check(tmp_path / "proof.zip", key.line())


@pytest.mark.parametrize("mail_class", [MailClass.MARKETING, MailClass.INTERNAL])
async def test_a_mail_behind_an_erasure_is_found_out(open_world, tmp_path, mail_class):
    """Whoever holds the key and lets the log say that they were erased before it went cannot hide that."""
    world = open_world()
    anna = await world.join("team@kafija.example")
    await world.send(world.ask(anna, mail_class=mail_class))
    await world.client.erase(anna, "operator")
    export = Export(world)
    lines = [line for line in export.lines("leaves.jsonl") if b'"suppressed"' not in line]
    export.put("leaves.jsonl", [*lines[:-2], lines[-1], lines[-2]])
    export.number_anew()
    entries = [json.loads(line) for line in export.lines("decisions.jsonl")]
    entries[-1]["record"]["epoch"] = 1
    export.put("decisions.jsonl", [rfc8785.dumps(entry) + b"\n" for entry in entries])
    export.batch_anew()
    export.sign_anew()
    assert export.failure() is Failure.STOPPED
    assert export.second(tmp_path) in ("erased", "withdrawn")


@pytest.mark.parametrize("type_", ["withdrawn", "erasure.requested"])
async def test_a_leaf_behind_an_erasure_is_found_out(open_world, tmp_path, type_):
    """An erased subject takes no step any more."""
    world = open_world()
    anna = await world.join(ANNA)
    await world.client.withdraw(world.unsubscribe_token(anna), "page", True, Visit())
    await world.client.erase(anna, "operator")
    export = Export(world)
    lines = [line for line in export.lines("leaves.jsonl") if b'"suppressed"' not in line]
    moved = [lines[-1], lines[-2]] if type_ == "withdrawn" else [lines[-2], lines[-1], lines[-1]]
    export.put("leaves.jsonl", [*lines[:-2], *moved])
    export.number_anew()
    export.sign_anew()
    assert export.failure() is Failure.TRANSITION
    assert export.second(tmp_path) == "transition"


@pytest.mark.parametrize("kind", [MailClass.MARKETING, MailClass.SERVICE, MailClass.PROOF, MailClass.TEST])
async def test_the_gate_looks_at_it_first(world, kind):
    """Whatever the class of the mail, the topic and the template: erased is the reason."""
    anna = await world.join(ANNA)
    await world.client.erase(anna, "operator")
    ask = world.ask(anna, "no topic", mail_class=kind, template="no template")
    [decision] = await world.client.decide([ask])
    [denied] = (await world.client.claim("engine", [ask], [])).denied
    assert decision.reason is denied.reason is Reason.ERASED
    assert denied.epoch == 1


async def test_it_is_done_once(world):
    """Asked for again, it tells of the first time; of nobody, nothing."""
    anna = await world.join(ANNA)
    first = await world.client.erase(anna, "operator")
    world.clock.pass_(DAY)
    assert await world.client.erase(anna, "operator") == first
    assert await world.client.erase("0" * 32, "operator") is None
    assert world.types().count("erasure.requested") == 1


async def test_the_feed_tells_of_it(world):
    """And says nothing of the language that they once chose."""
    anna = await world.join(ANNA, language="lv")
    await world.client.erase(anna, "operator")
    changes = await world.client.changes(0)
    assert [(change.type, change.topic, change.language) for change in changes] == [
        ("confirmed", "newsletter", ""),
        ("erasure.requested", "", ""),
    ]


async def test_what_was_claimed_before_can_be_settled(world):
    """It may be on its way; claimed once more, it is denied, for nobody knows the address any more."""
    anna = await world.join(ANNA)
    ask = world.ask(anna)
    [permit] = (await world.client.claim("engine", [ask], [])).permits
    await world.client.erase(anna, "operator")
    again = await world.client.claim("engine", [ask], [])
    assert [one.reason for one in again.denied] == [Reason.ERASED]
    await world.client.settle("engine", [world.settled(permit)])
    [status] = await world.client.status([ask.key])
    assert status.outcome is Outcome.ACCEPTED


async def test_links_and_reports_of_before_lead_nowhere(world):
    """Nobody comes back by a link that was under way, and a complaint finds nobody."""
    anna = await world.join(ANNA)
    ask = world.ask(anna)
    await world.send(ask)
    await world.sign_up(ANNA, "offers")
    [(confirm, refuse)] = await world.mail_proofs()
    await world.client.erase(anna, "operator")
    for refused in (
        world.client.confirm(confirm, Visit()),
        world.client.refuse(refuse, Visit()),
        world.client.withdraw(world.unsubscribe_token(anna), "page", True, Visit()),
        world.client.choose(world.preferences_token(anna), [], "", Visit()),
    ):
        with pytest.raises(LinkRefused):
            await refused
    assert not (await world.client.confirmation(confirm)).valid
    assert not (await world.client.unsubscription(world.unsubscribe_token(anna))).valid
    assert await world.client.complained(ask.key) is Heard.UNKNOWN
    assert world.types()[-1] == "erasure.requested"


async def test_who_comes_back_by_their_own_confirmation_is_somebody_else(world):
    """The suppression of their address does not stand in the way, and is over when they have confirmed."""
    anna = await world.join(ANNA)
    await world.client.erase(anna, "operator")
    assert world.count("suppressions") == 1
    back = await world.join(ANNA)
    assert back != anna
    assert world.count("suppressions") == 0
    assert (await world.send(world.ask(back))).permits
    assert [one.reason for one in (await world.send(world.ask(anna))).denied] == [Reason.ERASED]


@pytest.mark.parametrize("spelled", [ANNA, ANNA.upper()])
async def test_a_suppressed_address_gets_no_marketing_by_any_other_way(world, spelled):
    """Whatever comes in under it, and however it is spelled: only the person's own confirmation counts."""
    anna = await world.join(ANNA)
    await world.client.erase(anna, "operator")
    other = await world.subject(spelled)
    [decision] = await world.client.decide([world.ask(other)])
    assert decision.reason is Reason.SUPPRESSED
    await world.sign_up(spelled)
    [decision] = await world.client.decide([world.ask(other)])
    assert decision.reason is Reason.SUPPRESSED
    receipt = world.ask(other, "orders", mail_class=MailClass.SERVICE, template="receipt", trigger="o-1")
    assert (await world.send(receipt)).permits


async def test_a_mark_counts_under_every_pepper(open_world, place):
    """One that was made under an older pepper too, once a newer one is there."""
    first = open_world(place)
    anna = await first.join(ANNA)
    await first.client.erase(anna, "operator")
    first.service.close()
    keys, pepper = first.keys, b"another pepper of thirty-two b.."
    more = Keys(keys.log_signing, keys.master, (*keys.peppers, pepper), keys.links)
    second = open_world(place, clock=first.clock, seed="second", keys=more)
    [decision] = await second.client.decide([second.ask(await second.subject(ANNA))])
    assert decision.reason is Reason.SUPPRESSED
    second.service.close()
    with pytest.raises(WrongKeys, match="erased and must not be mailed, so nothing is sent"):
        open_world(place, keys=keys)


async def test_marks_lead_to_no_subject(open_world):
    """Neither by a column, nor by the order in which they lie."""
    world = open_world()
    erased = [await world.join(f"anna{number}@kafija.example") for number in range(12)]
    for subject in erased:
        await world.client.erase(subject, "operator")
    rows = world.service.read(lambda reading: reading.conn.execute(select(suppressions)).all())
    assert len(rows) == 12
    assert all(len(row) == 1 for row in rows)
    assert rows == sorted(rows)
    vault = world.service.parts.vault
    looked_up = {vault.lookup(f"anna{number}@kafija.example").hex() for number in range(12)}
    assert looked_up.isdisjoint(row[0] for row in rows)


# ------------------------------------------------------------------ what remains on the disk


async def test_nothing_remains_on_the_disk(open_world, tmp_path):
    """Of address, wrapped key, sealed rows and salts, in any file, once it says that it is done."""
    world = open_world(tmp_path / "consent.db", durable=True)
    gone = [await world.join(f"{number}.{ANNA}") for number in range(40)]
    kept = [await world.join(f"bob{number}@kafija.example") for number in range(40)]
    told = {subject: sealed(world, subject) for subject in gone + kept}
    for subject in gone:
        await world.client.erase(subject, "operator")
    await world.client.forgotten(gone)
    files = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    remaining = [one for subject in gone for one in told[subject] if one in files]
    assert remaining == []
    assert ANNA.encode() not in files
    for table in OF_PEOPLE:
        world.service.store.rewrite(table)
    files = (tmp_path / "consent.db").read_bytes()
    assert all(one in files for subject in kept for one in told[subject])


async def test_who_reads_meanwhile_delays_the_word_that_it_is_done(open_world, tmp_path):
    """A reader of before holds the old pages; it is asked again."""
    world = open_world(tmp_path / "consent.db", durable=True)
    anna = await world.join(ANNA)
    with contextlib.closing(sqlite3.connect(tmp_path / "consent.db", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM subjects").fetchone()
        await world.client.erase(anna, "operator")
        with pytest.raises(Unavailable, match="read as it was before"):
            await world.client.forgotten([anna])
        assert "erasure.done.primary" not in world.types()
    await world.client.forgotten([anna])
    assert world.types()[-1] == "erasure.done.primary"


async def test_both_times_are_recorded(world):
    """When all stores have forgotten them, and when no backup can know them any more: once each."""
    anna = await world.join(ANNA)
    await world.client.erase(anna, "operator")
    world.service.write(lambda tx: erasure.forgotten_by_backups(tx, 30))
    await world.client.forgotten([anna, "0" * 32])
    await world.client.forgotten([anna])
    world.clock.pass_(30 * DAY - 1)
    assert world.service.write(lambda tx: erasure.forgotten_by_backups(tx, 30)) == 0
    world.clock.pass_(1)
    assert [world.service.write(lambda tx: erasure.forgotten_by_backups(tx, 30)) for _ in range(2)] == [1, 0]
    assert world.types()[-3:] == ["erasure.requested", "erasure.done.primary", "erasure.done.backups"]
    found = world.service.read(lambda reading: erasure.find_erasure(reading, anna))
    assert found.backups - found.primary == 30 * DAY


async def test_the_file_of_stops_knows_of_it_before_it_is_in_force(open_world, place, stops):
    """By the id alone."""
    world = open_world(place, durable=True)
    anna = await world.join(ANNA)
    await world.client.erase(anna, "operator")
    assert [(one.subject, one.type) for one in read_stops(stops)] == [(anna, "erasure.requested")]
    assert b"kafija" not in stops.read_bytes()
