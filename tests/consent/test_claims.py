"""Claims: one transaction, one permit per attempt, one leaf."""

import base64
import json

import pytest
from msgspec.structs import replace
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from consent.contract import MailClass, Outcome, Reason, Settlement, Visit
from consent.proof.checkpoint import read_note
from consent.store.tables import decisions

pytestmark = pytest.mark.anyio


def reasons(claimed):
    """Why asks were denied."""
    return [decision.reason for decision in claimed.denied]


async def test_the_gate_runs_again_at_the_claim(world):
    """A withdrawal between decision and claim denies the mail."""
    anna = await world.join("anna@kafija.example")
    ask = world.ask(anna)
    [decision] = await world.client.decide([ask])
    assert decision.allowed
    await world.client.withdraw(world.unsubscribe_token(anna), "one_click", False, Visit())
    claimed = await world.client.claim("engine", [ask], [])
    assert claimed.permits == ()
    assert reasons(claimed) == [Reason.WITHDRAWN]
    assert claimed.denied[0].epoch == decision.epoch + 1


async def test_a_repeated_claim_gives_the_same_permit_to_the_same_sender(world):
    """Time passes, a checkpoint is signed: the permit stays what it was, deadline included."""
    anna = await world.join("anna@kafija.example")
    ask = world.ask(anna)
    first = await world.client.claim("engine", [ask], [])
    leaves = world.count("leaves")
    world.clock.pass_(120_000)
    await world.join("bob@kafija.example")
    assert world.count("leaves") > leaves
    before = world.count("leaves")
    assert (await world.client.claim("engine", [ask], [])).permits == first.permits
    assert world.count("leaves") == before


async def test_another_sender_gets_no_permit_for_a_claimed_key(world):
    """Nor does the same one once it is settled."""
    anna = await world.join("anna@kafija.example")
    ask = world.ask(anna)
    claimed = await world.client.claim("engine", [ask], [])
    other = await world.client.claim("second engine", [ask], [])
    assert other.permits == ()
    assert reasons(other) == [Reason.ALREADY_CLAIMED]
    await world.client.settle("engine", [world.settled(claimed.permits[0])])
    again = await world.client.claim("engine", [ask], [])
    assert reasons(again) == [Reason.ALREADY_CLAIMED]
    [decision] = await world.client.decide([ask])
    assert decision.reason is Reason.ALREADY_CLAIMED


def copy_is_refused(world, ask, rule: str, **changed: str) -> None:
    """Another row like that of `ask`, but for what is `changed`, breaks a rule of the table."""
    other = {"id": "id + 100"} | changed
    values = ", ".join(other.get(column.name, column.name) for column in decisions.columns)
    conn = world.service.store.writer
    with conn.begin() as transaction:
        with pytest.raises(IntegrityError, match=rule):
            conn.execute(
                text(f"INSERT INTO decisions SELECT {values} FROM decisions WHERE key = :key"),
                {"key": ask.key},
            )
        transaction.rollback()


async def test_the_table_itself_refuses_a_second_permit_for_an_attempt(world):
    """Whatever the code above it does, key and attempt are unique among permits."""
    ask = world.ask(await world.join("anna@kafija.example"))
    await world.send(ask)
    copy_is_refused(world, ask, r"decisions\.key, decisions\.attempt|one_permit_per_attempt")


async def test_the_table_itself_refuses_a_second_unsettled_permit_of_a_subject(world):
    """One mail per person is in flight, whatever the code above does."""
    ask = world.ask(await world.join("anna@kafija.example"))
    await world.client.claim("engine", [ask], [])
    copy_is_refused(world, ask, r"decisions\.subject|one_unsettled_per_subject", key="'another'")


