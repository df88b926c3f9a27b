"""People from another system: who left first, who stays on which proof, and nobody is revived."""

import json
from datetime import UTC, datetime

import pytest
import rfc8785
from msgspec.structs import replace
from tampered import Export

from consent.address import read_address
from consent.contract import MailClass, Outcome, Reason, Visit
from consent.contract.imports import Attested, Brought, Entry, Import, ImportFile, Stood
from consent.ledger.policy import publish
from consent.ledger.subjects import find
from consent.proof.failure import Failure
from consent.subscriber.history import history
from consent.subscriber.imported import begin, end, find_import, imports_of, month_after, take, weigh
from consent.subscriber.origin import Untold, untold, who_is_untold
from consent.subscriber.taken_back import TakenBack, brought_by, take_back, undone

pytestmark = pytest.mark.anyio

ANNA, BELA, CORA = "anna@example.com", "bela@example.com", "cora@example.com"
CONFIRMED = 1_709_283_900_000
FILES = (ImportFile("subscribed.csv", "a1" * 32, "subscribed contacts"),)
SAID = Attested(
    "b2" * 32,
    "Anna Example",
    "2026-03-01",
    ("newsletter",),
    "https://old.example/form",
    "Send me news.",
    "on paper",
)


def order(id_="0123456789ab", *, attested=None, topics=("newsletter",)):
    """An import of the newsletter's people."""
    return Import(id_, "mailchimp", FILES, topics, "anna at office", (), attested)


def row(email=ANNA, stood=Stood.SUBSCRIBED, line=2, confirmed_at=0, stopped_at=0, language="lv"):
    """A row of the file."""
    claimed = {"OPTIN_IP": "192.0.2.30"}
    return Entry(0, line, email, stood, language, confirmed_at, stopped_at, claimed)


def bring(world, *rows, what=None, first=0):
    """Begin an import, take these rows, and end it."""
    what = what or order()
    world.service.write(lambda tx: begin(tx, what, b"attestation" if what.attested else b""))
    taken = world.service.write(lambda tx: take(tx, what.id, first, rows))
    world.service.write(lambda tx: end(tx, what.id, {"never": 2}))
    return taken


def brought(world, *rows, what=None):
    """What became of the rows."""
    return [one.brought for one in bring(world, *rows, what=what)]


async def reason(world, email=ANNA, topic="newsletter"):
    """Why a marketing mail does not go; None: it does."""
    [decision] = await world.client.decide([world.ask(await world.subject(email), topic)])
    return decision.reason


def told(world, email=ANNA):
    """Everything known of somebody."""
    found = world.service.read(lambda reading: history(reading, read_address(email)))
    assert found is not None
    return found


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
        "signed": "on paper",
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


def imports_of_all(world):
    """The ids of all imports, with their states."""
    return [(one.what.id, one.state) for one in world.service.read(imports_of)]


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
    assert brought(world, row(stood=stood, stopped_at=CONFIRMED)) == [Brought.LEFT]
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


async def stay_erased(world):
    await world.client.erase(await world.join(ANNA), "operator")
    return Brought.ERASED


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


# ------------------------------------------------------------------ parts


async def test_a_part_that_comes_twice_changes_nothing(world):
    """As after a crash between the parts of two stores; it is told as it was."""
    what = order()
    world.service.write(lambda tx: begin(tx, what))
    rows = (row(), row(BELA, Stood.UNSUBSCRIBED), row(CORA))
    first = world.service.write(lambda tx: take(tx, what.id, 0, rows))
    before = world.count("leaves"), world.count("imported")
    again = world.service.write(lambda tx: take(tx, what.id, 0, rows))
    assert (world.count("leaves"), world.count("imported")) == before
    assert [one.subject for one in again][::2] == [one.subject for one in first][::2]
    assert [one.made for one in again] == [True, False, True]
    record = world.service.read(lambda reading: find_import(reading, what.id))
    assert record is not None
    assert (record.state, record.position, record.counts) == ("running", 3, {"unproven": 2, "left": 1})


