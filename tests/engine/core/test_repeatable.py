"""The same trace gives the same journeys, mails and lines, whatever lies between the acts."""

from datetime import date
from decimal import Decimal
from typing import Any

from flows import loaded
from hypothesis import given
from hypothesis import strategies as st
from person import DAY, HOUR, MINUTE, MONDAY, Person

from dsl.graph import Money
from engine.core.bundle import Journey
from engine.store import rows

FLOWS = """
segment regular "Regular"
    count of order_placed in last 10 days >= 2
flow welcome "Welcome"
    topic news
    start on subscribed where topic is "news"
    enter again after 3 days
    leave on order_refunded

    send hello with name contact.first_name, born contact.birthday
    wait 1 day at 10:00
    split colour
        50% red
            send in_red
        50% blue
    if any order_placed since entry and sent hello
        send thanks with total last order_placed.total
flow afterwards "Afterwards"
    start on order_placed
    one journey per trigger.order_id

    wait for order_placed or order_shipped up to 2 days
        on order_shipped
            send shipped with carrier received.carrier
                topic orders
        on timeout
            send slow
                topic news
flow regulars "Regulars"
    topic news
    start on joining segment regular
    enter every time

    send gift
    wait 2 days
    if in segment regular
        finish as still
"""

amounts = st.decimals(0, 500, places=2).map(lambda amount: Money(amount, "EUR"))
acts = st.one_of(
    st.tuples(
        st.just("happens"),
        st.just("order_placed"),
        st.fixed_dictionaries({"order_id": st.sampled_from("ABC"), "total": amounts}),
    ),
    st.tuples(
        st.just("happens"), st.just("order_shipped"), st.fixed_dictionaries({"carrier": st.text(max_size=3)})
    ),
    st.tuples(st.just("happens"), st.just("order_refunded"), st.just({})),
    st.tuples(st.just("agrees"), st.sampled_from(["news", "offers"]), st.none()),
    st.tuples(st.just("withdraws"), st.sampled_from(["news", "offers"]), st.none()),
    st.tuples(
        st.just("learns"),
        st.none(),
        st.fixed_dictionaries(
            {
                "first_name": st.text(max_size=4),
                "birthday": st.dates(date(1950, 1, 1)),
                "visits": st.decimals(allow_nan=False, allow_infinity=False).map(Decimal),
            }
        ),
    ),
    st.tuples(
        st.just("hand_over"), st.integers(0, 3), st.sampled_from(["", "", "withdrawn", "outcome_unknown"])
    ),
)
traces = st.lists(st.tuples(st.integers(0, 2 * DAY // MINUTE).map(lambda n: n * MINUTE), acts), max_size=12)


def play(trace: list[tuple[int, Any]], through_the_store: bool = False) -> Person:
    """Someone to whom all of that happens, on a slow mail server."""
    anna = Person(loaded(FLOWS), now=MONDAY, mailer="held")
    for pause, (kind, what, data) in trace:
        anna.pass_(pause)
        if through_the_store:
            anna.bundle = stored(anna)
        match kind:
            case "happens":
                anna.happens(what, **data)
            case "agrees":
                anna.agrees(what)
            case "withdraws":
                anna.withdraws(what)
            case "learns":
                anna.learns(**data)
            case "hand_over" if anna.open:
                keys = list(anna.open)
                anna.hand_over(keys[what % len(keys)], data)
    return anna.pass_(9 * DAY)


def stored(anna: Person) -> Any:
    """The person's bundle as it comes back from rows, its journeys in another order."""
    journeys = [_stored(journey) for journey in reversed(anna.bundle.journeys)]
    if not anna.bundle.created:
        return anna.bundle
    profile = rows.profile_of(rows.profile_row(anna.bundle, ()))
    return rows.bundle_of(anna.bundle.contact, profile, journeys)


def _stored(journey: Journey) -> Journey:
    ids = (bytes.fromhex(journey.contact), bytes.fromhex(journey.id))
    columns = (journey.slot, *ids, journey.node, journey.epoch, journey.due, journey.clock)
    return rows.journey_of((*columns, rows.rest_row(journey)), journey.flow, journey.graph)


@given(traces)
def test_twice_the_same_trace_twice_the_same_outcome(trace: list[tuple[int, Any]]) -> None:
    """Entries, effects with their keys and bodies, and the contact."""
    one, other = play(trace), play(trace)
    assert one.entries == other.entries
    assert one.effects == other.effects
    assert one.bundle == other.bundle


@given(traces)
def test_between_memory_and_rows_there_is_no_difference(trace: list[tuple[int, Any]]) -> None:
    """A contact that is written and read before each act fares as one that stays in memory."""
    one, other = play(trace), play(trace, through_the_store=True)
    assert one.entries == other.entries
    assert one.effects == other.effects
    assert one.bundle == other.bundle


@given(traces)
def test_what_always_holds(trace: list[tuple[int, Any]]) -> None:
    """Keys are unique, a journey ends once, and none of a topic outlives the agreement to it."""
    anna = play(trace)
    keys = [effect.key for effect in anna.effects if effect.kind == "mail"]
    assert len(set(keys)) == len(keys)
    ended = [entry.journey for entry in anna.entries if entry.what in ("left", "finished")]
    assert len(set(ended)) == len(ended)
    entered = [entry.journey for entry in anna.entries if entry.what == "entered"]
    assert sorted(entered) == sorted(ended + [journey.id for journey in anna.bundle.journeys])
    for journey in anna.bundle.journeys:
        assert journey.due > anna.now
        topic = anna.loaded.graphs[journey.graph].graph.topic
        assert topic is None or topic in anna.bundle.agreed
    assert set(anna.recalled) <= set(keys)
    assert anna.now >= MONDAY + 9 * DAY - HOUR
