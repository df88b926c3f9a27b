"""The gate: one reason per case, the first that fails."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from consent.caps import unit_start
from consent.contract import ALL_FACTS, Ask, Basis, MailClass, Policy, Purpose, Reason, TemplateFacts
from consent.ledger.subjects import Standing, Subject
from consent.mails.gate import Circumstances, judge
from consent.rules import NO_RULES, lay_out
from consent.states import AGREED, State

NOW = 1_772_442_000_000  # Monday 2 March 2026, 09:00 UTC
HOUR = 3_600_000
DAY = 24 * HOUR


def purpose(topic, basis, cap=0):
    """A purpose that is otherwise alike."""
    return Purpose(topic, basis, {"en": topic}, {"en": f"I want {topic}."}, "Kafija SIA", cap, "month")


NOTHING = Circumstances()
RULES = lay_out(
    Policy(
        (
            purpose("news", Basis.CONSENT),
            purpose("offers", Basis.CONSENT, 2),
            purpose("orders", Basis.CONTRACT),
            purpose("recalls", Basis.LEGAL_OBLIGATION),
        ),
        (
            TemplateFacts("good", "good", unsubscribe=True, imprint=True),
            TemplateFacts("coupon", "coupon", unsubscribe=True, imprint=True, promotional=True),
            TemplateFacts("bare", "bare", unsubscribe=False, imprint=False),
            TemplateFacts("unsigned", "unsigned", unsubscribe=True, imprint=False),
        ),
    )
)
V, W = RULES.purposes["news"][0], RULES.purposes["offers"][0]


def person(**standings):
    """A subject who stands so."""
    return Subject("a" * 32, 0, "en", b"", b"", standings)


ACTIVE = person(news=Standing(State.ACTIVE, 7, V), offers=Standing(State.ACTIVE, 8, W))


def ask(topic="news", mail_class=MailClass.MARKETING, template="good", trigger=None):
    """An ask."""
    return Ask("k", 1, "a" * 32, mail_class, topic, template, trigger)


def reason(asked, subject=ACTIVE, around=NOTHING, rules=RULES):
    """Why it is denied."""
    return judge(asked, subject, rules, around, NOW).reason


def test_marketing_needs_an_active_topic_and_a_fit_template():
    """And rests on the leaf and version of the consent."""
    found = judge(ask(), ACTIVE, RULES, Circumstances(), NOW)
    assert (found.reason, found.consent_seq, found.purpose, found.variant) == (None, 7, V, "plain")
    assert reason(ask("orders")) is Reason.WRONG_CLASS
    assert reason(ask("nosuch")) is Reason.UNKNOWN_TOPIC
    assert reason(ask(None)) is Reason.UNKNOWN_TOPIC
    assert reason(ask(template="nosuch")) is Reason.UNKNOWN_TEMPLATE
    assert reason(ask(template="bare")) is Reason.TEMPLATE_WITHOUT_UNSUBSCRIBE
    assert reason(ask(template="unsigned")) is Reason.TEMPLATE_WITHOUT_IMPRINT
    assert reason(ask(), subject=None) is Reason.UNKNOWN_SUBJECT
    assert reason(ask(template="coupon")) is None


@pytest.mark.parametrize(
    ("standing", "expected"),
    [
        (Standing(), Reason.NEVER_ASKED),
        (Standing(State.PENDING, 3, V, NOW + 1), Reason.NOT_CONFIRMED),
        (Standing(State.PENDING, 3, V, NOW), Reason.CONFIRMATION_EXPIRED),
        (Standing(State.EXPIRED, 3, V), Reason.CONFIRMATION_EXPIRED),
        (Standing(State.REFUSED, 3, V), Reason.NOT_CONFIRMED),
        (Standing(State.WITHDRAWN, 3, V), Reason.WITHDRAWN),
        (Standing(State.OBJECTED, 3, V), Reason.OBJECTED),
        (Standing(State.UNPROVEN, 3, V), Reason.UNPROVEN),
        (Standing(State.STALE, 3, V), Reason.STALE),
        (Standing(State.TERMINATED, 3, V), Reason.TERMINATED),
        (Standing(State.ATTESTED, 3, V), None),
        (Standing(State.ACTIVE, 3, V), None),
    ],
)
def test_each_state_has_its_reason(standing, expected):
    """Only active lets marketing through."""
    assert reason(ask(), person(news=standing)) is expected


@given(st.sampled_from([state for state in State if state not in AGREED]), st.integers(0, 2**50))
def test_nothing_but_active_ever_lets_marketing_through(state, expires):
    """Whatever the times."""
    assert reason(ask(), person(news=Standing(state, 3, V, expires))) is not None


def test_before_a_policy_is_published_everything_is_denied():
    """The gate fails closed."""
    assert reason(ask(), rules=NO_RULES) is Reason.UNKNOWN_TOPIC
    assert reason(ask("orders", MailClass.SERVICE, trigger="e"), rules=NO_RULES) is Reason.UNKNOWN_TOPIC


def test_service_mail_needs_a_contract_a_trigger_and_nothing_promotional():
    """But no consent: it works for people who never gave one."""
    service = ask("orders", MailClass.SERVICE, trigger="order-1")
    stranger = person()
    assert reason(service, stranger) is None
    assert reason(replace(service, topic="recalls"), stranger) is None
    assert reason(replace(service, topic="news"), ACTIVE) is Reason.WRONG_CLASS
    assert reason(replace(service, topic=None), stranger) is Reason.UNKNOWN_TOPIC
    assert reason(replace(service, template="nosuch"), stranger) is Reason.UNKNOWN_TEMPLATE
    assert reason(replace(service, template="coupon"), stranger) is Reason.PROMOTION_IN_SERVICE_MAIL
    assert reason(replace(service, trigger=None), stranger) is Reason.NO_TRIGGER
    assert reason(service, None) is Reason.UNKNOWN_SUBJECT


def test_a_full_cap_denies():
    """The count is the circumstances' business."""
    assert reason(ask("offers"), around=Circumstances(sent=1)) is None
    assert reason(ask("offers"), around=Circumstances(sent=2)) is Reason.TOPIC_CAP
    assert reason(ask("news"), around=Circumstances(sent=99)) is None


