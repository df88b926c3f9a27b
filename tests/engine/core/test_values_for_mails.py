"""Values that a send hands to its mail, known or not."""

from typing import Any

from asked import eur
from flows import loaded
from person import Person


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
