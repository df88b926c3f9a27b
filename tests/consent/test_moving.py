"""Another address for the same person: both mailboxes are asked, one button decides, and no stop is lost."""

import json
from dataclasses import replace

import pytest
from asked_to_move import NEW, OLD, ask, letters
from dice import Dice
from sqlalchemy import select
from tampered import Export

from consent.contract import About, Frequency, Heard, LinkRefused, Reason, Visit
from consent.keys import Keys
from consent.proof.failure import Failure
from consent.store.tables import leaves
from consent.subscriber import hold
from consent.subscriber.erasure import find_erasure
from consent.subscriber.history import history_of

pytestmark = pytest.mark.anyio
DAY = 86_400_000


async def move(world, subject, email=NEW):
    """Ask, get both mails, press the button in the new mailbox; the receipt."""
    await ask(world, subject, email)
    sent = await letters(world)
    return await world.client.confirm(world.token(sent[About.NEW_ADDRESS][1].confirm), Visit("192.0.2.9"))


async def test_nothing_changes_before_the_button_was_pressed(world):
    """Two mails go: one asks the new address, one tells the old one, which has nothing to confirm."""
    anna = await world.join(OLD)
    world.clock.pass_(DAY)
    await ask(world, anna)
    sent = await letters(world)
    assert {about: to for about, (to, _) in sent.items()} == {About.NEW_ADDRESS: NEW, About.OLD_ADDRESS: OLD}
    assert sent[About.OLD_ADDRESS][1].confirm == ""
    [permit] = (await world.send(world.ask(anna))).permits
    assert permit.recipient == OLD


async def test_the_button_changes_the_address_and_active_topics_go_on(world):
    """By the leaf `address.changed`; the person is the same, and so is their id."""
    anna = await world.join(OLD)
    world.clock.pass_(DAY)
    receipt = await move(world, anna)
    assert (receipt.subject, receipt.type, receipt.topics) == (anna, "address.changed", ("newsletter",))
    assert world.types()[-2:] == ["merged", "address.changed"]
    [permit] = (await world.send(world.ask(anna))).permits
    assert permit.recipient == NEW
    assert await world.subject(OLD) == await world.subject(NEW) == anna


async def test_every_stop_of_either_stands(world):
    """Of each topic the stricter state: what the new mailbox had left stays left, what it had is not agreed
    to by it."""
    anna, other = await world.join(OLD), await world.join(NEW, "newsletter", "offers")
    await world.client.withdraw(world.unsubscribe_token(other), "page", False, Visit())
    world.clock.pass_(31 * DAY)
    receipt = await move(world, anna)
    assert receipt.topics == ()
    denied = (await world.send(world.ask(anna), world.ask(anna, "offers"))).denied
    assert [one.reason for one in denied] == [Reason.WITHDRAWN, Reason.NEVER_ASKED]
    assert [one.reason for one in (await world.send(world.ask(other))).denied] == [Reason.UNKNOWN_SUBJECT]


@pytest.mark.parametrize("word", ["objected.marketing", "restricted"])
@pytest.mark.parametrize("who", [OLD, NEW])
async def test_what_lies_over_a_person_goes_with_them(world, word, who):
    """Whichever of the two had it."""
    anna, other = await world.join(OLD), await world.join(NEW)
    await world.client.record({OLD: anna, NEW: other}[who], word, "operator")
    world.clock.pass_(31 * DAY)
    await move(world, anna)
    [denied] = (await world.send(world.ask(anna))).denied
    assert denied.reason in (Reason.OBJECTED, Reason.RESTRICTED)


async def test_a_complaint_stays_and_a_dead_mailbox_does_not(world):
    """The one is the person's, the other was the old mailbox's; a bounce of it that comes late is none of the
    new one's."""
    anna = await world.join(OLD)
    early, late = world.ask(anna), world.ask(anna)
    await world.send(early)
    await world.send(late)
    world.clock.pass_(DAY)
    token = world.preferences_token(anna)
    await world.client.bounced(early.key, "hard")
    assert [one.reason for one in (await world.send(world.ask(anna))).denied] == [Reason.HARD_BOUNCED]
    await world.client.ask_to_move(token, NEW, Visit())
    sent = await letters(world)
    await world.client.confirm(world.token(sent[About.NEW_ADDRESS][1].confirm), Visit())
    assert (await world.send(world.ask(anna))).permits
    world.clock.pass_(1)
    await world.client.bounced(late.key, "hard")
    assert (await world.send(world.ask(anna))).permits
    await world.client.complained(late.key)
    assert [one.reason for one in (await world.send(world.ask(anna))).denied] == [Reason.COMPLAINED]


