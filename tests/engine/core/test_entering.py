"""Who enters a flow (language reference, §4 Header lines)."""

from decimal import Decimal
from typing import Any

import pytest
from flows import loaded
from person import DAY, HOUR, Person, at

from engine.core.bundle import Entry, Stopped


def flow(enter: str, topic: str = "") -> str:
    """A flow with one wait and an entry rule."""
    return f"""
flow cart "Cart"
    start on cart_updated
    {enter}
    {topic}

    wait 1 hour
    send reminder
        topic news
"""


def entries(person: Person) -> int:
    """How often the person has entered."""
    return person.story("cart").count("entered")


def refusals(person: Person) -> list[str]:
    """Why the person did not enter."""
    return [
        line.removeprefix("not_entered ") for line in person.story("cart") if line.startswith("not_entered")
    ]


@pytest.mark.parametrize("rule", ["", "enter once"])
def test_once_is_the_rule_where_none_is_written(rule: str) -> None:
    """A second event, years later, starts nothing and leaves a line."""
    anna = Person(loaded(flow(rule))).happens("cart_updated").pass_(800 * DAY).happens("cart_updated")
    assert entries(anna) == 1
    assert refusals(anna) == ["entered_before"]


def test_every_time_lets_people_in_again_once_they_are_out() -> None:
    """Not while they are in the flow."""
    anna = Person(loaded(flow("enter every time"))).happens("cart_updated").happens("cart_updated")
    assert refusals(anna) == ["in_flow"]
    anna.pass_(HOUR).happens("cart_updated")
    assert entries(anna) == 2


def test_again_after_counts_from_the_last_entry() -> None:
    """Seven calendar days to the millisecond, over a clock change, not from the end of the journey."""
    start = at("2026-03-27T08:00")  # 10:00 in Riga; clocks go forward on the 29th
    anna = Person(loaded(flow("enter again after 7 days")), now=start).happens("cart_updated")
    anna.until(at("2026-04-03T06:59") + 59_999).happens("cart_updated")
    assert refusals(anna) == ["entered_before"]
    anna.until(at("2026-04-03T07:00")).happens("cart_updated")
    assert entries(anna) == 2
    anna.pass_(DAY).happens("cart_updated")
    assert entries(anna) == 2


def test_one_journey_of_a_flow_at_a_time() -> None:
    """Also where entry is free, and also across contacts' different flows."""
    anna = Person(loaded(flow("enter every time"))).happens("cart_updated").pass_(HOUR - 1)
    anna.happens("cart_updated")
    assert len(anna.bundle.journeys) == 1


PER = """
flow cart "Orders"
    start on order_placed
    one journey per trigger.order_id
    {enter}

    wait 1 hour
"""


def test_one_journey_per_value_side_by_side() -> None:
    """Two orders, two journeys; the same order again, none."""
    anna = Person(loaded(PER.format(enter="enter every time")))
    for order in ("A", "B", "A", " B "):
        anna.happens("order_placed", order_id=order)
    assert sorted(journey.per for journey in anna.bundle.journeys) == ["A", "B"]
    assert refusals(anna) == ["in_flow", "in_flow"]


@pytest.mark.parametrize("data", [{}, {"order_id": ""}, {"order_id": " \t"}])
def test_an_unknown_value_starts_none_and_is_recorded(data: dict[str, Any]) -> None:
    """Missing or blank: nobody can tell the journeys apart."""
    anna = Person(loaded(PER.format(enter=""))).happens("order_placed", **data)
    assert anna.bundle.journeys == ()
    assert refusals(anna) == ["no_value"]


def test_once_means_once_per_value() -> None:
    """And `again after` counts per value too."""
    anna = Person(loaded(PER.format(enter="")))
    for order in ("A", "B", "A"):
        anna.happens("order_placed", order_id=order).pass_(DAY)
    assert entries(anna) == 2
    bert = Person(loaded(PER.format(enter="enter again after 2 days")))
    for order in ("A", "B", "A", "A"):
        bert.happens("order_placed", order_id=order).pass_(DAY)
    assert entries(bert) == 3  # A, B, and A after three days


