"""What conditions mean (language reference, §5), asked in flow text of people with a known past."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from flows import ZONE, loaded, program
from person import DAY, HOUR, Person, at

from dsl.graph import Money
from engine.core.loaded import Loaded

NOW = at("2026-03-02T07:00")  # 09:00 in Riga


def eur(amount: str) -> Money:
    """Euros."""
    return Money(Decimal(amount), "EUR")


def usd(amount: str) -> Money:
    """Dollars."""
    return Money(Decimal(amount), "USD")


def asking(condition: str) -> str:
    """A flow that finishes as met or unmet."""
    return f"""
flow asks "Asks"
    start on checkout_started
    enter every time

    if {condition}
        finish as met
    finish as unmet
"""


def holds(condition: str, past: Callable[[Person], object], now: int = NOW) -> bool:
    """Whether `condition` is met by someone with that past."""
    rules = Loaded(program(asking(condition)), (), ZONE, b"key", currency="EUR")
    person = Person(rules, now=now - 400 * DAY)
    past(person)
    person.until(now)
    answer = person.happens("checkout_started", checkout_id="c1").story("asks")[-1]
    assert answer in ("finished met", "finished unmet")
    return answer == "finished met"


def anna(person: Person) -> None:
    """Two orders, one of them long ago; some attributes known, others not."""
    person.learns(
        first_name="Anna",
        city="  RĪGA ",
        birthday=date(1988, 2, 29),
        visits=Decimal("3"),
        credit=eur("10.50"),
        vip=True,
        interests=["Coffee", "tea"],
        language="lv",
        country="LV",
    )
    person.agrees("news")
    person.until(NOW - 300 * DAY).happens(
        "order_placed",
        order_id="old",
        total=eur("100"),
        items=[{"sku": "1", "category": "Tea", "quantity": Decimal(2), "price": eur("50")}],
    )
    person.until(NOW - 5 * DAY).happens(
        "order_placed",
        order_id="new",
        total=eur("20.50"),
        discount=eur("1"),
        items=[
            {"sku": "2", "category": "Coffee", "quantity": Decimal(1), "price": eur("10")},
            {"sku": "3", "category": " cups", "quantity": Decimal(3), "price": eur("3.50")},
            {"sku": "4"},
        ],
    )


def nobody(person: Person) -> None:
    """Nothing is known."""


YES = [
    # texts: trimmed, case-folded, accents kept
    'contact.city is "rīga"',
    'contact.city is not "riga"',
    'contact.city contains "ĪG"',
    'contact.city starts with " rī"',
    'contact.city ends with "GA "',
    'contact.first_name in ["Berta", "ANNA"]',
    'contact.first_name not in ["Berta", "Cecilia"]',
    # numbers, money, flags, dates
    "contact.visits is 3.0",
    "contact.visits between 3 and 4",
    "contact.visits between 2 and 3",
    "contact.visits * 2 + 1 is 7",
    "contact.visits - 1 * 2 is 1",
    "-contact.visits < 0",
    "contact.visits / 2 > 1.4",
    "contact.credit > 10 EUR",
    "contact.credit > 0",
    "contact.credit * 2 is 21 EUR",
    "contact.credit / 2 is 5.25 EUR",
    "contact.credit / 5.25 EUR is 2",
    "contact.credit - 10 EUR is 0.5 EUR",
    "contact.vip is yes",
    "contact.vip is not no",
    "contact.birthday is 1988-02-29",
    "contact.birthday < 1988-03-01",
    # lists
    'contact.interests contains "COFFEE"',
    'not contact.interests contains "milk"',
    # always there
    'contact.language is "LV"',
    "contact.created_at < now",
    "time since contact.created_at >= 399 days",
    "contact.id is known",
    # known, logic
    "contact.first_name is known",
    "contact.renewal is unknown",
    "contact.visits is 3 and contact.vip is yes",
    "contact.visits is 4 or contact.vip is yes",
    "contact.visits is 4 and contact.vip is yes or contact.visits is 3",
    "not contact.visits is 4",
    # history
    "any order_placed",
    "any order_placed in last 6 days",
    "no order_placed in last 5 days",  # (now − D, now]: the moment D ago is outside
    "count of order_placed is 2",
    "count of order_placed in last 1 year is 2",
    "sum of order_placed.total is 120.50 EUR",
    "sum of order_placed.total in last 30 days is 20.50 EUR",
    "average of order_placed.total is 60.25 EUR",
    "largest of order_placed.total is 100 EUR",
    "smallest of order_placed.total is 20.50 EUR",
    'first order_placed.order_id is "old"',
    'last order_placed.order_id is "NEW"',
    "time since last order_placed.at >= 5 days",
    "not time since last order_placed.at > 5 days",
    "any order_placed since 2026-02-25",
    "no order_placed since 2026-02-26",
    'any order_placed where order_id is "new"',
    'no order_placed where order_id is "none"',
    'count of order_placed where (total > 20 EUR and order_id is not "old") is 1',
    "any order_placed where at < now",
    "any order_placed where discount is unknown",
    "any order_placed where total in [100 EUR, 7 EUR]",
    "count of order_placed where total between 20.50 EUR and 100 EUR is 2",
    # through lists of records
    'last order_placed.items.category contains "coffee"',
    'last order_placed.items.category contains "CUPS"',
    'any order_placed where items.category contains "tea"',
    "sum of order_placed.items.quantity is 6",
    "largest of order_placed.items.price is 50 EUR",
    "sum of order_placed.items.price in last 9 days is 13.50 EUR",
    # people
    "agreed to news",
    "not agreed to offers",
    'not tagged "x"',
    # nothing is 0; sums need no currency then
    "count of order_paid is 0",
    "sum of order_paid.total is 0",
    "sum of order_paid.total < 1 EUR",
    "sum of order_paid.total + 5 EUR is 5 EUR",
    "5 EUR - sum of order_paid.total is 5 EUR",
    "sum of order_paid.total / 5 EUR is 0",
    "average of order_paid.total is unknown",
    "largest of order_paid.total is unknown",
    "smallest of order_paid.total is unknown",
    "first order_paid.order_id is unknown",
    "last order_paid.at is unknown",
    # days
    "today is 2026-03-02",
    "now is 2026-03-02 09:00",
    "now >= 2026-03-02",
    "last order_placed.at is 2026-02-25",
    "years since contact.birthday is 38",
]
NO = [
    'contact.city is "Riga"',
    'contact.city is not "Rīga"',
    "contact.credit > 10.50 EUR",
    "count of order_placed in last 5 days is 1",
    "contact.visits / 0 is 0",
    # unknown: every comparison is no
    'contact.country is not "LV" and contact.country is "LV"',
    "contact.renewal < now",
    "contact.renewal > now",
    "contact.renewal is 2026-01-01",
    "contact.renewal is not 2026-01-01",
    "contact.renewal between 2000-01-01 and 2100-01-01",
    "time since contact.renewal > 1 day",
    "time since contact.renewal < 1 day",
    "years since contact.renewal >= 0",
    "years since contact.renewal is not 3",
    "contact.visits / 0 is not 7",
    "contact.visits / 0 not in [7]",
    "average of order_paid.total is not 7 EUR",
    'last order_paid.order_id not in ["a", "b"]',
    'first order_placed.coupon is not "BACK"',
    "largest of order_paid.total < 5 EUR",
    # of that one event: the newest order has a discount of 1, the oldest none
    "first order_placed.discount is 1 EUR",
]


@pytest.mark.parametrize("condition", YES)
def test_yes(condition: str) -> None:
    """The condition is met."""
    assert holds(condition, anna)


@pytest.mark.parametrize("condition", NO)
def test_no(condition: str) -> None:
    """The condition is not met."""
    assert not holds(condition, anna)


@pytest.mark.parametrize(
    "condition",
    [
        'contact.city is "Rīga"',
        'contact.city is not "Rīga"',
        'contact.city in ["Rīga"]',
        'contact.city not in ["Rīga"]',
        'contact.city contains "a"',
        "contact.visits > contact.visits - 1",
        "contact.visits + 1 is not 1",
        "contact.credit is not 5 EUR",
        "contact.vip is not yes",
        "contact.birthday is not 2000-01-01",
        'contact.interests contains "tea"',
        "years since contact.birthday < 99",
        "time since contact.birthday > 1 day",
        "any order_placed",
        "any order_placed since contact.birthday",
    ],
)
def test_of_someone_unknown_everything_is_no(condition: str) -> None:
    """Denying comparisons included."""
    assert not holds(condition, nobody)


def test_blank_text_is_unknown() -> None:
    """Three blanks are no city."""
    assert holds("contact.city is unknown", lambda person: person.learns(city="   "))
    assert not holds('contact.city is not "Rīga"', lambda person: person.learns(city="   "))


def test_texts_compare_whichever_way_they_were_composed() -> None:
    """One program writes ī as one character, another as two."""
    assert holds('contact.city is "Rīga"', lambda person: person.learns(city="Ri\u0304ga"))
    assert holds('contact.city is "STRASSE"', lambda person: person.learns(city="straße"))


def test_a_member_that_is_unknown_makes_not_in_no() -> None:
    """Nobody knows whether it is that one."""
    both = 'contact.first_name not in ["Berta", contact.city]'
    assert not holds(both, lambda person: person.learns(first_name="Anna"))
    assert holds(both, lambda person: person.learns(first_name="Anna", city="Rīga"))
    assert not holds(both, lambda person: person.learns(first_name="Anna", city="anna"))
    either = 'contact.first_name in ["Anna", contact.city]'
    assert holds(either, lambda person: person.learns(first_name="Anna"))


# ---------------------------------------------------------------- two currencies


def abroad(person: Person) -> None:
    """A dollar order first, then two in euros."""
    person.until(NOW - 9 * DAY).happens("order_placed", order_id="1", total=usd("1000"))
    person.until(NOW - 8 * DAY).happens("order_placed", order_id="2", total=eur("30"))
    person.until(NOW - 7 * DAY).happens("order_placed", order_id="3", total=eur("50"))


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("sum of order_placed.total is 80 EUR", True),
        ("sum of order_placed.total is 1000 USD", True),
        ("average of order_placed.total is 40 EUR", True),
        ("largest of order_placed.total is 50 EUR", True),
        ("smallest of order_placed.total is 1000 USD", True),
        ("sum of order_placed.total - 80 EUR is 0", True),
        ("sum of order_placed.total > 0", True),
        ("count of order_placed is 3", True),
        ("first order_placed.total > 1 EUR", False),
        ("first order_placed.total < 1 EUR", False),
        ("first order_placed.total is not 1 EUR", False),
        ("first order_placed.total not in [1 EUR]", False),
        ("first order_placed.total + 1 EUR is known", False),
        ("any order_placed where total >= 1000 EUR", False),
        ("sum of order_placed.total is 30 LVL", False),
        ("sum of order_placed.total is 0 LVL", True),
    ],
)
def test_money_in_another_currency_is_unknown_and_not_counted(condition: str, expected: bool) -> None:
    """Nothing is ever converted. The amount that is written beside it says the currency of a sum."""
    assert holds(condition, abroad) is expected


def test_without_an_amount_beside_it_a_sum_is_in_the_project_s_currency() -> None:
    """Also where the first order was paid in another."""
    flow = """