def test_a_proof_must_be_queued_and_in_time():
    """No queued request, no proof mail."""
    proof = ask(None, MailClass.PROOF, "")
    assert reason(proof) is Reason.NO_PROOF_WANTED
    assert reason(proof, around=Circumstances(proof_expires=NOW + 1)) is None
    assert reason(proof, around=Circumstances(proof_expires=NOW)) is Reason.CONFIRMATION_EXPIRED


@pytest.mark.parametrize("mail_class", [MailClass.INTERNAL, MailClass.TEST])
def test_internal_and_test_mail_stays_in_the_team(mail_class):
    """Consent does not matter, the list does."""
    assert reason(ask(None, mail_class, "draft")) is Reason.NOT_ON_TEAM
    assert reason(ask(None, mail_class, "draft"), around=Circumstances(on_team=True)) is None


def test_the_variant_is_personalised_only_with_consent_to_that():
    """Everybody else gets the plain one."""
    agreed = person(news=Standing(State.ACTIVE, 7, V), personalisation=Standing(State.ACTIVE, 9, "p"))
    assert judge(ask(), agreed, RULES, Circumstances(), NOW).variant == "personalised"


def test_units_begin_at_midnight_utc_on_mondays_and_on_the_first():
    """Calendar units, in UTC."""
    thursday = NOW + 3 * DAY
    assert unit_start("day", thursday) == thursday - 9 * HOUR
    assert unit_start("week", thursday) == NOW - 9 * HOUR
    assert unit_start("month", thursday) == NOW - 9 * HOUR - DAY
    assert unit_start("week", NOW - 10 * HOUR) == NOW - 9 * HOUR - 7 * DAY


SOFT = lay_out(
    Policy(
        (replace(purpose("news", Basis.SOFT_OPT_IN), similar="coffee"),),
        (TemplateFacts("good", "good", unsubscribe=True, imprint=True),),
    )
)


@pytest.mark.parametrize("facts", range(ALL_FACTS + 1))
def test_who_bought_something_is_written_to_only_with_every_fact_on_record(facts):
    """The sale, the similar goods, and that they could object when their address was collected."""
    customer = person(news=Standing(State.SOFT_ACTIVE, 7, SOFT.purposes["news"][0], facts=facts))
    expected = None if facts == ALL_FACTS else Reason.SOFT_OPT_IN_INCOMPLETE
    assert reason(ask(), customer, rules=SOFT) is expected


