"""Windows read again from raw events are those that there would be, had the program run from the start."""

from decimal import Decimal
from typing import Any

import pytest
from flows import loaded
from hypothesis import given
from hypothesis import strategies as st
from person import ANNA, DAY, HOUR, MONDAY, Person

from dsl.graph import Duration, EventNeed, Money
from engine.core.asked import Asked, asked_from_json, asked_to_json, grown
from engine.core.bundle import Agreed, Bundle, Happened, Seen, replace
from engine.core.loaded import Loaded
from engine.core.rereading import RawEvent, missing, reread
from engine.core.windows import oldest

SPANS = ["", " in last 2 days", " in last 30 days", " in last 6 months"]
SEGMENTS = [
    "count of order_placed{} >= 2",
    "sum of order_placed.total{} >= 50 EUR",
    'any order_placed where order_id is "o1"{}',
    'any product_viewed where sku is "s1"{}',
    "no email_opened{}",
    "any cart_updated{} and no checkout_started",
]


def program(asked: list[tuple[int, int]], recommends: bool = False) -> Loaded:
    """A program of segments, each one of the above with one of the spans."""
    text = "".join(
        f'segment s{place} "S"\n    {SEGMENTS[number].format(SPANS[span])}\n'
        for place, (number, span) in enumerate(asked)
    )
    ready = Loaded(
        loaded(text or 'segment none "None"\n    contact.city is known\n').program, (), "Europe/Riga", b"k"
    )
    assert not recommends
    return ready


programs = st.lists(
    st.tuples(st.integers(0, len(SEGMENTS) - 1), st.integers(0, len(SPANS) - 1)), max_size=3
).map(program)
EUR = st.integers(5, 60).map(lambda amount: Money(Decimal(amount), "EUR"))
facts = st.one_of(
    st.builds(
        lambda id_, total: Happened("order_placed", {"order_id": id_, "total": total}),
        st.sampled_from(["o1", "o2"]),
        EUR,
    ),
    st.builds(lambda sku: Happened("product_viewed", {"sku": sku}), st.sampled_from(["s1", "s2"])),
    st.just(Happened("email_opened", {"flow": "f", "step": "s"})),
    st.just(Happened("cart_updated", {})),
    st.builds(
        Agreed, st.sampled_from(["personalisation", "measurement"]), st.booleans(), st.just(""), st.just("")
    ),
)
lives = st.lists(
    st.tuples(st.integers(0, 400 * 24), st.integers(0, 3 * 24) | st.just(0), facts), min_size=1, max_size=14
).map(lambda drawn: sorted(drawn, key=lambda act: act[0]))
"""What is heard, at which hour, and how many hours before that it happened."""


def live(person: Person, life: list[tuple[int, int, Any]], raw: list[RawEvent]) -> None:
    """Let it all happen; what the inbox would keep goes into `raw`."""
    for hour, before, data in life:
        person.now = MONDAY + hour * HOUR
        at = person.now - (before * HOUR if isinstance(data, Happened) else 0)
        person.take(data, at)
        if isinstance(data, Happened):
            seq = len(raw) + 1
            raw.append(RawEvent(seq, f"stimulus-{seq}", data.event, at, person.now, data.data))


def seen_by(ready: Loaded, person: Person) -> dict[str, tuple[Seen, ...]]:
    """What the program asks for of the windows; more may stand there of what an earlier one asked for, and
    for longer."""
    return {
        event: tuple(
            Seen(one.at, {name: value for name, value in one.data.items() if name in need.fields})
            for one in person.bundle.windows.get(event, ())
            if one.at > oldest(need, person.now, ready.default_zone)
        )
        for event, need in ready.needs.items()
    }


@given(programs, programs, lives, lives, st.just(400 * 24) | st.integers(0, 400 * 24))
def test_a_program_that_comes_later_knows_what_one_from_the_start_would(
    first: Loaded, second: Loaded, early: list[Any], later: list[Any], hour: int
) -> None:
    """Whatever was agreed to and withdrawn, however late events came, wherever the edit lies."""
    life = sorted(early + later, key=lambda act: act[0])
    place = sum(act[0] <= hour for act in life)
    always, edited = Person(second), Person(first)
    live(always, life, [])
    raw: list[RawEvent] = []
    live(edited, life[:place], raw)
    edited.loaded = second
    second.asked_before = {first.kept_by: first.asked}
    edited.bundle = replace(edited.bundle, kept_by=first.kept_by)
    edited.bundle = reread(second, edited.bundle, raw)
    live(edited, life[place:], raw)
    assert seen_by(second, edited) == seen_by(second, always)
    assert edited.bundle.known_since == always.bundle.known_since