async def test_an_address_that_was_erased_is_no_way_round_the_suppression(world):
    """Neither by moving there nor by moving away; a fresh confirmation ends it."""
    gone = await world.join(NEW)
    await world.client.erase(gone, "operator")
    anna = await world.join(OLD)
    world.clock.pass_(DAY)
    await move(world, anna)
    [denied] = (await world.send(world.ask(anna))).denied
    assert denied.reason is Reason.OBJECTED
    world.clock.pass_(31 * DAY)
    await world.sign_up(NEW)
    [(confirm, _)] = await world.mail_proofs()
    await world.client.confirm(confirm, Visit())
    assert (await world.send(world.ask(anna))).permits


async def test_links_of_before(world):
    """Those to stop work for the same person for ever, whoever they were then; those to choose, and to
    confirm something, that went to the old mailbox do not."""
    anna, other = await world.join(OLD), await world.join(NEW)
    world.clock.pass_(31 * DAY)
    choose, stop, stop_other = world.preferences_token(anna), world.unsubscribe_token(anna), ""
    stop_other = world.unsubscribe_token(other, "offers")
    await world.sign_up(OLD, "offers")
    [(confirm, _)] = await world.mail_proofs()
    await move(world, anna)
    for dead in (
        world.client.choose(choose, [], "", Visit()),
        world.client.choose(world.preferences_token(other), [], "", Visit()),
        world.client.confirm(confirm, Visit()),
    ):
        with pytest.raises(LinkRefused):
            await dead
    assert (await world.client.withdraw(stop_other, "page", False, Visit())).subject == anna
    assert (await world.client.withdraw(stop, "one_click", True, Visit())).subject == anna
    assert [one.reason for one in (await world.send(world.ask(anna))).denied] == [Reason.WITHDRAWN]
    world.clock.pass_(31 * DAY)
    assert (await world.client.unsubscription(stop)).address == "a…@kafija.example"


async def test_what_comes_in_by_the_old_address_is_theirs_until_somebody_proves_to_have_it(world):
    """A shop still knows them by it; who signs up there gets the mail there, and is somebody else."""
    anna = await world.join(OLD)
    world.clock.pass_(DAY)
    await move(world, anna)
    await world.sign_up(OLD)
    assert await world.subject(OLD) == anna
    [(confirm, _)] = await world.mail_proofs()
    back = (await world.client.confirm(confirm, Visit())).subject
    assert back != anna
    assert await world.subject(OLD) == back
    recipients = [one.recipient for one in (await world.send(world.ask(anna), world.ask(back))).permits]
    assert recipients == [NEW, OLD]


async def test_the_same_address_again_and_again_gets_one_mail(world):
    """Cool-downs are the address's own: those of sign-ups count; a person asks for three a day at most."""
    anna, bob = await world.join(OLD), await world.join("bob@kafija.example")
    world.clock.pass_(DAY)
    await world.sign_up(NEW)
    await world.mail_proofs()
    await ask(world, anna)
    assert set(await letters(world)) == {About.OLD_ADDRESS}
    await ask(world, anna)
    assert await world.client.proofs() == []
    world.clock.pass_(DAY)
    await ask(world, anna)
    assert set(await letters(world)) == {About.NEW_ADDRESS}
    for number in range(9):
        await ask(world, bob, f"nobody{number}@kafija.example")
    assert len(await world.client.proofs()) <= 4


async def test_their_own_address_is_no_other(world):
    """Nothing is mailed and nothing written."""
    anna = await world.join(OLD)
    before = world.types()
    await ask(world, anna, OLD.upper())
    assert await world.client.proofs() == []
    assert world.types() == before


async def test_the_slower_pace_of_either(world):
    """The rarer frequency, the longer break; and mails of both count."""
    anna, other = await world.join(OLD), await world.join(NEW, "newsletter", "offers")
    slow = [world.preferences_token(other), ["newsletter", "offers"], "", Visit(), Frequency.MONTHLY, 90]
    await world.client.choose(*slow)
    world.clock.pass_(91 * DAY)
    await world.send(world.ask(other, "offers"))
    await move(world, anna)
    [denied] = (await world.send(world.ask(anna))).denied
    assert denied.reason is Reason.OWN_FREQUENCY


