"""Withdrawal, by link, in every state, for good."""

import contextlib
import hashlib
import json
import shutil
import sqlite3

import pytest

from consent.contract import Heard, LinkRefused, Reason, Unavailable, Visit
from consent.proof.checkpoint import read_checkpoint, read_note

pytestmark = pytest.mark.anyio
YEAR = 365 * 86_400_000


async def test_a_withdrawal_is_idempotent(world):
    """The second press gives the same leaf and time, and adds none."""
    anna = await world.join("anna@kafija.example")
    token = world.unsubscribe_token(anna)
    first = await world.client.withdraw(token, "one_click", False, Visit())
    leaves = world.count("leaves")
    world.clock.pass_(1000)
    second = await world.client.withdraw(token, "page", False, Visit())
    assert (second.leaf, second.at, second.topics) == (first.leaf, first.at, ("newsletter",))
    assert world.count("leaves") == leaves


@pytest.mark.parametrize("state", ["none", "pending", "active", "refused", "expired", "withdrawn"])
async def test_a_withdrawal_is_accepted_in_every_state(world, state):
    """And afterwards the topic is withdrawn."""
    anna = await world.subject("anna@kafija.example")
    if state != "none":
        await world.sign_up("anna@kafija.example")
        [(confirm, refuse)] = await world.mail_proofs()
        if state in ("active", "withdrawn"):
            await world.client.confirm(confirm, Visit())
        if state == "refused":
            await world.client.refuse(refuse, Visit())
        if state == "expired":
            world.clock.pass_(4 * 86_400_000)
        if state == "withdrawn":
            await world.client.withdraw(world.unsubscribe_token(anna), "page", False, Visit())
    token = world.unsubscribe_token(anna)
    await world.client.withdraw(token, "one_click", False, Visit())
    [topic] = [one for one in (await world.client.unsubscription(token)).topics if one.topic == "newsletter"]
    assert (topic.state, topic.gets) == ("withdrawn", False)
    [decision] = await world.client.decide([world.ask(anna)])
    # what lies over an address is told first, and "this wasn't me" does
    assert decision.reason is (Reason.SUPPRESSED if state == "refused" else Reason.WITHDRAWN)


async def test_an_unsubscribe_link_never_expires(world):
    """Twenty years later it still works."""
    anna = await world.join("anna@kafija.example")
    token = world.unsubscribe_token(anna)
    world.clock.pass_(20 * YEAR)
    assert (await world.client.unsubscription(token)).valid
    receipt = await world.client.withdraw(token, "one_click", False, Visit())
    assert receipt.type == "withdrawn"


async def test_one_topic_or_everything(world):
    """A link stops its own topic; told so, it stops all that the person has."""
    anna = await world.join("anna@kafija.example", "newsletter", "offers")
    token = world.unsubscribe_token(anna)
    await world.client.withdraw(token, "page", False, Visit())
    news, offers = await world.client.decide([world.ask(anna), world.ask(anna, "offers")])
    assert (news.reason, offers.reason) == (Reason.WITHDRAWN, None)
    receipt = await world.client.withdraw(token, "page", True, Visit())
    assert set(receipt.topics) == {"newsletter", "offers"}
    [offers] = await world.client.decide([world.ask(anna, "offers")])
    assert offers.reason is Reason.WITHDRAWN


async def test_each_stop_raises_the_epoch(world):
    """One step per withdrawn topic, none for a repeat."""
    anna = await world.join("anna@kafija.example", "newsletter", "offers")
    epochs = []
    for topic in ("newsletter", "newsletter", "offers"):
        await world.client.withdraw(world.unsubscribe_token(anna, topic), "page", False, Visit())
        [decision] = await world.client.decide([world.ask(anna)])
        epochs.append(decision.epoch)
    assert epochs == [1, 1, 2]


