"""What the gate forbids, no record may allow: whoever holds the log's key and signs anew is found out."""

import hashlib
import json

import pytest
import rfc8785
from msgspec.structs import replace
from tampered import Export

from consent import contract
from consent.contract import Basis, MailClass, Purpose
from consent.proof import audit
from consent.proof.failure import Failure
from consent.rules import purpose_version

pytestmark = pytest.mark.anyio
DAY = 86_400_000
ANNA = "anna@kafija.example"
BESIDE = tuple(
    Purpose(topic, Basis.CONSENT, {"en": topic}, {"en": f"You may: {topic}."}, "Kafija SIA")
    for topic in contract.BESIDE_TOPICS
)


@pytest.fixture
async def history(world):
    """Someone with everything agreed to gets mails of each class, drops purpose after purpose, bounces."""
    world.policy = replace(world.policy, purposes=(*world.policy.purposes, *BESIDE))
    await world.client.publish(world.policy)
    anna = await world.join(ANNA, "newsletter", "personalisation", "measurement")
    order = {"topic": "orders", "mail_class": MailClass.SERVICE, "template": "receipt", "trigger": "e"}
    await world.send(replace(world.ask(anna), variant="personalised", measured=True))
    await world.send(replace(world.ask(anna, **order), measured=True))
    team = await world.subject("team@kafija.example")
    await world.send(world.ask(team, None, mail_class=MailClass.INTERNAL))
    for kept in (("newsletter", "measurement"), ("newsletter",)):
        await world.client.choose(world.preferences_token(anna), kept, "", contract.Visit())
        await world.send(world.ask(anna))
    last = world.ask(anna)
    await world.send(last)
    await world.client.bounced(last.key, "hard")
    await world.send(world.ask(anna, **order))
    await world.join(ANNA, "newsletter")
    await world.send(world.ask(anna, **order))
    return world


class Forged(Export):
    """An export of which records are forged, and all that follows from them made to fit."""

    def forge(self, place, tmp_path, **members):
        """Change members of a record; in which way that fails, and what the second verifier says."""
        entries = [json.loads(line) for line in self.lines("decisions.jsonl")]
        entries[place]["record"] |= members
        self.put("decisions.jsonl", [rfc8785.dumps(entry) + b"\n" for entry in entries])
        self.batch_anew()
        self.sign_anew()
        return self.failure(), self.second(tmp_path)

    def place(self, **members):
        """The first record with these members."""
        records = [json.loads(line)["record"] for line in self.lines("decisions.jsonl")]
        return next(n for n, one in enumerate(records) if members.items() <= one.items())


async def test_what_happened_holds(history, tmp_path):
    """Each class, each variant, measured or not."""
    export = Forged(history)
    assert export.failure() is None
    assert export.second(tmp_path) == ""


async def test_marketing_rests_on_no_purpose_beside_the_topics(history, tmp_path):
    """Though the person had confirmed just that."""
    export = Forged(history)
    leaves = [json.loads(line) for line in export.lines("leaves.jsonl")]
    consent = next(one for one in leaves if one["type"] == "confirmed" and one["purpose"] == "measurement")
    members = {"topic": "measurement", "purpose": consent["notice"], "consent_seq": consent["seq"]}
    place = export.place(**{"class": "marketing"})
    assert export.forge(place, tmp_path, **members) == (Failure.NOTICE, "basis")


async def test_service_mail_goes_to_no_dead_mailbox(history, tmp_path):
    """Until they confirmed anew; the records afterwards hold."""
    export = Forged(history)
    place = export.place(reason="hard_bounced")
    given = {"verdict": "allow", "reason": "", "consent_seq": 0}
    assert export.forge(place, tmp_path, **given) == (Failure.STOPPED, "bounced")