flow asks "Asks"
    start on checkout_started

    send report with spent sum of order_placed.total
        topic news
"""
    person = Person(Loaded(program(flow), (), ZONE, b"key", currency="EUR"), now=NOW - 20 * DAY)
    abroad(person)
    person.happens("checkout_started")
    assert person.effects[0].body.values == {"spent": eur("80")}


# ---------------------------------------------------------------- measurement

MEASURED = [
    "any email_opened",
    "no email_opened",
    "no email_clicked in last 30 days",
    "count of email_opened is 0",
    "count of email_opened >= 0",
    "count of email_clicked < 5",
    "last email_opened.at is unknown",
]


def mailed(consents: bool) -> Callable[[Person], object]:
    """Someone who opened a mail, with or without having agreed to measurement."""

    def past(person: Person) -> None:
        if consents:
            person.agrees("measurement")
        person.pass_(DAY).happens("email_opened", flow="asks", step="x", template="x", topic="news")

    return past


@pytest.mark.parametrize("condition", MEASURED[:-1])
def test_without_consent_to_measurement_opens_are_unknown_not_absent(condition: str) -> None:
    """Each of `any`, `no` and comparisons of their counts is no."""
    assert not holds(condition, mailed(False))


@pytest.mark.parametrize(
    ("condition", "expected"), list(zip(MEASURED, [True, False, True, False, True, True, False], strict=True))
)
def test_with_consent_they_are_what_they_are(condition: str, expected: bool) -> None:
    """The same questions, answered."""
    assert holds(condition, mailed(True)) is expected


def test_opened_and_clicked_ask_for_a_mail_of_this_journey() -> None:
    """With consent only; a click on another link, or on another mail, is none."""
    flow = """