async def test_an_import_goes_on_where_it_was_and_nowhere_else(world):
    """Beginning it again tells the position; a part behind a gap is refused."""
    what = order()
    world.service.write(lambda tx: begin(tx, what))
    world.service.write(lambda tx: take(tx, what.id, 0, [row()]))
    assert world.service.write(lambda tx: begin(tx, what)).position == 1
    with pytest.raises(ValueError, match="does not wait for row 2"):
        world.service.write(lambda tx: take(tx, what.id, 2, [row(BELA)]))
    world.service.write(lambda tx: take(tx, what.id, 1, [row(BELA)]))
    world.service.write(lambda tx: end(tx, what.id, {"repeated": 4}))
    record = world.service.read(lambda reading: find_import(reading, what.id))
    assert record is not None
    assert (record.state, record.counts) == ("done", {"unproven": 2, "repeated": 4})
    with pytest.raises(ValueError, match="does not wait"):
        world.service.write(lambda tx: take(tx, what.id, 2, [row(CORA)]))


async def test_a_look_tells_what_taking_will_do_and_writes_nothing(world):
    """For every way in which somebody may stand."""
    await world.join(BELA)
    await stay_erased(world)
    rows = (row(), row(BELA), row(CORA, confirmed_at=CONFIRMED), row("dora@example.com", Stood.BOUNCED))
    what = order(attested=SAID)
    before = world.count("leaves"), world.count("subjects")
    seen = world.service.read(lambda reading: weigh(reading, what, rows))
    assert (world.count("leaves"), world.count("subjects")) == before
    assert seen == [Brought.ERASED, Brought.KNOWN, Brought.ATTESTED, Brought.LEFT]
    assert seen == brought(world, *rows, what=what)


async def test_the_same_address_twice_in_a_part_is_one_person(world):
    """Spelled differently, too."""
    one, two = bring(world, row("Anna@example.com"), row("anna@EXAMPLE.com"))
    assert one.subject == two.subject
    assert (one.brought, two.brought) == (Brought.UNPROVEN, Brought.KNOWN)
    assert world.count("imported") == 1


async def test_an_erasure_forgets_that_somebody_was_imported(world):
    """No row of theirs stays behind."""
    [taken] = bring(world, row())
    await world.client.erase(taken.subject, "operator")
    assert world.count("imported") == 0
    assert world.count("evidence") == 0
    assert world.service.read(lambda reading: find(reading, read_address(ANNA))) is None


# ------------------------------------------------------------------ telling people


@pytest.mark.parametrize(
    ("moment", "due"),
    [("2026-01-31", "2026-02-28"), ("2026-12-15", "2027-01-15"), ("2024-01-30", "2024-02-29")],
)
def test_a_month_ends_on_its_last_day_at_the_latest(moment, due):
    """By the calendar, as the law counts."""

    def at(day):
        return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() * 1000)

    assert month_after(at(moment)) == at(due)


TEMPLATE = "receipt"
"""Of the mail that tells people where their data is from: a service mail, which needs no consent."""


def names_the_notice(world):
    """The policy says which mail tells people where their data is from."""
    policy = replace(world.policy, origin_notice=TEMPLATE)
    world.service.write(lambda tx: publish(tx, policy))


def waiting(world, after=0):
    """Who is still to be told, so many milliseconds from now."""
    return world.service.read(lambda reading: untold(reading, world.clock.now + after))


async def test_whoever_was_imported_is_to_be_told_within_a_month(world):
    """Those who were stopped are not: nothing was taken from them but that."""
    bring(world, row(), row(BELA), row(CORA, Stood.UNSUBSCRIBED))
    due = month_after(world.clock.now)
    assert waiting(world) == Untold(2, due, 0)
    assert waiting(world, 32 * 86_400_000) == Untold(2, due, 2)
    everybody = world.service.read(lambda reading: who_is_untold(reading, "", 10))
    assert everybody == sorted([(await world.subject(email), due) for email in (ANNA, BELA)])


