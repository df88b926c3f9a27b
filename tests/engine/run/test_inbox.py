"""What comes in from outside: what fits is stored and can be read again, all else is told why."""

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import anyio
import pytest
from flows import program
from handed_in import Contact, Event
from hypothesis import given
from hypothesis import strategies as st
from person import DAY, MONDAY

from dsl.graph import Money
from engine.run.inbox import Inbox
from engine.store.store import Received, Store

PROGRAM = program("""
event fitted
    size     one of "S", "M", "L"
    when     moment
    day      date
    gift     flag
    tags     list of text
    photo    url
flow fits "Fits"
    start on fitted

    finish
""")
LONG = "x" * 10_001
TEXT = "a text of at most 10000 characters, without control characters"
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=10)


def told(
    data: dict[str, Any] | None = None,
    event: str = "fitted",
    id: str = "e1",
    email: str | None = "anna@example.com",
    contact: str | None = None,
    at: int = MONDAY,
) -> Event:
    """An event that the inbox takes, but for what is said."""
    return Event(id, event, email, at, data or {}, contact)


@pytest.fixture
def store() -> Iterator[Store]:
    """In memory."""
    opened = Store(None, durable=False)
    yield opened
    opened.close()


@pytest.fixture
def inbox(store: Store) -> Inbox:
    """Open on a Monday morning."""
    return Inbox(store, PROGRAM, lambda: MONDAY, lambda: None)


async def kept(store: Store) -> list[Received]:
    """Everything in the inbox."""
    received, *_ = await store.gather(0, MONDAY, 1000)
    return received


@pytest.mark.anyio
async def test_values_come_back_in_their_types(inbox: Inbox, store: Store) -> None:
    """From JSON to what conditions compare: texts, decimals, money, dates, instants, lists, records."""
    data = {
        "order_id": "1",
        "total": {"amount": "49.90", "currency": "EUR"},
        "items": [{"sku": "a", "quantity": 2, "price": {"amount": "-5", "currency": "USD"}}, {}],
        "coupon": None,
    }
    fitted = {
        "size": "M",
        "when": "2026-03-02T09:00:00.123+02:00",
        "day": "2026-12-24",
        "gift": False,
        "tags": ["a", ""],
        "photo": "https://shop.example/a.png",
    }
    events = [
        told(data, "order_placed"),
        told(fitted, id="e2"),
        told({"rating": 4.5}, "review_submitted", "e3"),
    ]
    assert await inbox.accept_events(events) == [None, None, None]
    order, fit, review = await kept(store)
    assert order.data == {
        "order_id": "1",
        "total": Money(Decimal("49.90"), "EUR"),
        "items": [{"sku": "a", "quantity": Decimal(2), "price": Money(Decimal(-5), "USD")}, {}],
    }
    assert fit.data == fitted | {"when": MONDAY + 123, "day": date(2026, 12, 24)}
    assert review.data == {"rating": Decimal("4.5")}


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (told(event="fited"), "the project declares no event `fited`; did you mean `fitted`?"),
        (told(event="zzz"), "the project declares no event `zzz`"),
        (told(event="subscribed"), "`subscribed` is an event of Virta's own, which nobody can send"),
        (told(id=""), "`id` must have 1 to 200 characters, without control characters"),
        (told(id="x" * 201), "`id` must have 1 to 200 characters, without control characters"),
        (told(id="a\0b"), "`id` must have 1 to 200 characters, without control characters"),
        (told(id="\ud800"), "`id` must have 1 to 200 characters, without control characters"),
        (told(email=None), "`contact` needs either `email` or `id`"),
        (told(contact="a" * 32), "`contact` needs either `email` or `id`"),
        (told(email=None, contact="A" * 32), f"`{'A' * 32}` is no contact id, which has 32 hex digits"),
        (told(email=None, contact="7"), "`7` is no contact id, which has 32 hex digits"),
        (told(email="anna"), "`anna` is no e-mail address"),
        (told(email="anna@localhost"), "`anna@localhost` is no e-mail address"),
        (told(email="anna..b@example.com"), "`anna..b@example.com` is no e-mail address"),
        (told(email="anna@shop.local"), "`anna@shop.local` is no e-mail address"),
        (told(email="anna@example.invalid"), "`anna@example.invalid` is no e-mail address"),
        (told(email="anna@1.2.3.4"), "`anna@1.2.3.4` is no e-mail address"),
        (
            told(email="a@b.example\nTo: c@d.example"),
            "`a@b.example\nTo: c@d.example` is no e-mail address",
        ),
        (told(email="\0@b.example"), "`\ufffd@b.example` is no e-mail address"),
        (told(email="x" * 300 + "@b.example"), f"`{'x' * 80}` is no e-mail address"),
        (told({"sise": "M"}), "the project declares no field `sise`; did you mean `size`?"),
        (told({"\ud800": "M"}), "the project declares no field `\ufffd`"),
        (told({"size": "XL"}), "`size` must be one of `S`, `M`, `L`"),
        (told({"size": 4}), "`size` must be one of `S`, `M`, `L`"),
        (told({"when": "2026-03-02T09:00:00"}), '`when` must be a moment as "2026-12-24T09:00:00Z"'),
        (told({"when": "yesterday"}), '`when` must be a moment as "2026-12-24T09:00:00Z"'),
        (told({"when": 1772434800}), '`when` must be a moment as "2026-12-24T09:00:00Z"'),
        (told({"day": "2026-02-30"}), '`day` must be a date as "2026-12-24"'),
        (told({"day": "20261224"}), '`day` must be a date as "2026-12-24"'),
        (told({"day": "2026-W01-1"}), '`day` must be a date as "2026-12-24"'),
        (told({"gift": "yes"}), "`gift` must be true or false"),
        (told({"gift": 1}), "`gift` must be true or false"),
        (told({"tags": "a"}), "`tags` must be a list"),
        (told({"tags": ["a", 1]}), f"`tags[1]` must be {TEXT}"),
        (told({"tags": ["a", None]}), f"`tags[1]` must be {TEXT}"),
        (told({"photo": {}}), "`photo` must be a URL as text"),
    ],
)
async def test_a_misfit_is_told_why(inbox: Inbox, store: Store, event: Event, reason: str) -> None:
    """In one plain sentence; nothing of it is kept, and its neighbours are."""
    good = told(id="good")
    assert await inbox.accept_events([event, good]) == [reason, None]
    assert [one.id for one in await kept(store)] == ["good"]