flow asks "Asks"
    topic news
    start on checkout_started
    enter every time

    send tips
    wait 1 day
    if opened tips and clicked tips link "https://kafija.example/a" and clicked tips
        finish as met
    finish as unmet
"""
    tips: dict[str, Any] = {"flow": "asks", "step": "tips", "template": "tips", "topic": "news"}
    for consents, link, before, expected in (
        (True, "https://kafija.example/a", False, "met"),
        (False, "https://kafija.example/a", False, "unmet"),
        (True, "https://kafija.example/b", False, "unmet"),
        (True, "https://kafija.example/a", True, "unmet"),
    ):
        person = Person(loaded(flow)).agrees("news")
        if consents:
            person.agrees("measurement")
        if before:
            person.happens("email_opened", **tips).happens("email_clicked", link=link, **tips).pass_(HOUR)
        person.happens("checkout_started").pass_(HOUR)
        if not before:
            person.happens("email_opened", **tips).happens("email_clicked", link=link, **tips)
        assert person.pass_(DAY).story("asks")[-1] == f"finished {expected}"


# ---------------------------------------------------------------- years


@pytest.mark.parametrize(
    ("birthday", "today", "years"),
    [
        (date(2000, 2, 29), "2026-02-27", 25),
        (date(2000, 2, 29), "2026-02-28", 26),  # falls on the 28th in other years
        (date(2000, 2, 29), "2028-02-28", 27),
        (date(2000, 2, 29), "2028-02-29", 28),
        (date(2000, 3, 1), "2026-02-28", 25),
        (date(2000, 3, 1), "2026-03-01", 26),
        (date(2000, 12, 31), "2000-12-31", 0),
    ],
)
def test_years_since(birthday: date, today: str, years: int) -> None:
    """Whole years, by the days on the contact's clock."""
    moment = (
        at(f"{today}T00:00") - 2 * HOUR if today < "2026-03-29" else at(f"{today}T00:00")
    )  # 00:00 in Riga
    past = lambda person: person.learns(birthday=birthday)  # noqa: E731
    assert holds(f"years since contact.birthday is {years}", past, moment)


