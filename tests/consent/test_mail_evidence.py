"""What is kept of a mail that asks for a confirmation: the mail as sent, the reply, and whose it is."""

import base64
import hashlib

import pytest
from sqlalchemy import func, select

from consent.contract import Handed, MailClass, Outcome, Settlement, Visit
from consent.store.tables import evidence
from consent.subscriber.given_out import mail_of
from consent.subscriber.history import history_of
from consent.subscriber.wishes import close_all

pytestmark = pytest.mark.anyio
ANNA = "anna@kafija.example"
EML = "Subject: Lūdzu apstipriniet\r\n\r\n.kafija\r\nhttps://kafija.example/c/token\r\n".encode()
REPLY = "250 2.0.0 Ok: queued as 4F3A"
TAKEN = Handed(EML, reply=REPLY, at=7)


async def attempted(world, outcome, code=0, handed=None):
    """The queued proof mail is claimed and its attempt ends so; the key."""
    [proof] = await world.client.proofs()
    await world.client.claim("proofs", [proof.ask], [])
    ended = Settlement(proof.ask.key, proof.ask.attempt, outcome, code, handed)
    await world.client.settle("proofs", [ended])
    return proof.ask.key


async def told(world, type_, subject=""):
    """The evidence of all leaves of a type about somebody (Anna), each holding. What they asked for is closed
    first: until then no mail is given out as it was sent."""
    identity = subject or await world.subject(ANNA)
    world.service.write(lambda tx: close_all(tx, identity, "withdrawn"))
    found = world.service.read(lambda reading: history_of(reading, identity))
    events = [event for event in found.events if event.type == type_]
    assert all(event.holds for event in events)
    return [event.evidence for event in events]


async def test_every_leaf_about_the_mail_names_the_request_that_was_confirmed(world):
    """So the log ties what was asked, sent, taken, looked at and agreed to."""
    await world.sign_up(ANNA)
    [proof] = await world.client.proofs()
    [decided] = await world.client.decide([proof.ask])
    key = await attempted(world, Outcome.ACCEPTED, 250, TAKEN)
    await world.client.confirm(world.token(decided.links.confirm), Visit())
    for type_ in ("notice.served", "requested", "proof_mail.queued", "proof_mail.accepted", "confirmed"):
        [kept] = await told(world, type_)
        assert kept["request"] == key, type_


async def test_the_mail_as_it_was_sent_and_the_reply_are_kept(world):
    """To the byte, with what it is known by."""
    await world.sign_up(ANNA)
    await attempted(world, Outcome.ACCEPTED, 250, TAKEN)
    [kept] = await told(world, "proof_mail.accepted")
    assert mail_of(kept) == EML
    assert (kept["eml_sha256"], kept["eml_size"]) == (hashlib.sha256(EML).hexdigest(), len(EML))
    assert (kept["reply"], kept["code"], kept["outcome"], kept["attempt"]) == (REPLY, 250, "accepted", 1)
    assert kept["ended"] == 7


async def test_bytes_that_are_no_text_are_kept_too(world):
    """Whatever a mailer writes."""
    await world.sign_up(ANNA)
    await attempted(world, Outcome.ACCEPTED, 250, Handed(b"\xff\xfe\0", reply=REPLY))
    [kept] = await told(world, "proof_mail.accepted")
    assert mail_of(kept) == b"\xff\xfe\0"
    assert kept["eml"] == base64.b64encode(b"\xff\xfe\0").decode()


async def test_what_a_killed_mailer_did_not_tell_is_not_made_up(world):
    """The outcome and its code are known, nothing else is."""
    await world.sign_up(ANNA)
    await attempted(world, Outcome.ACCEPTED, 250)
    [kept] = await told(world, "proof_mail.accepted")
    assert kept["eml_missing"] == "not told"
    assert not {"eml", "reply", "eml_sha256"} & kept.keys()
    assert mail_of(kept) is None


@pytest.mark.parametrize(
    ("handed", "missing"),
    [
        (Handed(reply="450 later"), "not handed over"),
        (Handed(digest="ab" * 32, size=9, reply="450 later"), "not taken"),
    ],
)
async def test_what_was_put_off_is_told_by_a_leaf_without_the_mail(world, handed, missing):
    """Each time, with the reply; the attempt that is taken has the mail."""
    await world.sign_up(ANNA)
    await attempted(world, Outcome.DEFERRED, 450, handed)
    world.clock.pass_(3_600_000)
    await attempted(world, Outcome.ACCEPTED, 250, TAKEN)
    [put_off], [taken] = await told(world, "proof_mail.deferred"), await told(world, "proof_mail.accepted")
    assert (put_off["reply"], put_off["eml_missing"], put_off["attempt"]) == ("450 later", missing, 1)
    assert "eml" not in put_off
    assert (mail_of(taken), taken["attempt"]) == (EML, 2)


async def test_a_mail_too_large_to_be_told_is_known_by_its_digest(world):
    """And says so."""
    await world.sign_up(ANNA)
    await attempted(world, Outcome.ACCEPTED, 250, Handed(digest="ab" * 32, size=2_000_000, reply=REPLY))
    [kept] = await told(world, "proof_mail.accepted")
    assert (kept["eml_missing"], kept["eml_sha256"], kept["eml_size"]) == ("too large", "ab" * 32, 2_000_000)


