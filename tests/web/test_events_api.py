"""`POST /v1/events`, into the engine's own inbox."""

import json

import msgspec
import pytest
from house import HOUR, KEY, MONDAY, House
from hypothesis import given, settings
from hypothesis import strategies as st

from dsl.graph import Money
from web.api.events import read_event
from web.api.inbox import NewEvent

pytestmark = pytest.mark.anyio

CONTACT = "0123456789abcdef0123456789abcdef"


def order(number: int = 1, **changes: object) -> dict[str, object]:
    """An order by anna@example.com, with fields replaced; a field set to `...` is left out."""
    event: dict[str, object] = {
        "id": f"order-{number}",
        "event": "order_placed",
        "contact": {"email": "anna@example.com"},
        "at": "2026-03-02T10:30:00+02:00",
        "data": {"order_id": str(number), "total": {"amount": "49.90", "currency": "EUR"}},
    }
    return {name: value for name, value in (event | changes).items() if value is not ...}


async def post(house: House, *events: object) -> dict[str, object]:
    """What the API answers to a batch."""
    answer = await house.http.post(
        "/v1/events", json={"events": events}, headers={"Authorization": f"Bearer {KEY}"}
    )
    assert answer.status_code == 202, answer.text
    found = answer.json()
    assert isinstance(found, dict)
    return found


async def test_an_event_reaches_the_engine_with_its_moment_and_values(house: House):
    """Money stays exact, the moment becomes UTC."""
    assert await post(house, order()) == {"accepted": 1, "rejected": []}
    [row] = await house.received()
    assert (row.id, row.kind, row.address) == ("order-1", "order_placed", "anna@example.com")
    assert row.at == MONDAY - HOUR // 2
    assert row.data["total"] == Money(row.data["total"].amount, "EUR")
    assert str(row.data["total"].amount) == "49.90"


async def test_without_a_moment_an_event_happens_now(house: House):
    """By the clock of the house."""
    await post(house, order(at=...), order(2, at=None))
    assert [row.at for row in await house.received()] == [MONDAY, MONDAY]


async def test_the_same_id_twice_counts_once(house: House):
    """In one call and in a repeated one; each is answered as accepted."""
    assert await post(house, order(), order()) == {"accepted": 2, "rejected": []}
    assert await post(house, order()) == {"accepted": 1, "rejected": []}
    assert len(await house.received()) == 1


async def test_a_contact_may_be_named_by_its_id(house: House):
    """Instead of the address."""
    await post(house, order(contact={"id": CONTACT}))
    [row] = await house.received()
    assert (row.contact, row.address) == (CONTACT, "")


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (order(id=...), "`id` is missing: give each event an id"),
        (order(id="  "), "`id` is missing"),
        (order(id=7), "`id` must be text, not a number"),
        (order(id="x" * 201), "`id` must have 1 to 200 characters"),
        (order(event=...), "`event` is missing"),
        (order(event="order_plced"), "did you mean `order_placed`?"),
        (order(event="email_opened"), "`email_opened` is an event of Virta's own"),
        (order(contact=...), "`contact` is missing"),
        (order(contact={}), "`contact` needs either `email` or `id`"),
        (order(contact={"email": "a@example.com", "id": CONTACT}), "`contact` needs either `email` or `id`"),
        (order(contact={"email": 3}), "`contact.email` must be text, not a number"),
        (order(contact={"email": "nobody"}), "`nobody` is no e-mail address"),
        (order(contact={"id": "42"}), "`42` is no contact id"),
        (order(contact={"mail": "a@example.com"}), "`contact` has a field `mail` that is not known here"),
        (order(at="2026-03-02T10:30:00"), "`at` has no offset from UTC"),
        (order(at="2026-02-30T10:30:00Z"), "`at` is no moment that exists"),
        (order(at="yesterday"), "`at` is no moment that exists"),
        (order(at=1772442000), "`at` must be a moment such as"),
        (order(at="2026-03-02T12:30:00Z"), "`at` lies more than an hour in the future"),
        (order(at="1969-12-31T23:59:59Z"), "`at` lies before 1970"),
        (order(at="9999-12-31T23:59:59Z"), "`at` lies more than an hour in the future"),
        (order(data=[]), "`data` must be an object, not a list"),
        (order(data={"order_id": 7}), "`order_id` must be a text"),
        (order(data={"total": 49.9}), "`total` must be money"),
        (order(data={"totl": None}), "did you mean `total`?"),
        (order(dta={}), "the event has a field `dta` that is not known here"),
        (order(data={"order_id": "x" * 70_000}), "the event is larger than 64 KiB"),
        ("order_placed", "the event must be an object, not text"),
        (None, "the event must be an object, not null"),
    ],
)
async def test_a_bad_event_rejects_only_itself_and_says_why(house: House, event: object, reason: str):
    """The good ones around it are taken."""
    answer = await post(house, order(1), event, order(3))
    assert answer["accepted"] == 2
    [rejected] = answer["rejected"]
    assert rejected["index"] == 1
    assert reason in rejected["reason"]
    assert [row.id for row in await house.received()] == ["order-1", "order-3"]


async def test_reasons_of_both_sides_come_in_the_order_of_the_batch(house: House):
    """Whoever found the fault, the index is the caller's."""
    answer = await post(house, order(event="nonsense"), order(id=...), order(3), order(event="other"))
    assert [rejected["index"] for rejected in answer["rejected"]] == [0, 1, 3]


async def test_an_empty_batch_is_fine(house: House):
    """It is what a caller's loop may send."""
    assert await post(house) == {"accepted": 0, "rejected": []}


async def test_a_thousand_events_are_taken_and_one_more_is_not(house: House):
    """Nothing of a batch that is too long is taken."""
    assert (await post(house, *map(order, range(1000))))["accepted"] == 1000
    answer = await house.http.post(
        "/v1/events",
        json={"events": list(map(order, range(1000, 2001)))},
        headers={"Authorization": f"Bearer {KEY}"},
    )
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "too_many"
    assert len(await house.received()) == 1000


@settings(max_examples=60, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(st.sampled_from(["id", "event", "contact", "at", "data", "email"]), inner)
        ),
        max_leaves=20,
    )
)
def test_whatever_json_comes_is_read_or_given_a_reason(value: object):
    """No value breaks the reader."""
    raw = json.dumps(value).encode("utf-8", "surrogatepass")
    found = read_event(raw, MONDAY)
    assert isinstance(found, NewEvent) or (found and not found.endswith("."))


def test_deep_nesting_is_a_reason_too():
    """Not a recursion error."""
    raw = b'{"id":"1","event":"e","contact":{"email":"a"},"data":{"x":' + b"[" * 5000 + b"]" * 5000 + b"}}"
    assert read_event(msgspec.Raw(raw), MONDAY) == "the event is nested too deeply"
