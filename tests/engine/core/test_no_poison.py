"""What the inbox accepts can stop nobody's journey: no value makes a condition, a wait or a mail fail."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest
from flows import ZONE, loaded, program
from handed_in import Contact, Event
from hypothesis import example, given
from hypothesis import strategies as st
from person import DAY, MONDAY, Person

from engine.core.bundle import Happened, Learned
from engine.run.inbox import Inbox
from engine.store import rows
from engine.store.batch import Batch
from engine.store.store import Store

CONDITIONS = """
contact.visits * contact.visits * contact.visits / 3 > 1
contact.visits / contact.visits is 1
1 / contact.visits > 0 or -contact.visits + 1 < 5
contact.credit * contact.visits + 1 EUR > 0
contact.credit / contact.credit is 1 or contact.credit / contact.visits > 1 EUR
contact.credit in [1 EUR, 2 EUR] or contact.credit not in [3 EUR]
contact.birthday < today or contact.birthday > contact.renewal
years since contact.birthday >= 18 and years since contact.renewal < 1
time since contact.birthday > 100 years or time since contact.renewal < 900 months
contact.renewal is today or contact.renewal between 1950-01-01 and now
any order_placed since contact.renewal or no order_placed since contact.birthday
contact.city contains contact.first_name or contact.city starts with contact.first_name
contact.interests contains contact.city
sum of order_placed.total in last 900 months > 5 EUR
average of order_placed.items.quantity / sum of order_placed.items.quantity > 1
largest of order_placed.items.price >= smallest of order_placed.items.price
last order_placed.items.name contains contact.city
any order_placed where (items.category contains "x" and total * 3 > 1 EUR and time since at > 1 minute)
""".strip().splitlines()

FLOW = "".join(
    f'segment s{number} "S{number}"\n    {condition}\n' for number, condition in enumerate(CONDITIONS)
)
FLOW += """
flow asks "Asks"
    start on order_placed
    one journey per trigger.order_id
    enter again after 1 month

    wait 1 day at 09:00
"""
FLOW += "".join(f"    if {condition}\n        wait 1 hour\n" for condition in CONDITIONS)
FLOW += """
    repeat up to 100 times
        set contact.visits to contact.visits * contact.visits + 1 / contact.visits
        set contact.credit to contact.credit * contact.visits / 3
        set contact.renewal to last order_placed.at
        set contact.birthday to today
        set contact.city to trigger.order_id
    send tips with a contact.visits * 7, b sum of order_placed.total, c last order_placed.items
        topic news
        subject "{contact.credit or "x"} {contact.birthday or "x"} {contact.vip or "x"}"