def test_a_moment_against_a_date_compares_the_moment_s_day() -> None:
    """On the contact's clock: 22:30 UTC is the next day in Riga."""
    past = lambda person: person.learns(renewal=at("2026-02-01T22:30"))  # noqa: E731
    assert holds("contact.renewal is 2026-02-02", past)
    assert not holds("contact.renewal is 2026-02-01", past)
    assert holds("contact.renewal is not 2026-02-01", past)
    assert holds("contact.renewal <= 2026-02-02", past)


# ---------------------------------------------------------------- spans


@pytest.mark.parametrize(
    ("event", "span", "last", "over"),  # Riga's clock, in UTC
    [
        ("2026-03-01T07:00", "1 hour", "2026-03-01T07:59", "2026-03-01T08:00"),
        ("2026-03-01T07:00", "1 day", "2026-03-02T06:59", "2026-03-02T07:00"),
        ("2026-03-28T07:00", "1 day", "2026-03-29T05:59", "2026-03-29T06:00"),
        ("2026-03-28T07:00", "24 hours", "2026-03-29T06:59", "2026-03-29T07:00"),
        ("2026-01-31T08:00", "1 month", "2026-02-28T07:59", "2026-02-28T08:00"),
        ("2026-02-28T08:00", "1 month", "2026-03-28T07:59", "2026-03-28T08:00"),
        ("2026-02-28T08:00", "1 month", "2026-03-28T07:59", "2026-03-29T00:00"),  # and does not come back
        ("2024-02-29T08:00", "1 year", "2025-02-28T07:59", "2025-02-28T08:00"),
    ],
)
def test_an_event_is_in_the_last_d_until_d_has_passed(event: str, span: str, last: str, over: str) -> None:
    """As a wait of D that began with it would end."""
    for moment, expected in ((at(last), True), (at(over), False)):
        rules = loaded(asking(f"any order_placed in last {span}"))
        person = Person(rules, now=at(event))
        person.happens("order_placed", at=at(event)).until(moment).happens("checkout_started")
        assert person.story("asks")[-1] == f"finished {'met' if expected else 'unmet'}"