async def test_the_mail_that_tells_counts_once_it_was_accepted(world):
    """No other mail, and none that did not arrive."""
    names_the_notice(world)
    bring(world, row(), row(BELA))
    anna, bela = await world.subject(ANNA), await world.subject(BELA)

    def notice(to, template=TEMPLATE):
        return world.ask(to, "orders", mail_class=MailClass.SERVICE, template=template, trigger="import")

    await world.send(notice(anna), outcome=Outcome.REFUSED, code=550)
    assert waiting(world).people == 2
    await world.send(notice(anna))
    assert waiting(world).people == 1
    await world.client.erase(bela, "operator")
    assert waiting(world) == Untold(0, 0, 0)


# ------------------------------------------------------------------ taking it back


def take_all_back(world, id_="0123456789ab", known=()):
    """Undo an import."""
    people = world.service.read(lambda reading: brought_by(reading, id_, -1, 100))
    found = world.service.write(lambda tx: take_back(tx, id_, people, known))
    world.service.write(lambda tx: undone(tx, id_))
    return found


async def test_whoever_came_by_an_import_alone_is_forgotten_with_it(world):
    """And may come back like anybody: they asked for nothing."""
    bring(world, row(), row(BELA, confirmed_at=CONFIRMED), what=order(attested=SAID))
    assert take_all_back(world) == TakenBack(forgotten=2, put_back=0, stay=0)
    assert world.count("imported") == world.count("standings") == world.count("subjects") == 0
    assert imports_of_all(world) == [("0123456789ab", "undone")]
    await world.join(ANNA)
    assert await reason(world) is None


async def test_whoever_was_known_before_stands_again_where_they_stood(world):
    """Nothing rests on what was undone."""
    await world.join(ANNA, "offers")
    bring(world, row(confirmed_at=CONFIRMED), what=order(attested=SAID))
    assert await reason(world) is None
    assert take_all_back(world) == TakenBack(forgotten=0, put_back=1, stay=0)
    assert await reason(world) is Reason.NEVER_ASKED
    assert await reason(world, topic="offers") is None
    bring(world, row(), what=order("ba9876543210"))
    assert [one.state for one in told(world).standings] == ["unproven", "active"]


async def test_whoever_is_a_customer_by_now_is_put_back_and_not_forgotten(world):
    """The engine knows that, not the consent service."""
    [taken] = bring(world, row())
    assert take_all_back(world, known=[taken.subject]) == TakenBack(forgotten=0, put_back=1, stay=0)
    assert [one.state for one in told(world).standings] == ["none"]


async def test_whoever_has_acted_since_stays(world):
    """By confirming, or by leaving."""
    bring(world, row(), row(BELA), row(CORA))
    await world.join(ANNA)
    token = world.unsubscribe_token(await world.subject(BELA))
    await world.client.withdraw(token, "one_click", False, Visit())
    assert take_all_back(world) == TakenBack(forgotten=1, put_back=0, stay=2)
    assert await reason(world) is None
    assert await reason(world, BELA) is Reason.WITHDRAWN


async def test_whoever_had_left_the_other_system_stays_away(world):
    """Undoing an import revives nobody either."""
    bring(world, row(stood=Stood.UNSUBSCRIBED), row(BELA, Stood.COMPLAINED))
    assert take_all_back(world) == TakenBack(0, 0, 0)
    assert await reason(world) is Reason.WITHDRAWN
    assert await reason(world, BELA) is Reason.COMPLAINED


async def test_an_import_that_was_undone_can_be_done_again(world):
    """From its first row."""
    bring(world, row())
    take_all_back(world)
    assert brought(world, row()) == [Brought.UNPROVEN]
    assert imports_of_all(world) == [("0123456789ab", "done")]


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