"""
PROGRAM = program(FLOW)


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=4)
numbers = st.integers(-(10**15) + 1, 10**15 - 1) | st.floats(-1e14, 1e14) | st.sampled_from([5e-324, -0.0, 0])
money = st.fixed_dictionaries(
    {
        "amount": st.decimals(-(10**14), 10**14, places=6).map("{:f}".format) | st.just("-0"),
        "currency": st.sampled_from(["EUR", "USD", "XTS"]),
    }
)
dates = st.dates().map(str) | st.sampled_from(["0001-01-01", "9999-12-31", "2000-02-29"])
moments = st.builds(
    "{}T{}{}".format,
    dates,
    st.sampled_from(["00:00:00", "23:59:59.999999"]),
    st.sampled_from(["Z", "+23:59", "-23:59", "+00:00:01"]),
)
items = st.lists(
    st.fixed_dictionaries(
        {}, optional={"quantity": numbers, "price": money, "name": texts, "category": texts, "sku": texts}
    ),
    max_size=3,
)
attributes = st.fixed_dictionaries(
    {},
    optional={
        "first_name": texts,
        "city": texts,
        "birthday": dates,
        "renewal": moments,
        "visits": numbers,
        "credit": money,
        "vip": st.booleans(),
        "interests": st.lists(texts, max_size=3),
        "time_zone": st.sampled_from(["Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Riga"]),
    },
)
orders = st.fixed_dictionaries({}, optional={"order_id": texts, "total": money, "items": items})


@given(attributes, st.lists(orders, max_size=3))
@example({"renewal": "0001-01-01T00:00:00+23:59", "birthday": "9999-12-31"}, [{"order_id": "a"}])
@example({"renewal": "9999-12-31T23:59:59-23:59", "birthday": "0001-01-01"}, [{"order_id": "a"}])
@example({"visits": 5e-324, "credit": {"amount": "0", "currency": "EUR"}}, [{"order_id": "a"}])
def test_nothing_accepted_stops_a_journey(given: dict[str, Any], placed: list[dict[str, Any]]) -> None:
    """In at the inbox, past every kind of condition, and out as a mail that can be stored."""
    learned, *events = asyncio.run(_through_the_inbox(given, placed))
    anna = Person(loaded(FLOW), now=MONDAY)
    anna.take(Learned(learned))
    for data in events:
        anna.take(Happened("order_placed", data)).pass_(DAY)
    anna.pass_(5 * DAY)
    rows.bundle_of(anna.bundle.contact, rows.profile_of(rows.profile_row(anna.bundle, ())), ())
    for effect in anna.effects:
        key, contact = bytes.fromhex(effect.key), bytes.fromhex(effect.contact)
        again = rows.effect_of(key, contact, rows.effect_row(effect))
        assert repr(again.body.values) == repr(effect.body.values)
    named = {data["order_id"].strip() for data in events if data.get("order_id", "").strip()}
    assert anna.mails == ["tips"] * len(named)


@pytest.mark.parametrize("visits", ["10", "-10", "1E+14", "0.1", "5e-324"])
def test_reckoning_without_end_makes_an_attribute_unknown(visits: str) -> None:
    """A number squared again and again grows out of all bounds, and the journey goes on to its mail."""
    text = """
flow squares
    start on order_placed

    repeat up to 100 times
        set contact.visits to contact.visits * contact.visits
    send tips
        topic news
"""
    anna = Person(loaded(text)).learns(visits=Decimal(visits)).happens("order_placed")
    assert anna.mails == ["tips"]
    assert abs(anna.bundle.attributes.get("visits", Decimal(0))) < 1


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("contact.visits * 9.99", Decimal("999000000000000.00")),
        ("contact.visits * 10", None),
        ("contact.visits * -10", None),
    ],
)
def test_what_the_inbox_would_refuse_is_not_kept(value: str, kept: Decimal | None) -> None:
    """Numbers have at most 15 digits before the point, wherever they come from."""
    text = f"flow sets\n    start on order_placed\n\n    set contact.visits to {value}\n"
    anna = Person(loaded(text)).learns(visits=Decimal(10**14)).happens("order_placed")
    assert anna.bundle.attributes.get("visits") == kept


async def _through_the_inbox(given: dict[str, Any], placed: list[dict[str, Any]]) -> list[dict[str, Any]]:
    store = Store(None, durable=False)
    try:
        inbox = Inbox(store, PROGRAM, lambda: MONDAY, lambda: None)
        reasons = await inbox.accept_contacts([Contact(given)])
        if reasons != [None]:  # texts with control characters are refused
            await inbox.accept_contacts([Contact({})])
        events = [
            Event(str(number), "order_placed", "anna@example.com", MONDAY, data)
            for number, data in enumerate(placed)
        ]
        await inbox.accept_events(events)
        received, *_ = await store.gather(0, MONDAY, 9)
        await store.commit(Batch())
        return [one.data for one in received]
    finally:
        store.close()


def test_the_conditions_here_are_of_every_kind() -> None:
    """So that the property above means something: each compiles, in a segment and in a flow."""
    rules = loaded(FLOW)
    assert len(rules.segments) == len(CONDITIONS)
    assert len(rules.current["asks"].tests) == len(CONDITIONS)
    assert str(rules.default_zone) == ZONE