def test_equal_numbers_are_one_value() -> None:
    """5 and 5.0 are the same star."""
    text = """
flow cart "Stars"
    start on review_submitted
    one journey per trigger.rating

    wait 1 day
"""
    anna = Person(loaded(text))
    for rating in ("5", "5.0", "4.5", "50"):
        anna.happens("review_submitted", rating=Decimal(rating))
    assert sorted(journey.per for journey in anna.bundle.journeys) == ["4.5", "5", "50"]


def test_a_marketing_flow_starts_only_for_people_who_agreed() -> None:
    """The others are counted in the journal; who agrees later may enter later."""
    anna = Person(loaded(flow("enter once", "topic news"))).agrees("offers").happens("cart_updated")
    assert refusals(anna) == ["not_subscribed"]
    anna.agrees("news").happens("cart_updated")
    assert entries(anna) == 1


def test_a_service_flow_starts_for_everybody() -> None:
    """Its basis is the contract."""
    text = """
flow cart "Order"
    topic orders
    start on order_placed

    send thanks
"""
    anna = Person(loaded(text)).happens("order_placed")
    assert anna.mails == ["thanks"]
    assert anna.effects[0].body.service


def test_several_starts_of_one_flow_start_one_journey() -> None:
    """Also when two lines fit one event, or an event and a segment fit together."""
    text = """
segment buyers "Buyers"
    any order_placed
flow cart "Cart"
    start on order_placed
    start on order_placed where total > 10 EUR
    start on joining segment buyers
    enter every time

    wait 1 hour
"""
    anna = Person(loaded(text)).happens("order_placed", order_id="1")
    assert anna.story("cart") == ["entered", "waits wait_1"]
    assert anna.journey("cart").trigger["order_id"] == "1"


def test_trigger_never_changes() -> None:
    """It is the event that started the journey, with its moment, whatever comes later."""
    text = """
flow cart "Cart"
    start on cart_updated
    enter once

    wait 1 day
    send reminder with total trigger.cart_total, when trigger.at
        topic news
"""
    anna = Person(loaded(text))
    start = anna.now
    anna.happens("cart_updated", cart_total="first").pass_(HOUR).happens("cart_updated", cart_total="second")
    anna.pass_(DAY)
    assert anna.effects[0].body.values == {"total": "first", "when": start}


def test_each_entry_has_journeys_and_mails_of_its_own() -> None:
    """Also when the starts share an id, as the timers of a segment do: no key is ever used twice."""
    text = """
segment fresh "Seen within a day"
    any product_viewed in last 1 day
flow cart "Gone"
    start on leaving segment fresh
    enter every time

    send missed
        topic news
"""
    anna = Person(loaded(text)).agrees("personalisation")
    for _ in range(3):
        anna.happens("product_viewed").pass_(2 * DAY)
    assert anna.mails == ["missed"] * 3
    assert len({effect.key for effect in anna.effects}) == 3
    journeys = {
        entry.journey for entry in anna.entries if isinstance(entry, Entry) and entry.what == "entered"
    }
    assert len(journeys) == 3


@pytest.mark.parametrize(
    ("topic", "entered"),
    [("news", False), ("orders", True), ("", True)],
    ids=["marketing", "service", "none"],
)
def test_whoever_complained_enters_no_flow_that_sends_marketing_only(topic: str, entered: bool) -> None:
    """Also where the flow has no topic of its own, until a topic is confirmed anew; agreeing to be measured
    changes nothing."""
    mail = f"    send tips\n        topic {topic}\n" if topic else ""
    text = f'flow thanks\n    start on order_placed\n    enter every time\n\n    add tag "buyer"\n{mail}'
    anna = Person(loaded(text)).agrees("news").take(Stopped("complained")).agrees("measurement")
    anna.happens("order_placed")
    assert anna.story("thanks")[0] == ("entered" if entered else "not_entered not_subscribed")
    assert anna.agrees("offers").happens("order_placed").story("thanks")[-1] == "finished"
