"""`call WEBHOOK`: what is to be told, as it was at the step (language reference, §4 Steps)."""

from datetime import date
from decimal import Decimal

from flows import loaded
from person import MONDAY, Person

from dsl.graph import Money
from engine.core.bundle import CallBody, TellBody

CRM = """
webhook crm
    url "https://crm.example/hook"
    secret env CRM_SECRET
"""


def calls(person: Person) -> list[CallBody]:
    return [effect.body for effect in person.effects if isinstance(effect.body, CallBody)]


def body(given: str, setting: str = "") -> CallBody:
    """The call of a flow that gives this, for an order of 49.90 EUR."""
    text = f"""{CRM}
flow alpha "Alpha"
    start on order_placed
    {setting}
    call crm with {given}
"""
    anna = Person(loaded(text)).learns(birthday=date(1990, 5, 1), city=" ")
    anna.happens("order_placed", total=Money(Decimal("49.90"), "EUR"), order_id="1042", items=[{"sku": "A1"}])
    [found] = calls(anna)
    return found


def test_a_call_says_from_where_it_comes() -> None:
    """Flow, journey, step and moment; the journey does not wait for it."""
    text = f"{CRM}\nflow alpha\n    start on order_placed\n    call crm\n    wait 1 day\n"
    anna = Person(loaded(text)).happens("order_placed")
    [effect] = anna.effects
    found = calls(anna)[0]
    journey = anna.journey("alpha")
    assert (effect.kind, effect.contact) == ("call", anna.bundle.contact)
    assert (found.webhook, found.flow, found.journey, found.at) == ("crm", "alpha", journey.id, MONDAY)
    assert found.values == {}


def test_values_keep_their_types() -> None:
    """Money in whole cents, dates, lists; what is unknown or blank is told as such."""
    found = body(
        "total trigger.total / 3, id trigger.order_id, born contact.birthday, items trigger.items, "
        "city contact.city, visits contact.visits"
    )
    assert found.values == {
        "total": Money(Decimal("16.63"), "EUR"),
        "id": "1042",
        "born": date(1990, 5, 1),
        "items": [{"sku": "A1"}],
        "city": None,
        "visits": None,
    }


def test_a_moment_and_a_count_are_told_apart() -> None:
    """Within the engine both are whole; only a moment stays an `int`."""
    found = body("placed trigger.at, orders count of order_placed, latest last order_placed.at")
    assert found.values == {"placed": MONDAY, "orders": Decimal(1), "latest": MONDAY}
    assert [type(value) for value in found.values.values()] == [int, Decimal, int]


def test_the_address_is_asked_for_by_name_and_is_not_in_the_engine() -> None:
    """The name under which it is to be told stands in the call."""
    found = body("email contact.email, id trigger.order_id")
    assert found.addressed == ("email",)
    assert found.values == {"email": None, "id": "1042"}


def test_a_coupon_s_code_can_be_told() -> None:
    """The one that a mail of the same step would show."""
    text = f"""{CRM}
coupon comeback "15% off"
    15% off
    valid 7 days
    code "BACK-{{random 8}}"
flow alpha "Alpha"
    start on order_placed
    call crm with code coupon comeback
"""
    anna = Person(loaded(text)).happens("order_placed")
    [made] = [effect.body for effect in anna.effects if effect.kind == "coupon"]
    assert calls(anna)[0].values == {"code": made.code}


def test_each_round_is_a_call_of_its_own() -> None:
    """A receiver that goes by the id takes all of them."""
    text = f"""{CRM}
flow alpha "Alpha"
    start on order_placed
    repeat up to 3 times
        call crm
"""
    anna = Person(loaded(text)).happens("order_placed")
    assert len({effect.key for effect in anna.effects}) == 3


def test_a_word_to_the_team_has_a_place_for_the_address() -> None:
    """The engine does not know it: the text is in parts."""
    text = """
flow alpha "Alpha"
    start on order_placed
    tell "care@kafija.example" "{contact.email} has order {trigger.order_id}; write to {contact.email}"
"""
    anna = Person(loaded(text)).happens("order_placed", order_id="1042")
    [told] = [effect.body for effect in anna.effects if isinstance(effect.body, TellBody)]
    assert told.text == ("", " has order 1042; write to ", "")
