"""Conditions on amounts in several currencies."""

from decimal import Decimal

import pytest
from asked import NOW, eur, holds
from flows import ZONE, program
from person import DAY, Person

from dsl.graph import Money
from engine.core.loaded import Loaded


def usd(amount: str) -> Money:
    """Dollars."""
    return Money(Decimal(amount), "USD")


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
