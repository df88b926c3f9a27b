"""What conditions mean (language reference, §5), asked in flow text of people with a known past."""

from datetime import date
from decimal import Decimal

import pytest
from asked import NOW, asking, eur, holds, nobody
from flows import ZONE, program
from person import DAY, Person

from engine.core.loaded import Loaded


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
def test_a_condition_is_met_by_what_is_known(condition: str) -> None:
    """Of Anna all of these are so."""
    assert holds(condition, anna)


@pytest.mark.parametrize("condition", NO)
def test_a_condition_is_not_met_by_what_is_otherwise_or_unknown(condition: str) -> None:
    """Of Anna none of these is so."""
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