@pytest.mark.parametrize(
    ("members", "failure", "word"),
    [
        ({"topic": "newsletter"}, Failure.NOTICE, "basis"),
        ({"topic": "nosuch"}, Failure.NOTICE, "basis"),
        ({"purpose": purpose_version(BESIDE[0])}, Failure.NOTICE, "basis"),
        ({"consent_seq": 3}, Failure.NOTICE, "basis"),
        ({"template": hashlib.sha256(b"coupon").hexdigest()}, Failure.NOTICE, "template"),
        ({"template": "0" * 64}, Failure.NOTICE, "template"),
        ({"variant": "personalised"}, Failure.STOPPED, "beside"),
        ({"epoch": 1}, Failure.STOPPED, "epoch"),
        ({"class": "letter"}, Failure.DECISIONS, "record"),
        ({"reason": "withdrawn"}, Failure.DECISIONS, "record"),
        ({"message_id": "<another@kafija.example>"}, Failure.DECISIONS, "record"),
        ({"message_id": 7}, Failure.DECISIONS, "record"),
        ({"more": 1}, Failure.DECISIONS, "record"),
        ({"class": "internal"}, Failure.STOPPED, "basis"),
        ({"class": "proof", "purpose": "", "measured": False}, Failure.STOPPED, "proof"),
        ({"class": "internal", "purpose": ""}, Failure.STOPPED, "beside"),
    ],
)
async def test_service_mail_rests_on_its_own_rules(history, tmp_path, members, failure, word):
    """Its topic's basis, its words, its template; and it cannot be passed off as something else."""
    export = Forged(history)
    place = export.place(**{"class": "service", "measured": True})
    assert export.forge(place, tmp_path, **members) == (failure, word)


@pytest.mark.parametrize(("nth", "members"), [(1, {"variant": "personalised"}), (2, {"measured": True})])
async def test_a_mail_draws_on_nothing_that_was_withdrawn(history, tmp_path, nth, members):
    """Personalisation was dropped before the second mail, measurement before the third."""
    export = Forged(history)
    records = [json.loads(line)["record"] for line in export.lines("decisions.jsonl")]
    place = [n for n, one in enumerate(records) if one["class"] == "marketing"][nth]
    assert export.forge(place, tmp_path, **members) == (Failure.STOPPED, "beside")


async def test_a_mail_may_draw_on_less_than_was_agreed_to(history, tmp_path):
    """Measured, but plain."""
    export = Forged(history)
    assert export.forge(export.place(variant="personalised"), tmp_path, variant="plain") == (None, "")


async def test_a_stop_of_the_address_ends_what_mails_may_draw_on(history, tmp_path):
    """Only what is confirmed anew counts afterwards."""
    await history.join(ANNA, "newsletter", "measurement")
    [anna] = await history.client.subjects([ANNA])
    mail = history.ask(anna)
    await history.send(mail)
    await history.client.complained(mail.key)
    history.clock.pass_(30 * DAY)
    await history.join(ANNA)
    await history.send(history.ask(anna))
    export = Forged(history)
    place = len(export.lines("decisions.jsonl")) - 1
    assert export.forge(place, tmp_path, measured=True) == (Failure.STOPPED, "beside")


async def test_there_are_no_more_proof_mails_than_were_asked_for(history, tmp_path):
    """A marketing mail passed off as one is one too many."""
    export = Forged(history)
    place = export.place(**{"class": "marketing"})
    members = {"class": "proof", "purpose": "", "consent_seq": 0, "variant": "plain", "measured": False}
    assert export.forge(place, tmp_path, **members) == (Failure.STOPPED, "proof")


async def test_what_was_asked_for_before_a_stop_brings_no_proof_mail(world, tmp_path):
    """It would confirm nothing."""
    await world.join(ANNA)
    [anna] = await world.client.subjects([ANNA])
    mail = world.ask(anna)
    await world.send(mail)
    await world.sign_up(ANNA, "offers")
    [proof] = await world.client.proofs()
    await world.client.complained(mail.key)
    await world.client.claim("engine", [proof.ask], [])
    export = Forged(world)
    place = export.place(reason="no_proof_wanted")
    assert export.forge(place, tmp_path, verdict="allow", reason="") == (Failure.STOPPED, "proof")


def test_the_auditor_has_the_words_of_the_contract():
    """Though it imports none of it."""
    assert set(audit._BESIDE.values()) == set(contract.BESIDE_TOPICS)
    assert set(audit._CLASSES) == set(MailClass)
    assert set(audit._SERVICE) == {Basis.CONTRACT, Basis.LEGAL_OBLIGATION}