async def test_one_mail_per_person_at_a_time(world):
    """The second waits, within a claim and across claims, and that is no recorded decision."""
    anna = await world.join("anna@kafija.example")
    first, second = world.ask(anna), world.ask(anna)
    claimed = await world.client.claim("engine", [first, second], [])
    assert [permit.key for permit in claimed.permits] == [first.key]
    assert reasons(claimed) == [Reason.ONE_AT_A_TIME]
    assert (await world.client.status([second.key])) == [None]
    leaves = world.count("leaves")
    assert reasons(await world.client.claim("engine", [second], [])) == [Reason.ONE_AT_A_TIME]
    assert world.count("leaves") == leaves
    after = await world.client.claim("engine", [second], [Settlement(first.key, 1, Outcome.ACCEPTED, 250)])
    assert [permit.key for permit in after.permits] == [second.key]


@pytest.mark.parametrize("outcome", [Outcome.DEFERRED, Outcome.RELEASED])
async def test_another_attempt_follows_a_deferral_or_release(world, outcome):
    """Attempt 2 needs attempt 1 settled so, and attempt 3 needs attempt 2."""
    anna = await world.join("anna@kafija.example")
    key = world.key()
    early = await world.client.claim("engine", [world.ask(anna, key=key, attempt=2)], [])
    assert reasons(early) == [Reason.WRONG_ATTEMPT]
    await world.client.claim("engine", [world.ask(anna, key=key)], [])
    unsettled = await world.client.claim("engine", [world.ask(anna, key=key, attempt=2)], [])
    assert reasons(unsettled) == [Reason.WRONG_ATTEMPT]
    await world.client.settle("engine", [Settlement(key, 1, outcome)])
    assert reasons(await world.client.claim("engine", [world.ask(anna, key=key, attempt=3)], [])) == [
        Reason.WRONG_ATTEMPT
    ]
    assert reasons(await world.client.claim("engine", [world.ask(anna, key=key, attempt=1)], [])) == [
        Reason.ALREADY_CLAIMED
    ]
    second = await world.client.claim("engine", [world.ask(anna, key=key, attempt=2)], [])
    assert [(permit.key, permit.attempt) for permit in second.permits] == [(key, 2)]


@pytest.mark.parametrize("outcome", [Outcome.ACCEPTED, Outcome.REFUSED, Outcome.UNKNOWN])
async def test_no_attempt_follows_what_was_or_may_have_been_delivered(world, outcome):
    """Accepted, refused and unknown are final."""
    anna = await world.join("anna@kafija.example")
    key = world.key()
    await world.send(world.ask(anna, key=key), outcome=outcome)
    assert reasons(await world.client.claim("engine", [world.ask(anna, key=key, attempt=2)], [])) == [
        Reason.WRONG_ATTEMPT
    ]


async def test_a_batch_is_one_leaf_with_count_and_root(world):
    """Allowed and denied decisions share one leaf."""
    anna, bob = await world.join("anna@kafija.example"), await world.subject("bob@kafija.example")
    leaves = world.count("leaves")
    claimed = await world.client.claim("engine", [world.ask(anna), world.ask(bob), world.ask("f" * 32)], [])
    assert len(claimed.permits) == 1
    assert reasons(claimed) == [Reason.NEVER_ASKED, Reason.UNKNOWN_SUBJECT]
    assert world.count("leaves") == leaves + 1
    with world.service.store.reader.begin():
        body = json.loads(
            world.service.store.reader.execute(
                text("SELECT body FROM leaves WHERE seq = :seq"), {"seq": leaves}
            ).scalar_one()
        )
    assert body["type"] == "decisions"
    assert body["batch"]["count"] == 3
    assert len(body["batch"]["root"]) == 64
    assert claimed.permits[0].leaf == leaves


async def test_an_empty_claim_writes_nothing(world):
    """Nothing to settle, nothing to ask: no leaf, no row."""
    before = world.count("leaves"), world.count("batches")
    assert await world.client.claim("engine", [], []) == await world.client.claim("engine", [], [])
    assert (world.count("leaves"), world.count("batches")) == before