async def test_a_receipt_is_covered_by_its_checkpoint(world):
    """The checkpoint is signed and reaches beyond the leaf."""
    anna = await world.join("anna@kafija.example")
    receipt = await world.client.withdraw(world.unsubscribe_token(anna), "page", False, Visit())
    note = read_note(receipt.checkpoint)
    assert note.signed_by(world.service.parts.signing.key())
    assert read_checkpoint(note.text).size > receipt.leaf


async def test_forged_and_foreign_links_are_refused(world):
    """A changed token, one of another scope, one of nobody; an unknown way to withdraw is the caller's
    fault."""
    anna = await world.join("anna@kafija.example")
    good = world.unsubscribe_token(anna)
    for bad in (
        good[:-2] + "xx",
        "",
        "x.y",
        world.preferences_token(anna),
        world.unsubscribe_token("f" * 32),
    ):
        with pytest.raises(LinkRefused) as fault:
            await world.client.withdraw(bad, "one_click", False, Visit())
        assert fault.value.reason == "unknown"
    with pytest.raises(ValueError, match="carrier pigeon"):
        await world.client.withdraw(good, "carrier pigeon", False, Visit())


async def test_stops_stand_in_a_file_outside_the_database(open_world, place, stops):
    """One line per stop, with subject, topic, type, time, and the position and hash of its leaf."""
    world = open_world(place, durable=True)
    anna = await world.join("anna@kafija.example", "newsletter", "offers")
    await world.client.withdraw(world.unsubscribe_token(anna), "page", True, Visit())
    text = stops.read_text()
    lines = [json.loads(line) for line in text.splitlines() if line]
    with world.service.store.reader.begin():
        rows = world.service.store.reader.exec_driver_sql(
            "SELECT purpose, seq, body FROM leaves WHERE type = 'withdrawn' ORDER BY seq"
        )
        assert lines == [
            {
                "subject": anna,
                "topic": topic,
                "type": "withdrawn",
                "at": world.clock.now,
                "seq": seq,
                "leaf": hashlib.sha256(b"\0" + body).hexdigest(),
            }
            for topic, seq, body in rows
        ]
    assert [line["topic"] for line in lines] == ["newsletter", "offers"]


async def test_a_stop_that_cannot_be_kept_outside_does_not_commit(open_world, place):
    """The file comes first: without its line there is no withdrawal that a restore could undo."""
    world = open_world(place, durable=True)
    anna = await world.join("anna@kafija.example")
    world.service._stops.close()
    with pytest.raises(Unavailable):
        await world.client.withdraw(world.unsubscribe_token(anna), "page", False, Visit())
    world.service._stops = None
    [decision] = await world.client.decide([world.ask(anna)])
    assert decision.allowed


async def test_a_store_that_need_not_last_keeps_no_file_of_stops(stored, tmp_path):
    """Simulations leave nothing behind."""
    anna = await stored.join("anna@kafija.example")
    await stored.client.withdraw(stored.unsubscribe_token(anna), "page", False, Visit())
    assert not (tmp_path / "consent.db.stops").exists()


async def reopened(open_world, world, path):
    """The store, closed and opened again."""
    world.service.close()
    world.clock.pass_(60_000)
    return open_world(path, clock=world.clock, durable=True, seed=f"again {world.clock.now}")


async def allowed(world, *asks):
    """Whether each ask is allowed."""
    return [decision.allowed for decision in await world.client.decide(asks)]