async def test_a_shop_makes_two_contacts_one(world):
    """By the same function: nothing is agreed to by it, and it is said once."""
    anna, other = await world.join(OLD), await world.join(NEW, "offers")
    await world.client.withdraw(world.unsubscribe_token(anna), "page", False, Visit())
    assert await world.client.merge(anna, other, "shop") is Heard.NEW
    assert await world.client.merge(anna, other, "shop") is Heard.AGAIN
    assert await world.client.merge(other, anna, "shop") is Heard.AGAIN
    assert await world.client.merge(anna, "0" * 32, "shop") is Heard.UNKNOWN
    assert await world.subject(NEW) == await world.subject(OLD) == anna
    denied = (await world.send(world.ask(anna), world.ask(anna, "offers"))).denied
    assert [one.reason for one in denied] == [Reason.WITHDRAWN, Reason.NEVER_ASKED]
    assert "confirmed" not in world.types()[-3:]
    with pytest.raises(ValueError, match="An actor is `operator` or `shop`"):
        await world.client.merge(anna, await world.subject("x@kafija.example"), "flow:welcome")


async def test_the_feed_ends_the_one_who_is_absorbed(world):
    """As it does of whoever is erased; and tells the domain of the new address."""
    anna, other = await world.join(OLD), await world.join("anna@other.example")
    world.clock.pass_(31 * DAY)
    await move(world, anna, "anna@other.example")
    *_, merged, moved = await world.client.changes(0)
    assert (merged.type, merged.subject) == ("merged", other)
    assert (moved.type, moved.subject, moved.domain) == ("address.changed", anna, "other.example")


async def test_an_erasure_forgets_both_addresses(open_world, tmp_path):
    """And whoever was asked for: no table and no page of the file knows any of them, by text or by hash."""
    world = open_world(tmp_path / "consent.db", durable=True)
    anna, other = await world.join(OLD), await world.join(NEW)
    world.clock.pass_(31 * DAY)
    await move(world, anna)
    world.clock.pass_(1000)
    await ask(world, anna, "third@kafija.example")
    vault = world.service.parts.vault
    hashes = [vault.lookup(one) for one in (OLD, NEW, "third@kafija.example")]
    assert await world.client.erase(other, "operator") == await world.client.erase(anna, "operator")
    await world.client.forgotten([anna])
    files = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert [one for one in hashes if one in files] == []
    counted = ("subjects", "evidence", "former", "requests", "standings")
    assert [world.count(name) for name in counted] == [0] * len(counted)
    assert world.count("suppressions") == 2
    for address in (OLD, NEW):
        [decision] = await world.client.decide([world.ask(await world.subject(address))])
        assert decision.reason is Reason.SUPPRESSED


async def test_an_erasure_may_be_said_again_by_the_id_of_a_part(world):
    """Also behind it: the answer is the same as the first, and of whom they had become part."""
    anna, other = await world.join(OLD), await world.join(NEW)
    await world.client.merge(anna, other, "operator")
    done = await world.client.erase(other, "operator")
    assert done.subject == anna
    assert await world.client.erase(other, "operator") == done
    assert world.service.read(lambda reading: find_erasure(reading, other)) == done
    assert world.types().count("erasure.requested") == 1
    assert (
        await world.client.merge(other, await world.join("third@kafija.example"), "operator") is Heard.UNKNOWN
    )


async def test_what_is_held_of_somebody_does_not_vanish(open_world):
    """It stays under its seal by their own id, and goes on with the other as well."""
    world = open_world(keys=replace(Keys.random(Dice("keys")), holds=(b"the first hold key of 32 bytes..",)))
    anna, other = await world.join(OLD), await world.join(NEW)
    world.service.write(lambda tx: hold.place(tx, other, world.clock.now + 400 * DAY, "a claim", "operator"))
    world.clock.pass_(31 * DAY)
    await move(world, anna)
    await world.client.erase(anna, "operator")
    address, kept = world.service.write(lambda tx: hold.open_held(tx, other, "operator"))
    assert address == NEW
    assert {"sign_up/v1", "confirmation/v1"} <= {piece.evidence["schema"] for piece in kept}
    assert all(piece.holds for piece in kept)


async def test_the_evidence_of_both_is_the_persons(world):
    """Sealed anew, and giving the same commitments; nothing in the leaves tells an address."""
    anna, other = await world.join(OLD), await world.join(NEW)
    world.clock.pass_(31 * DAY)
    await move(world, anna)
    found = world.service.read(lambda reading: history_of(reading, anna))
    told = {event.type: event.evidence for event in found.events}
    assert told["address.changed"]["before"] == OLD
    assert told["address.changed"]["after"] == NEW
    assert {event.leaf for event in found.events if event.holds is False} == set()
    assert any(event.type == "merged" for event in found.events)
    bodies = world.service.read(lambda reading: list(reading.conn.scalars(select(leaves.c.body))))
    assert not any(b"@kafija" in body for body in bodies)
    assert other not in await world.client.subjects([OLD, NEW])