def test_a_window_follows_the_contact_to_another_clock() -> None:
    """In Riga a day of 23 hours had passed since the first order; where the contact is now, it has not."""
    person = Person(loaded(asking("count of order_placed in last 1 day is 2")), now=at("2026-03-28T08:00"))
    person.happens("order_placed").until(at("2026-03-29T07:30")).happens("order_placed")
    assert person.happens("checkout_started").story("asks")[-1] == "finished unmet"
    person.learns(time_zone="UTC").happens("checkout_started")
    assert person.story("asks")[-1] == "finished met"


def test_nothing_of_the_future_is_in_a_span() -> None:
    """A condition looks back only: an event is recorded at most at the present moment."""
    assert not holds("any checkout_started where at > now", nobody)


def values_of(flow: str, **attributes: Any) -> dict[str, Any]:
    """What the first mail of a flow is given."""
    person = Person(loaded(flow)).learns(**attributes).happens("checkout_started")
    return person.effects[0].body.values


def test_values_for_a_mail_may_be_unknown() -> None:
    """`with` hands on what is known; nothing fails for want of an attribute."""
    flow = """
flow asks "Asks"
    start on checkout_started

    send report with city contact.city, spent sum of order_placed.total, newest last order_placed.items
        topic news
"""
    assert values_of(flow) == {"city": None, "spent": 0, "newest": None}
    assert values_of(flow, city="Rīga") == {"city": "Rīga", "spent": 0, "newest": None}


def test_the_subject_of_a_send_speaks_with_values() -> None:
    """Unknown ones by the word that stands in for them."""
    flow = """
flow asks "Asks"
    start on checkout_started

    send report
        topic news
        subject "Dear {contact.first_name or "friend"}, your {contact.credit or "credit"}"
"""
    unknown = Person(loaded(flow)).happens("checkout_started")
    assert unknown.effects[0].body.subject == ("Dear friend, your credit",)
    known = Person(loaded(flow)).learns(first_name="Anna", credit=eur("5")).happens("checkout_started")
    assert known.effects[0].body.subject == ("Dear Anna, your ", eur("5"))


def test_a_field_of_a_triggers_records_is_the_list_of_its_values() -> None:
    """As in questions to the past: records that lack it count for nothing."""
    rules = Loaded(
        program(asking('trigger.items.category contains "coffee"')), (), ZONE, b"key", currency="EUR"
    )
    person = Person(rules, now=NOW)
    for category, answer in (("Coffee", "finished met"), ("Tea", "finished unmet")):
        items = [{"sku": "1"}, {"sku": "2", "category": category}]
        person.happens("checkout_started", checkout_id=category, items=items)
        assert person.story("asks")[-1] == answer