@given(programs, lives)
def test_to_read_again_twice_is_to_read_once(ready: Loaded, life: list[Any]) -> None:
    """A step that a crash undid is done again with the same outcome."""
    anna, raw = Person(program([])), []
    live(anna, life, raw)
    once = reread(ready, anna.bundle, raw)
    assert reread(ready, replace(once, kept_by=""), raw) == once
    assert missing(ready, once) == frozenset()


def test_only_that_is_read_of_which_more_is_asked() -> None:
    """A shorter span or fewer fields are there already; what nobody knows of is read whole."""
    days, months = Duration(days=30), Duration(months=6)
    before = Asked(
        (
            EventNeed("a", ("x", "y"), None),
            EventNeed("b", ("x",), days),
            EventNeed("c", (), days),
            EventNeed("d", (), Duration(days=40)),
        )
    )
    now = Asked(
        (
            EventNeed("a", ("x",), days),
            EventNeed("b", ("x", "y"), days),
            EventNeed("c", (), months),
            EventNeed("d", (), days),
            EventNeed("e", (), days),
        )
    )
    assert grown(before, now) == {"b", "c", "e"}
    assert grown(None, now) == {"a", "b", "c", "d", "e"}
    assert asked_from_json(asked_to_json(now)) == now
    assert len({before.digest, now.digest}) == 2


def test_a_new_contact_has_no_past_to_read() -> None:
    """And one who is known for the program already has read hers."""
    ready = program([(0, 0)])
    assert missing(ready, Bundle(ANNA)) == frozenset()
    assert missing(ready, Bundle(ANNA, created=5, kept_by=ready.kept_by)) == frozenset()
    assert missing(ready, Bundle(ANNA, created=5)) >= {"order_placed"}


def test_what_no_raw_event_tells_any_more_stays() -> None:
    """The retention took the row of the first order, which the window remembers without its total."""
    ready = program([(1, 0)])
    old = Bundle(ANNA, created=1, windows={"order_placed": (Seen(MONDAY, {}), Seen(MONDAY + DAY, {}))})
    total = Money(Decimal(9), "EUR")
    raw = [RawEvent(2, "b", "order_placed", MONDAY + DAY, MONDAY + DAY, {"total": total})]
    window = reread(ready, old, raw).windows["order_placed"]
    assert window == (Seen(MONDAY, {}), Seen(MONDAY + DAY, {"total": total}))


@pytest.mark.parametrize("span", [" in last 30 days", ""])
def test_what_nobody_may_know_is_not_read(span: str) -> None:
    """Neither what was looked at before the agreement, nor after its withdrawal."""
    ready = program([(3, SPANS.index(span))])
    raw = [
        RawEvent(n, f"{n}", "product_viewed", MONDAY + n * DAY, MONDAY + n * DAY, {"sku": "s1"})
        for n in (1, 2)
    ]
    some = Bundle(
        ANNA, 1, agreed=frozenset({"personalisation"}), known_since={"personalisation": MONDAY + 2 * DAY}
    )
    assert [seen.at for seen in reread(ready, some, raw).windows["product_viewed"]] == [MONDAY + 2 * DAY]
    assert "product_viewed" not in reread(ready, replace(some, agreed=frozenset()), raw).windows


def test_since_entry_holds_for_a_journey_that_began_before() -> None:
    """The order that began the journey, and one of its moment that was known then, are not since entry; one
    of that moment that came later is."""
    text = """
flow alpha "Alpha"
    start on order_placed

    wait 1 day
    finish
"""
    anna = Person(loaded(text)).happens("cart_updated").happens("order_placed")
    (journey,) = anna.bundle.journeys
    raw = [
        RawEvent(1, "stimulus-1", "cart_updated", anna.now, anna.now, {}),
        RawEvent(2, journey.trigger_id, "order_placed", anna.now, anna.now, {}),
        RawEvent(3, "stimulus-3", "cart_updated", anna.now, anna.now, {}),
    ]
    (after,) = reread(program([(0, 0), (5, 0)]), anna.bundle, raw).journeys
    assert after.beside == {"order_placed": 1, "cart_updated": 1}
