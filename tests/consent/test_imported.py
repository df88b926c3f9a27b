"""People from another system: who left first, who stays on which proof, and nobody is revived."""

import json

import pytest
import rfc8785
from moved_in import (
    ANNA,
    BELA,
    CONFIRMED,
    SAID,
    bring,
    brought,
    imports_of_all,
    order,
    reason,
    row,
    stay_erased,
    take_all_back,
    told,
)
from msgspec.structs import replace
from tampered import Export

from consent.contract import Reason, Visit
from consent.contract.imports import Brought, Stood
from consent.proof.failure import Failure

pytestmark = pytest.mark.anyio


# ------------------------------------------------------------------ who stays


async def test_whoever_comes_without_proof_is_unproven_and_gets_no_marketing(world):
    """They are known, with the row that brought them as evidence."""
    [taken] = bring(world, row())
    assert (taken.brought, taken.made) == (Brought.UNPROVEN, True)
    assert await reason(world) is not None
    anna = told(world)
    assert [(one.topic, one.state) for one in anna.standings] == [("newsletter", "unproven")]
    [leaf] = [one for one in anna.events if one.type == "imported"]
    assert (leaf.before, leaf.after, leaf.actor) == ("none", "unproven", "import:0123456789ab")
    assert leaf.holds
    assert leaf.evidence is not None
    kept = {"source": "mailchimp", "file": "subscribed.csv", "file_digest": "a1" * 32, "line": 2}
    assert kept.items() <= leaf.evidence.items()
    assert leaf.evidence["importer"] == "anna at office"
    assert leaf.evidence["claimed"] == ["OPTIN_IP: 192.0.2.30"]
    assert anna.language == "lv"


async def test_an_unproven_person_may_confirm_like_anybody(world):
    """A sign-up, its proof mail, its button: from then on it is their own consent."""
    bring(world, row())
    await world.join(ANNA)
    assert await reason(world) is None
    assert [one.state for one in told(world).standings] == ["active"]


async def test_an_attested_row_is_consent_on_the_controllers_word_and_marked_so(world):
    """The leaf, the state and the evidence say it: who attested what, by which form, in which words."""
    taken = bring(world, row(confirmed_at=CONFIRMED), row(BELA, line=3), what=order(attested=SAID))
    assert [one.brought for one in taken] == [Brought.ATTESTED, Brought.UNPROVEN]
    assert await reason(world) is None
    assert await reason(world, BELA) is not None
    [standing] = told(world).standings
    assert standing.state == "active (attested)"
    [leaf] = [one for one in told(world).events if one.type == "imported.attested"]
    assert leaf.evidence is not None
    said = {
        "attestation": SAID.digest,
        "attested_by": "Anna Example",
        "attested_on": "2026-03-01",
        "form": "https://old.example/form",
        "wording": "Send me news.",
        "attestation_key": SAID.key,
        "confirmed_at": CONFIRMED,
    }
    assert said.items() <= leaf.evidence.items()
    [decision] = await world.client.decide([world.ask(await world.subject(ANNA))])
    assert decision.consent_seq == leaf.leaf


async def test_what_is_attested_of_one_topic_is_no_consent_to_another(world):
    """An import into two topics, attested for one."""
    what = order(attested=SAID, topics=("newsletter", "offers"))
    assert brought(world, row(confirmed_at=CONFIRMED), what=what) == [Brought.ATTESTED]
    assert await reason(world) is None
    assert await reason(world, topic="offers") is not None


async def test_nobody_is_brought_into_a_topic_that_rests_on_no_consent(world):
    """Orders need none, and what is unknown is no topic."""
    for topic in ("orders", "nothing", "measurement"):
        with pytest.raises(ValueError, match=f"There is no topic `{topic}`"):
            bring(world, row(), what=order(topics=(topic,)))
    assert imports_of_all(world) == []


# ------------------------------------------------------------------ who left


@pytest.mark.parametrize(
    ("stood", "why", "leaf"),
    [
        (Stood.UNSUBSCRIBED, Reason.WITHDRAWN, "withdrawn"),
        (Stood.BOUNCED, Reason.HARD_BOUNCED, "bounced.hard"),
        (Stood.COMPLAINED, Reason.COMPLAINED, "complaint"),
    ],
)
async def test_whoever_gets_nothing_there_gets_nothing_here(world, stood, why, leaf):
    """Known here before or not; and neither this import nor a later one brings them back."""
    assert brought(world, row(stood=stood)) == [Brought.LEFT]
    assert await reason(world) is why
    assert leaf in [one.type for one in told(world).events]
    again = order("ba9876543210", attested=SAID)
    away = Brought.WITHDRAWN if stood is Stood.UNSUBSCRIBED else Brought.STOPPED
    assert brought(world, row(confirmed_at=CONFIRMED), what=again) == [away]
    assert await reason(world) is why


async def test_a_customer_who_had_agreed_here_is_stopped_by_the_other_systems_list(world):
    """Whichever system heard it, the person said no."""
    await world.join(ANNA)
    assert brought(world, row(stood=Stood.UNSUBSCRIBED)) == [Brought.LEFT]
    assert await reason(world) is Reason.WITHDRAWN