async def test_a_mail_whose_fate_is_unknown_is_kept_with_what_the_mailer_says(world):
    """It may have gone. A refused one has its reply, and one that was given back leaves nothing."""
    await world.sign_up(ANNA)
    await attempted(world, Outcome.RELEASED)
    assert not {"proof_mail.deferred", "proof_mail.unknown"} & set(world.types())
    await attempted(world, Outcome.UNKNOWN, 0, Handed(EML, why="no reply within 600 seconds"))
    [kept] = await told(world, "proof_mail.unknown")
    assert (mail_of(kept), kept["why"]) == (EML, "no reply within 600 seconds")
    assert "reply" not in kept
    await world.sign_up("bob@kafija.example")
    await attempted(world, Outcome.REFUSED, 550, Handed(EML, reply="550 no such user"))
    [refused] = await told(world, "proof_mail.bounced", await world.subject("bob@kafija.example"))
    assert (refused["reply"], mail_of(refused)) == ("550 no such user", EML)


async def test_told_again_it_is_kept_once(world):
    """A settlement that is repeated adds nothing."""
    await world.sign_up(ANNA)
    key = await attempted(world, Outcome.ACCEPTED, 250, TAKEN)
    await world.client.settle("proofs", [Settlement(key, 1, Outcome.ACCEPTED, 250, TAKEN)])
    assert len(await told(world, "proof_mail.accepted")) == 1


async def test_it_lies_sealed_and_goes_with_an_erasure(world):
    """Neither the address nor the link stands in a row, and no row outlives whom it is about."""
    await world.sign_up(ANNA)
    mail = f"To: {ANNA}\r\n\r\nhttps://kafija.example/c/live-token\r\n".encode() * 40
    await attempted(world, Outcome.ACCEPTED, 250, Handed(mail, reply=f"250 <{ANNA}> fine"))
    anna = await world.subject(ANNA)
    rows = world.service.read(lambda reading: reading.conn.execute(select(evidence)).all())
    assert rows
    assert not any(b"live-token" in bytes(row.sealed) or ANNA.encode() in bytes(row.sealed) for row in rows)
    assert sum(len(row.sealed) for row in rows) < len(mail)  # a mail is compressed before it is sealed
    await world.client.erase(anna, "operator")
    count = select(func.count()).select_from(evidence)
    assert world.service.read(lambda reading: reading.conn.scalar(count)) == 0


async def test_of_somebody_erased_meanwhile_nothing_is_kept(world):
    """The leaf says that it was taken, and no more."""
    await world.sign_up(ANNA)
    anna = await world.subject(ANNA)
    [proof] = await world.client.proofs()
    await world.client.claim("proofs", [proof.ask], [])
    await world.client.erase(anna, "operator")
    await world.client.settle("proofs", [Settlement(proof.ask.key, 1, Outcome.ACCEPTED, 250, TAKEN)])
    assert "proof_mail.accepted" in world.types()
    count = select(func.count()).select_from(evidence)
    assert world.service.read(lambda reading: reading.conn.scalar(count)) == 0


async def test_a_marketing_mail_keeps_nothing_of_it(world):
    """Whatever its mailer tells."""
    anna = await world.join(ANNA)
    before = world.count("evidence")
    ask = world.ask(anna)
    assert ask.mail_class is MailClass.MARKETING
    await world.client.claim("engine", [ask], [])
    await world.client.settle("engine", [Settlement(ask.key, 1, Outcome.ACCEPTED, 250, TAKEN)])
    assert world.count("evidence") == before


async def test_both_mails_of_another_address_name_their_request(world):
    """That to the new address, and the notice to the old one, each in the evidence of whom it went to."""
    anna = await world.join(ANNA)
    token = world.preferences_token(anna)
    await world.client.ask_to_move(token, "anna.new@kafija.example", Visit())
    keys = {proof.about: proof.ask for proof in await world.client.proofs()}
    [asked] = await told(world, "address.requested", anna)
    assert {ask.key for ask in keys.values()} == {asked["request"], asked["notice"]}
    new = next(ask.subject for ask in keys.values() if ask.subject != anna)
    [queued] = await told(world, "proof_mail.queued", new)
    assert queued["request"] == asked["request"]
    assert "notice" not in queued


@pytest.mark.parametrize("outcome", [Outcome.DEFERRED, Outcome.UNKNOWN])
async def test_what_became_of_the_mail_keeps_nobody_who_never_confirmed(world, outcome):
    """After 30 days nothing is left of the asking, the mail neither."""
    await world.sign_up(ANNA)
    await attempted(world, outcome, 450 if outcome is Outcome.DEFERRED else 0, Handed(EML, why="hung up"))
    for _ in range(40):
        world.clock.pass_(86_400_000)
        while (await world.client.keep_times()).more:
            pass
    assert (world.count("subjects"), world.count("evidence"), world.count("requests")) == (0, 0, 0)


async def test_of_somebody_who_became_part_of_another_it_is_kept_with_that_one(world):
    """Also where it was taken only afterwards; every piece gives its commitment still."""
    stays = await world.join("bela@kafija.example")
    await world.sign_up(ANNA)
    [proof] = await world.client.proofs()
    await world.client.claim("proofs", [proof.ask], [])
    goes = proof.ask.subject
    await world.client.merge(stays, goes, "shop")
    await world.client.settle("proofs", [Settlement(proof.ask.key, 1, Outcome.ACCEPTED, 250, TAKEN)])
    kept = await told(world, "proof_mail.accepted", stays)
    assert [mail_of(one) for one in kept if "eml" in one] == [EML]
    requested = await told(world, "requested", stays)
    assert proof.ask.key in {one["request"] for one in requested}
