"""Questions that reach further back than what is recorded."""

from flows import loaded
from person import DAY, MONDAY

from dsl.graph import Duration
from engine.core.calendar import zone
from engine.core.reach import Reach, asked_events, too_far

TEXT = """
segment vip "Best"
    sum of order_placed.total in last 365 days >= 1000 EUR
        and any order_placed in last 30 days
segment buyers "Buyers"
    any order_placed
segment fresh "Fresh"
    any subscribed and any cart_updated in last 2 days
flow alpha "Alpha"
    start on order_placed

    wait until any checkout_started in last 1 month up to 2 months
    if any product_viewed since entry
        finish as seen
    finish
"""


def reaches(**first: int) -> list[Reach]:
    riga = zone("Europe/Riga")
    assert riga is not None
    return too_far(loaded(TEXT).program, first, MONDAY, riga)


def test_a_window_that_begins_before_the_first_record_is_told() -> None:
    """The longest of each flow and segment, whether or not there is any record."""
    first = MONDAY - 40 * DAY
    assert reaches(order_placed=first, cart_updated=first) == [
        Reach("flow", "alpha", "checkout_started", Duration(months=1), None),
        Reach("segment", "buyers", "order_placed", None, first),
        Reach("segment", "vip", "order_placed", Duration(days=365), first),
    ]


def test_what_is_recorded_for_long_enough_is_not() -> None:
    """All that is ever remembered is 25 months."""
    long_ago = MONDAY - 800 * DAY
    assert reaches(order_placed=long_ago, cart_updated=long_ago, checkout_started=long_ago) == []


def test_only_what_reaches_back_by_a_length_is_looked_for() -> None:
    """What is asked since the entry begins with it; sign-ups are always remembered."""
    events = {"order_placed", "cart_updated", "checkout_started"}
    assert asked_events(loaded(TEXT).program) == events
