"""A batch writes no more than has changed."""

from typing import Any

from flows import loaded
from person import ANNA, DAY, MINUTE, MONDAY, Person
from standing import WAITS

from engine.core.bundle import Bundle
from engine.store.batch import Batch


def changes(person: Person, what: Any) -> Batch:
    """What a step of a person's way would write."""
    before = person.bundle
    what()
    batch = Batch()
    batch.change(before, person.bundle)
    return batch


def test_a_timer_that_only_moves_a_journey_leaves_the_contact_s_row_alone() -> None:
    """The journey's own row is enough."""
    anna = Person(loaded(WAITS)).happens("cart_updated")
    old = anna.journey("alpha")
    batch = changes(anna, lambda: anna.pass_(DAY))
    assert batch == Batch(journeys_moved=[(old, anna.journey("alpha"))])


def test_an_event_that_nobody_asks_for_writes_nothing() -> None:
    """But the first thing heard of somebody makes them a contact, with that day."""
    anna = Person(loaded(WAITS))
    first = changes(anna, lambda: anna.happens("price_dropped"))
    assert first == Batch(profiles=[Bundle(ANNA, created=MONDAY)])
    assert changes(anna, lambda: anna.pass_(DAY).happens("price_dropped")) == Batch()


def test_a_journey_that_starts_and_ends_in_one_batch_leaves_no_row() -> None:
    """Its rows would only come and go."""
    flow = """
flow alpha "Alpha"
    start on cart_updated

    finish
"""
    anna = Person(loaded(flow))
    batch = changes(anna, lambda: anna.happens("cart_updated"))
    assert (batch.journeys_put, batch.journeys_gone) == ([], [])


def test_a_look_at_segments_is_written_only_when_it_moves() -> None:
    """The watch row goes with the old moment and comes with the new one."""
    flow = """
segment fresh "Fresh"
    any order_placed in last 3 days
"""
    anna = Person(loaded(flow))
    first = changes(anna, lambda: anna.happens("order_placed"))
    assert (first.watches_gone, first.watches_put) == ([], [(MONDAY + 3 * DAY, ANNA)])
    late = MONDAY - MINUTE
    again = changes(anna, lambda: anna.pass_(MINUTE).happens("order_placed", at=late))
    assert (again.watches_gone, again.watches_put) == ([], [])
    last = changes(anna, lambda: anna.pass_(9 * DAY))
    assert (last.watches_gone, last.watches_put) == ([(MONDAY + 3 * DAY, ANNA)], [])