async def test_a_marketing_permit_carries_the_list_headers_and_a_checkpoint(world):
    """RFC 8058: an HTTPS link and the one-click line; the newest checkpoint beside them."""
    anna = await world.join("anna@kafija.example")
    [permit] = (await world.client.claim("engine", [world.ask(anna)], [])).permits
    headers = dict(permit.headers)
    assert headers["List-Unsubscribe"] == f"<https://kafija.example/u/{world.unsubscribe_token(anna)}>"
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "Auto-Submitted" not in headers
    note = read_note(base64.b64decode(headers["Consent-Checkpoint"]).decode())
    assert note.signed_by(world.service.parts.signing.key())
    assert note.text == read_note(await world.client.checkpoint()).text


async def test_proof_and_service_permits_say_that_a_machine_wrote(world):
    """`Auto-Submitted: auto-generated` and a checkpoint, and no list headers."""
    await world.sign_up("anna@kafija.example")
    [proof] = await world.client.proofs()
    bob = await world.subject("bob@kafija.example")
    service = world.ask(bob, "orders", mail_class=MailClass.SERVICE, template="receipt", trigger="order-1")
    permits = (await world.client.claim("engine", [proof.ask, service], [])).permits
    assert len(permits) == 2
    for permit in permits:
        assert [name for name, _ in permit.headers] == ["Auto-Submitted", "Consent-Checkpoint"]
        assert permit.headers[0][1] == "auto-generated"


async def test_a_topics_cap_counts_what_left_or_may_have_left(world):
    """Two a month: refused and released mails do not count, unknown ones do; a new month begins anew."""
    anna = await world.join("anna@kafija.example", "offers")
    await world.send(world.ask(anna, "offers"), outcome=Outcome.REFUSED)
    await world.send(world.ask(anna, "offers"), outcome=Outcome.RELEASED)
    await world.send(world.ask(anna, "offers"), outcome=Outcome.ACCEPTED)
    await world.send(world.ask(anna, "offers"), outcome=Outcome.UNKNOWN)
    third = world.ask(anna, "offers")
    [decision] = await world.client.decide([third])
    assert decision.reason is Reason.TOPIC_CAP
    assert reasons(await world.client.claim("engine", [third], [])) == [Reason.TOPIC_CAP]
    world.clock.pass_(30 * 86_400_000)  # 2 March → 1 April
    assert len((await world.client.claim("engine", [world.ask(anna, "offers")], [])).permits) == 1


async def test_a_mail_in_flight_counts_towards_the_cap(world):
    """Unsettled is as good as sent."""
    anna = await world.join("anna@kafija.example", "offers")
    await world.send(world.ask(anna, "offers"))
    await world.client.claim("engine", [world.ask(anna, "offers")], [])
    [decision] = await world.client.decide([world.ask(anna, "offers")])
    assert decision.reason is Reason.TOPIC_CAP


async def test_the_cap_of_one_topic_leaves_others_alone(world):
    """Newsletters are not offers."""
    anna = await world.join("anna@kafija.example", "offers", "newsletter")
    for _ in range(3):
        assert (await world.send(world.ask(anna))).permits
    assert (await world.send(world.ask(anna, "offers"))).permits


async def test_too_many_or_doubled_asks_are_a_callers_fault(world):
    """256 at most, each key once."""
    anna = await world.join("anna@kafija.example")
    with pytest.raises(ValueError, match="256"):
        await world.client.claim("engine", [world.ask(anna) for _ in range(257)], [])
    ask = world.ask(anna)
    with pytest.raises(ValueError, match="twice"):
        await world.client.claim("engine", [ask, ask], [])


async def test_decide_writes_nothing(stored):
    """Asking for an opinion leaves the store as it was, byte for byte."""
    anna = await stored.join("anna@kafija.example")
    changes = "SELECT total_changes()"
    before = stored.service.store.writer.exec_driver_sql(changes).scalar_one()
    stored.service.store.writer.rollback()
    await stored.client.decide([stored.ask(anna), stored.ask("0" * 32)])
    assert stored.service.store.writer.exec_driver_sql(changes).scalar_one() == before
    stored.service.store.writer.rollback()