NUMBER = "`rating` must be a number with at most 15 digits before the point"
MONEY = '`total` must be money as {"amount": "49.90", "currency": "EUR"}'


@pytest.mark.anyio
@pytest.mark.parametrize(
    "value",
    [
        10**15,
        -(10**15),
        pytest.param(10**5000, id="5000 digits"),
        1e300,
        float("nan"),
        float("inf"),
        True,
        "5",
        [],
        {},
    ],
)
async def test_a_number_must_be_one_that_can_be_reckoned_with(inbox: Inbox, value: Any) -> None:
    """Neither endless nor larger than any count of anything."""
    event = told({"rating": value}, "review_submitted")
    assert await inbox.accept_events([event]) == [NUMBER]


@pytest.mark.anyio
@pytest.mark.parametrize(
    "value",
    [
        49.9,
        "49.90",
        {"amount": 49.9, "currency": "EUR"},
        {"amount": "49,90", "currency": "EUR"},
        {"amount": "4_9", "currency": "EUR"},
        {"amount": "４９", "currency": "EUR"},
        {"amount": " 49", "currency": "EUR"},
        {"amount": "1E+9", "currency": "EUR"},
        {"amount": "1E+999999", "currency": "EUR"},
        {"amount": "NaN", "currency": "EUR"},
        {"amount": "sNaN", "currency": "EUR"},
        {"amount": "Infinity", "currency": "EUR"},
        {"amount": "9" * 16, "currency": "EUR"},
        {"amount": "1." + "0" * 7, "currency": "EUR"},
        {"amount": "49.90\n", "currency": "EUR"},
        {"amount": "49.90", "currency": "euro"},
        {"amount": "49.90", "currency": "EUR\n"},
        {"amount": "49.90"},
        {"amount": None, "currency": None},
        {},
    ],
)
async def test_money_has_one_form(inbox: Inbox, value: Any) -> None:
    """An amount as people write it, as text, and a currency."""
    assert await inbox.accept_events([told({"total": value}, "order_placed")]) == [MONEY]


@pytest.mark.anyio
@pytest.mark.parametrize("text", [LONG, "a\0b", "a\x1bb", "\ud83d", "x\udc00y", 5, ["a"], True])
async def test_a_text_that_cannot_be_kept_or_shown(inbox: Inbox, text: Any) -> None:
    """Too long, with control characters or with half a character."""
    (reason,) = await inbox.accept_events([told({"order_id": text}, "order_placed")])
    assert reason == f"`order_id` must be {TEXT}"


@pytest.mark.anyio
async def test_texts_of_all_peoples_are_kept(inbox: Inbox, store: Store) -> None:
    """Emoji of several parts, right-to-left, combining accents, line breaks and tabs."""
    texts = ["👩‍👩‍👧 šŽ", "שלום\u200f", "e\u0301\u0302", "two\r\nlines\tand a tab", "x" * 10_000, ""]
    events = [told({"order_id": text}, "order_placed", str(place)) for place, text in enumerate(texts)]
    assert await inbox.accept_events(events) == [None] * len(texts)
    assert [one.data["order_id"] for one in await kept(store)] == texts