async def test_a_restored_store_mails_no_address_that_was_left(open_world, tmp_path):
    """What the stops file knows of a change that the store has lost keeps mail from the old address, and
    marketing from whom the store still has as somebody of their own."""
    world = open_world(tmp_path / "consent.db", durable=True)
    anna, other = await world.join(OLD), await world.join(NEW)
    world.lose(anna, "", "address.changed")
    world.lose(other, "", "merged")
    world.service.close()
    again = open_world(tmp_path / "consent.db", clock=world.clock, durable=True, seed="again")
    denied = (await again.send(again.ask(anna), again.ask(other))).denied
    assert [one.reason for one in denied] == [Reason.HARD_BOUNCED, Reason.OBJECTED]


async def test_both_verifiers_follow_a_change_of_address(open_world, tmp_path):
    """With a stop taken over, a mailbox that did not exist, and mails from before and after."""
    world = open_world()
    anna, other = await world.join(OLD, "newsletter", "offers"), await world.join(NEW)
    first = world.ask(anna)
    await world.send(first, world.ask(other))
    await world.client.withdraw(world.unsubscribe_token(other), "page", False, Visit())
    world.clock.pass_(31 * DAY)
    token = world.preferences_token(anna)
    await world.client.bounced(first.key, "hard")
    await world.client.ask_to_move(token, NEW, Visit())
    sent = await letters(world)
    await world.client.confirm(world.token(sent[About.NEW_ADDRESS][1].confirm), Visit())
    assert (await world.send(world.ask(anna, "offers"))).permits
    export = Export(world)
    assert export.failure() is None
    assert export.second(tmp_path) == ""


FORGED = {
    "the stop that was taken over": lambda leaf: (
        leaf["type"] == "withdrawn" and leaf["actor"] == "system:merge"
    ),
    "that the other is part of them": lambda leaf: leaf["type"] == "merged",
}


@pytest.mark.parametrize("lost", FORGED)
async def test_a_merge_that_loses_a_stop_is_found_out(open_world, tmp_path, lost):
    """Whoever holds the key and leaves a leaf out cannot hide it."""
    world = open_world()
    anna, other = await world.join(OLD), await world.join(NEW)
    await world.client.withdraw(world.unsubscribe_token(other), "page", False, Visit())
    world.clock.pass_(31 * DAY)
    await move(world, anna)
    export = Export(world)
    export.put(
        "leaves.jsonl", [one for one in export.lines("leaves.jsonl") if not FORGED[lost](json.loads(one))]
    )
    export.number_anew()
    export.sign_anew()
    assert export.failure() is Failure.TRANSITION
    assert export.second(tmp_path) in ("merge", "address")


async def test_a_restored_store_forgets_whoever_became_part_of_somebody_erased(open_world, tmp_path):
    """It has both as people of their own, and the stops file knows that both are erased."""
    world = open_world(tmp_path / "consent.db", durable=True)
    anna, other = await world.join(OLD), await world.join(NEW)
    world.service.store.rewrite("subjects")
    kept = (tmp_path / "consent.db").read_bytes()
    world.clock.pass_(31 * DAY)
    await move(world, anna)
    await world.client.erase(anna, "operator")
    world.service.close()
    (tmp_path / "consent.db").write_bytes(kept)
    (tmp_path / "consent.db-wal").unlink(missing_ok=True)
    again = open_world(tmp_path / "consent.db", clock=world.clock, durable=True, seed="again")
    assert again.count("subjects") == 0
    denied = (await again.send(again.ask(anna), again.ask(other))).denied
    assert [one.reason for one in denied] == [Reason.ERASED, Reason.ERASED]
    assert again.count("suppressions") == 2


async def test_that_the_other_came_back_is_no_word_of_whom_stays(open_world, tmp_path):
    """What they had objected to before is objected to for what the one who stays gets; both verifiers say so
    too."""
    world = open_world()
    anna, other = await world.join(OLD), await world.join(NEW)
    await world.client.record(other, "objected.marketing", "operator")
    world.clock.pass_(31 * DAY)
    await world.join(NEW)
    assert await world.client.merge(anna, other, "shop") is Heard.NEW
    assert [one.reason for one in (await world.send(world.ask(anna))).denied] == [Reason.OBJECTED]
    await world.join(OLD)
    assert (await world.send(world.ask(anna))).permits
    export = Export(world)
    assert export.failure() is None
    assert export.second(tmp_path) == ""