async def test_a_restored_backup_does_not_bring_consent_back(open_world, tmp_path):
    """What was withdrawn since is withdrawn again, once, by a leaf that says why; nothing else is touched,
    and whoever the backup does not know yet is passed over."""
    path, backup = tmp_path / "consent.db", tmp_path / "backup.db"
    world = open_world(path, durable=True)
    anna = await world.join("anna@kafija.example", "newsletter", "offers")
    bob = await world.join("bob@kafija.example")
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("VACUUM INTO ?", (str(backup),))
    world.clock.pass_(60_000)
    carl = await world.join("carl@kafija.example")
    for subject in (anna, carl):
        await world.client.withdraw(world.unsubscribe_token(subject), "page", False, Visit())
    world.service.close()
    for name in ("consent.db-wal", "consent.db-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    shutil.move(backup, path)
    world = await reopened(open_world, world, path)
    asks = [world.ask(anna), world.ask(anna, "offers"), world.ask(bob)]
    assert await allowed(world, *asks) == [False, True, True]
    with world.service.store.reader.begin():
        rows = world.service.store.reader.exec_driver_sql("SELECT body FROM leaves WHERE type = 'withdrawn'")
        [leaf] = [json.loads(row[0]) for row in rows]
    assert (leaf["subject"], leaf["purpose"]) == (anna, "newsletter")
    assert leaf["actor"] == "system:stops_file"
    assert [change.type for change in await world.client.changes(leaf["seq"] - 1)] == ["withdrawn"]
    size = world.count("leaves")
    assert (await reopened(open_world, world, path)).count("leaves") == size


async def test_a_stop_whose_commit_was_lost_counts_until_the_person_confirms_anew(open_world, place, stops):
    """Written just before a crash, after a line that a full disk tore and among garbage: it counts. Consent
    given later is not undone by the old line."""
    world = open_world(place, durable=True)
    anna = await world.join("anna@kafija.example")
    with stops.open("ab") as file:
        file.write(b'\xff\x00[]\n"text"\n' + b"[" * 5000 + b'\n{"subject": "' + anna.encode())
    world.clock.pass_(1000)
    world.lose(anna, "newsletter", "withdrawn")
    world = await reopened(open_world, world, place)
    assert await allowed(world, world.ask(anna)) == [False]
    world.clock.pass_(40 * 86_400_000)
    assert await world.join("anna@kafija.example") == anna
    world = await reopened(open_world, world, place)
    assert await allowed(world, world.ask(anna)) == [True]


async def test_a_lost_stop_also_closes_what_was_only_asked_for(open_world, place):
    """The link to confirm that was under way then no longer gives consent."""
    world = open_world(place, durable=True)
    await world.sign_up("anna@kafija.example")
    [(confirm, _)] = await world.mail_proofs()
    anna = await world.subject("anna@kafija.example")
    world.lose(anna, "newsletter", "withdrawn")
    world = await reopened(open_world, world, place)
    with pytest.raises(LinkRefused):
        await world.client.confirm(confirm, Visit())


@pytest.mark.parametrize("damaged", ["wrapped", "address"])
async def test_a_damaged_row_is_in_nobodys_way_out(world, damaged):
    """The pages open without the address, the button works, and so does a provider's report."""
    anna = await world.join("anna@kafija.example", "newsletter", "offers")
    mail = world.ask(anna)
    await world.send(mail)
    world.damage(damaged)
    token = world.unsubscribe_token(anna)
    assert (await world.client.unsubscription(token)).address == ""
    assert (await world.client.preferences(world.preferences_token(anna))).address == ""
    receipt = await world.client.withdraw(token, "one_click", False, Visit())
    assert receipt.topics == ("newsletter",)
    assert await world.client.complained(mail.key) is Heard.NEW
    asks = [world.ask(anna), world.ask(anna, "offers")]
    assert [one.reason for one in await world.client.decide(asks)] == [Reason.COMPLAINED] * 2


async def test_damaged_rows_do_not_keep_a_lost_stop_from_being_made_up_for(open_world, place):
    """The service opens, whatever the state of the sealed address."""
    world = open_world(place, durable=True)
    anna = await world.join("anna@kafija.example")
    world.damage("wrapped")
    world.lose(anna, "newsletter", "withdrawn")
    world = await reopened(open_world, world, place)
    [decision] = await world.client.decide([world.ask(anna)])
    assert decision.reason is Reason.WITHDRAWN