@pytest.mark.anyio
async def test_an_id_counts_once(inbox: Inbox, store: Store) -> None:
    """In one call, in another, and whoever it is about; the first one stands."""
    assert await inbox.accept_events([told({"gift": True}), told({"gift": False})]) == [None, None]
    assert await inbox.accept_events([told({"size": "S"}, email="berta@example.com")]) == [None]
    (only,) = await kept(store)
    assert (only.data, only.address) == ({"gift": True}, "anna@example.com")


@pytest.mark.anyio
async def test_the_future_is_now(inbox: Inbox, store: Store) -> None:
    """A clock that is ahead cannot order the person's days."""
    await inbox.accept_events([told(at=MONDAY + DAY), told(at=MONDAY - DAY, id="e2")])
    assert [one.at for one in await kept(store)] == [MONDAY, MONDAY - DAY]


@pytest.mark.anyio
async def test_each_batch_wakes_the_engine_once(store: Store) -> None:
    """And one of misfits only does not."""
    woken: list[int] = []
    inbox = Inbox(store, PROGRAM, lambda: MONDAY, lambda: woken.append(1))
    await inbox.accept_events([told(), told(id="e2")])
    await inbox.accept_events([told(event="nothing")])
    assert woken == [1]


# ---------------------------------------------------------------- contacts


@pytest.mark.anyio
async def test_a_page_that_was_looked_at_is_the_shops_to_tell(inbox: Inbox, store: Store) -> None:
    """It is always there, as the events of Virta's own are, but it happens elsewhere."""
    page = {"url": "https://shop.example/prices", "title": "Prices"}
    assert await inbox.accept_events([told(event="page_viewed", data=page)]) == [None]
    assert [received.kind for received in await kept(store)] == ["page_viewed"]


@pytest.mark.anyio
async def test_attributes_come_in_and_null_makes_one_unknown(inbox: Inbox, store: Store) -> None:
    """Those of the project, and the three of Virta's own that can be told."""
    attributes = {
        "first_name": "Anna",
        "birthday": "2000-02-29",
        "vip": None,
        "language": "lv",
        "time_zone": "Asia/Tashkent",
        "country": "LV",
        "interests": ["tea"],
    }
    assert await inbox.accept_contacts([Contact(attributes), Contact({})]) == [None, None]
    (first, second) = await kept(store)
    assert first.data == attributes | {"birthday": date(2000, 2, 29)}
    assert (first.kind, first.id, second.id) == ("", "inbox-1", "inbox-2")


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("contact", "reason"),
    [
        (Contact({"firstname": "A"}), "the project declares no attribute `firstname`; did you mean"),
        (Contact({"email": "b@example.com"}), "the project declares no attribute `email`"),
        (Contact({}, email="nobody"), "`nobody` is no e-mail address"),
        (Contact({"language": "latviešu"}), '`language` must be a language as in "lv"'),
        (Contact({"language": ""}), '`language` must be a language as in "lv" or "pt-BR", not ``'),
        (Contact({"time_zone": "Riga"}), '`time_zone` must be a time zone as in "Europe/Riga", not `Riga`'),
        (Contact({"time_zone": "../../etc/passwd"}), "`time_zone` must be a time zone as in"),
        (Contact({"birthday": "29.2.2000"}), '`birthday` must be a date as "2026-12-24"'),
    ],
)
async def test_attributes_that_do_not_fit(inbox: Inbox, contact: Contact, reason: str) -> None:
    """Told in one sentence."""
    (answer,) = await inbox.accept_contacts([contact])
    assert answer is not None
    assert answer.startswith(reason)


# ---------------------------------------------------------------- anything at all

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=6,
)
named = st.dictionaries(
    st.sampled_from([*dict(PROGRAM.attributes), "language", "time_zone", "country", "x"]),
    json_values,
    max_size=4,
)
fields = st.dictionaries(
    st.sampled_from("size when day gift tags photo order_id total items".split()), json_values, max_size=4
)


async def _accept_anything(attributes: dict[str, Any], data: dict[str, Any], text: str) -> None:
    store = Store(None, durable=False)
    try:
        inbox = Inbox(store, PROGRAM, lambda: MONDAY, lambda: None)
        events = [
            told(data),
            told(data, "order_placed", "e2"),
            told({}, text, text, text, None),
            told({}, id="e3", email=None, contact=text),
        ]
        reasons = [*await inbox.accept_events(events), *await inbox.accept_contacts([Contact(attributes)])]
        for reason in reasons:
            if reason is not None:
                assert "Traceback" not in reason
                json.dumps(reason).encode()
                reason.encode()
        assert len(await kept(store)) == reasons.count(None)
    finally:
        store.close()


@given(named, fields, ANY_TEXT)
def test_nothing_that_json_can_say_crashes_or_poisons(
    attributes: dict[str, Any], data: dict[str, Any], text: str
) -> None:
    """Each is refused with a reason that can be said back, or stored so that it can be read."""
    anyio.run(_accept_anything, attributes, data, text)