@pytest.mark.parametrize("stood", [Stood.UNSUBSCRIBED, Stood.BOUNCED, Stood.COMPLAINED])
async def test_a_consent_given_here_since_outlives_an_old_stop(world, stood):
    """If the file says when that was; else nobody knows which came first, and the stop counts."""
    await world.join(ANNA)
    assert brought(world, row(stood=stood, stopped_at=CONFIRMED)) == [Brought.AGREED_SINCE]
    assert await reason(world) is None


async def test_a_topic_that_is_not_imported_stays_as_it_is(world):
    """Leaving one list of the other system is leaving what is imported from it."""
    await world.join(ANNA, "offers")
    bring(world, row(stood=Stood.UNSUBSCRIBED))
    assert await reason(world, topic="offers") is None


# ------------------------------------------------------------------ nobody is revived


async def stay_withdrawn(world):
    await world.client.withdraw(world.unsubscribe_token(await world.join(ANNA)), "page", False, Visit())
    return Brought.WITHDRAWN


async def stay_refused(world):
    await world.sign_up(ANNA)
    [(_, refuse)] = await world.mail_proofs()
    await world.client.refuse(refuse, Visit())
    return Brought.WITHDRAWN


async def stay_complained(world):
    mail = world.ask(await world.join(ANNA))
    await world.send(mail)
    await world.client.complained(mail.key)
    return Brought.STOPPED


async def stay_bounced(world):
    mail = world.ask(await world.join(ANNA))
    await world.send(mail)
    await world.client.bounced(mail.key, "hard")
    return Brought.STOPPED


@pytest.mark.parametrize("stay", [stay_withdrawn, stay_refused, stay_complained, stay_bounced, stay_erased])
async def test_no_import_revives_whoever_left_here(world, stay):
    """However well attested; nothing is written about them."""
    expected = await stay(world)
    before = world.count("leaves"), world.count("subjects")
    assert brought(world, row(confirmed_at=CONFIRMED), what=order(attested=SAID)) == [expected]
    assert (world.count("leaves"), world.count("subjects")) == before
    assert await reason(world) is not None


async def test_a_complaint_outlasts_a_confirmation_of_something_else(world):
    """Who came back for the offers has not come back for the news of another system."""
    mail = world.ask(await world.join(ANNA, "offers"), "offers")
    await world.send(mail)
    await world.client.complained(mail.key)
    world.clock.pass_(40 * 86_400_000)
    await world.join(ANNA, "offers")
    assert brought(world, row(confirmed_at=CONFIRMED), what=order(attested=SAID)) == [Brought.STOPPED]
    assert await reason(world) is not None
    assert await reason(world, topic="offers") is None


async def test_whoever_agreed_here_or_is_asked_stays_as_they_are(world):
    """Their own proof is better than any attestation."""
    await world.join(ANNA)
    await world.sign_up(BELA)
    rows = (row(confirmed_at=CONFIRMED), row(BELA, confirmed_at=CONFIRMED))
    assert brought(world, *rows, what=order(attested=SAID)) == [Brought.KNOWN] * 2
    states = [one.state for one in (*told(world).standings, *told(world, BELA).standings)]
    assert states == ["active", "pending"]


# ------------------------------------------------------------------ proof


async def test_both_verifiers_know_mails_that_rest_on_an_attestation(world, tmp_path):
    """And that nothing rests on an import that was undone: such a mail is noticed."""
    bring(world, row(confirmed_at=CONFIRMED), row(BELA, confirmed_at=CONFIRMED), what=order(attested=SAID))
    mail = world.ask(await world.subject(ANNA))
    assert (await world.send(mail)).permits
    await world.client.subjects([ANNA])
    take_all_back(world, known=[await world.subject(ANNA)])
    await world.send(world.ask(await world.subject(ANNA)))
    export = Export(world)
    assert export.failure() is None
    assert export.second(tmp_path) == ""
    entries = [json.loads(line) for line in export.lines("decisions.jsonl")]
    sent, denied = (entry["record"] for entry in entries)
    grant = {name: sent[name] for name in ("consent_seq", "purpose")}
    denied |= {"verdict": "allow", "reason": "", **grant}
    export.put("decisions.jsonl", [rfc8785.dumps(entry) + b"\n" for entry in entries])
    export.batch_anew()
    export.sign_anew()
    assert export.failure() is Failure.STOPPED
    assert export.second(tmp_path) == "withdrawn"


async def test_whoever_says_that_they_never_asked_is_attested_of_nothing(world):
    """Asked again since the words changed, they say "this wasn't me": the old words bring nothing back."""
    bring(world, row(confirmed_at=CONFIRMED), what=order(attested=SAID))
    assert await reason(world) is None
    newsletter, *others = world.policy.purposes
    other = replace(newsletter, wording={"en": "Send me other things."})
    await world.client.publish(replace(world.policy, purposes=(other, *others)))
    while (await world.client.keep_times()).more:
        pass
    [(_, refuse)] = await world.mail_proofs()
    await world.client.refuse(refuse, Visit())
    await world.client.publish(world.policy)
    assert await reason(world) is Reason.SUPPRESSED
    assert [one.state for one in told(world).standings if one.topic == "newsletter"] == ["withdrawn"]