def test_a_sale_is_no_consent():
    """A topic that rests on consent goes to nobody who merely bought something; nor does a topic that rests
    on sales go to those who were brought along from elsewhere."""
    customer = person(news=Standing(State.SOFT_ACTIVE, 7, V, facts=ALL_FACTS))
    assert reason(ask(), customer) is Reason.NOT_CONFIRMED
    brought = person(news=Standing(State.ATTESTED, 7, SOFT.purposes["news"][0]))
    assert reason(ask(), brought, rules=SOFT) is Reason.NEVER_ASKED


def test_other_words_are_not_agreed_to_unless_they_mean_the_same():
    """Consent holds for a later version only where the grounds say so."""
    assert reason(ask(), person(news=Standing(State.ACTIVE, 7, "older"))) is Reason.WORDS_CHANGED
    same = dataclasses.replace(RULES, grounds={"older": "older", V: "older"})
    assert reason(ask(), person(news=Standing(State.ACTIVE, 7, "older")), rules=same) is None


@pytest.mark.parametrize(
    ("laid_over", "expected"),
    [
        ({"restricted": 9}, Reason.RESTRICTED),
        ({"objected": 9}, Reason.OBJECTED),
        ({"complained": 9}, Reason.COMPLAINED),
        ({"bounced": 9}, Reason.HARD_BOUNCED),
    ],
)
@pytest.mark.parametrize(
    "asked", [ask(template="nosuch"), ask("nosuch"), ask("orders"), ask(template="bare")]
)
def test_what_lies_over_the_address_is_told_before_any_fault_of_the_mail(laid_over, expected, asked):
    """Who complained is told that, and not that a template is not known."""
    assert reason(asked, replace(ACTIVE, **laid_over)) is expected


@pytest.mark.parametrize("asked", [ask(template="nosuch"), ask("nosuch"), ask("orders")])
def test_a_suppressed_address_and_a_doubt_come_behind_that_and_before_the_mail(asked):
    """In this order."""
    assert reason(asked, around=Circumstances(suppressed=True, doubted=True)) is Reason.SUPPRESSED
    assert reason(asked, around=Circumstances(doubted=True)) is Reason.NOT_AS_LOGGED
    assert reason(asked, replace(ACTIVE, complained=9), Circumstances(doubted=True)) is Reason.COMPLAINED


def test_a_service_mail_to_whoever_is_in_doubt_goes_and_is_not_measured():
    """What they agreed to is what is in doubt; their order is none."""
    agreed = person(measurement=Standing(State.ACTIVE, 9, "p"))
    service = ask("orders", MailClass.SERVICE, trigger="order-1")
    assert judge(service, agreed, RULES, Circumstances(), NOW).measured
    doubted = judge(service, agreed, RULES, Circumstances(doubted=True), NOW)
    assert (doubted.reason, doubted.measured) == (None, False)


def test_service_mail_too_is_held_back_by_what_lies_over_the_address_first():
    """Whatever else is wrong with it."""
    service = ask("nosuch", MailClass.SERVICE, "nosuch")
    assert reason(service, replace(ACTIVE, restricted=9)) is Reason.RESTRICTED
    assert reason(service, replace(ACTIVE, bounced=9)) is Reason.HARD_BOUNCED


def test_a_restriction_is_looked_at_first_and_holds_back_service_mail_too():
    """Before complaints and objections, whatever was agreed to."""
    restricted = replace(ACTIVE, restricted=9, objected=8, complained=8)
    assert reason(ask(), restricted) is Reason.RESTRICTED
    assert reason(ask("orders", MailClass.SERVICE, trigger="e"), restricted) is Reason.RESTRICTED


def test_an_objection_to_all_marketing_holds_until_a_topic_is_confirmed_anew():
    """Of that topic alone."""
    objected = replace(ACTIVE, objected=7)
    assert reason(ask(), objected) is Reason.OBJECTED
    back = replace(
        objected,
        objected=8,
        confirmed=9,
        standings=person(news=Standing(State.ACTIVE, 7, V), offers=Standing(State.ACTIVE, 9, W)).standings,
    )
    assert reason(ask(), back) is Reason.OBJECTED
    assert reason(ask("offers"), back) is None