async def test_a_key_claimed_for_one_person_gives_no_permit_for_another(world):
    """A key names one mail to one person."""
    anna, bob = await world.join("anna@kafija.example"), await world.join("bob@kafija.example")
    key = world.key()
    await world.client.claim("engine", [world.ask(anna, key=key)], [])
    assert reasons(await world.client.claim("engine", [world.ask(bob, key=key)], [])) == [
        Reason.ALREADY_CLAIMED
    ]


async def test_a_cap_that_comes_later_counts_what_went_before(world):
    """A topic gets a cap in the middle of a month: the month's mails count."""
    from msgspec.structs import replace

    anna = await world.join("anna@kafija.example")
    await world.send(world.ask(anna))
    world.clock.pass_(86_400_000)
    await world.send(world.ask(anna))
    newsletter, *others = world.policy.purposes
    counted = replace(newsletter, cap_count=2, cap_unit="month")
    await world.client.publish(replace(world.policy, purposes=(counted, *others)))
    assert reasons(await world.client.claim("engine", [world.ask(anna)], [])) == [Reason.TOPIC_CAP]


@pytest.mark.parametrize("damage", [bytes(60), b"\0"])
async def test_one_damaged_address_denies_its_own_mails_only(world, damage):
    """The others go, and the feed goes on; what was claimed before the damage gets no second permit."""
    anna = await world.join("anna@kafija.example")
    bob = await world.join("bob@kafija.example")
    team = world.ask(anna, mail_class=MailClass.TEST)
    earlier = world.ask(anna)
    assert (await world.client.claim("engine", [earlier], [])).permits
    world.damage("address", damage, anna)
    again = await world.client.claim("engine", [earlier], [])
    assert (again.permits, reasons(again)) == ((), [Reason.UNREADABLE_SUBJECT])
    await world.client.settle("engine", [Settlement(earlier.key, 1, Outcome.RELEASED)])
    asks = [world.ask(anna), world.ask(bob), team]
    decided = [decision.reason for decision in await world.client.decide(asks)]
    assert decided == [None, None, Reason.UNREADABLE_SUBJECT]  # who is on the team is told by the address
    claimed = await world.client.claim("engine", asks, [])
    assert [permit.recipient for permit in claimed.permits] == ["bob@kafija.example"]
    assert reasons(claimed) == [Reason.UNREADABLE_SUBJECT] * 2
    changes = await world.client.changes(0)
    assert {change.subject: change.domain for change in changes} == {anna: "", bob: "kafija.example"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"attempt": 0},
        {"attempt": 2**60},
        {"variant": "x"},
        {"key": "a" * 201},
        {"topic": "news\u0000"},
        {"template": "\ud800"},
        {"subject": "line\nbreak"},
    ],
)
async def test_what_no_verifier_could_read_is_never_recorded(world, wrong):
    """Also of a mail that would be denied anyway; the log can take no word back."""
    anna = await world.join("anna@kafija.example")
    size = world.count("leaves")
    with pytest.raises(ValueError, match=r"attempt|written|text|surrogates"):
        await world.client.claim("engine", [replace(world.ask(anna), **wrong)], [])
    assert world.count("leaves") == size


async def test_a_mail_on_its_way_to_whoever_became_one_with_them_counts(world):
    """Both ids are one person now: the mail that was allowed to the one that is gone is settled first."""
    anna, other = await world.join("anna@kafija.example"), await world.join("a.liepa@kafija.example")
    first, second = world.ask(other), world.ask(anna)
    await world.client.claim("engine", [first], [])
    await world.client.merge(anna, other, "shop")
    assert reasons(await world.client.claim("engine", [second], [])) == [Reason.ONE_AT_A_TIME]
    after = await world.client.claim("engine", [second], [Settlement(first.key, 1, Outcome.ACCEPTED, 250)])
    assert [permit.key for permit in after.permits] == [second.key]
