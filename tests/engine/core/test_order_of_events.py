"""What one event does, in which order (language reference, §4 Order)."""

from datetime import date

import pytest
from flows import loaded
from person import DAY, HOUR, MINUTE, Person, at

AGAIN_AND_AGAIN = """
flow basket "Basket"
    start on cart_updated
    enter every time
    leave on order_placed
    leave on cart_updated

    wait 1 day
    send reminder
        topic news
"""


def test_an_event_may_end_a_journey_and_start_the_next_of_the_same_flow() -> None:
    """`leave` comes before `start`: the second cart ends the first journey and begins another."""
    anna = Person(loaded(AGAIN_AND_AGAIN)).happens("cart_updated")
    first = anna.journey("basket")
    anna.pass_(HOUR).happens("cart_updated")
    assert anna.journey("basket").id != first.id
    assert anna.story("basket") == [
        *("entered", "waits wait_1"),
        "left cart_updated",
        *("entered", "waits wait_1"),
    ]


def test_an_event_never_ends_the_journey_that_it_starts() -> None:
    """The cart that starts the flow is one on which it leaves, and yet the person is in."""
    anna = Person(loaded(AGAIN_AND_AGAIN)).happens("cart_updated")
    assert anna.step("basket") == "wait_1"


def test_history_comes_first_and_counts_the_event_itself() -> None:
    """`count of order_placed is 1` in `start on order_placed` means the first order."""
    flow = """
flow early "First order"
    start on order_placed where count of order_placed is 1
    enter every time

    send thanks
        topic news
"""
    anna = Person(loaded(flow))
    for number in range(3):
        anna.pass_(DAY).happens("order_placed", order_id=str(number))
    assert anna.mails == ["thanks"]


def test_leaving_comes_before_hearing() -> None:
    """An event that a wait listens for and on which the flow is left ends the journey."""
    flow = """
flow both "Both"
    start on cart_updated
    leave on order_placed

    wait for order_placed up to 1 day
        on order_placed
            send thanks
                topic news
"""
    anna = Person(loaded(flow)).happens("cart_updated").happens("order_placed")
    assert anna.bundle.journeys == ()
    assert anna.mails == []


def test_waits_come_before_starts() -> None:
    """One order lets a journey go on and then starts another; the journal tells it in that order."""
    flow = """
flow afterwards "Afterwards"
    start on order_placed
    one journey per trigger.order_id

    wait for order_placed up to 9 days
"""
    anna = Person(loaded(flow)).happens("order_placed", order_id="1").happens("order_placed", order_id="2")
    assert [entry.what for entry in anna.entries] == [
        "entered",
        "waits",
        "heard",
        "finished",
        "entered",
        "waits",
    ]
    assert anna.journey("afterwards").per == "2"


def test_flows_take_turns_by_name() -> None:
    """What one event starts, ends and meets goes by the names of flows, whatever their order in the text."""
    flow = """
flow {name} "…"
    start on cart_updated
    leave on order_refunded

    wait for order_placed up to 9 days
    wait 9 days
    send {name}_mail
        topic news
"""
    anna = Person(loaded("".join(flow.format(name=name) for name in ("mango", "apple", "zebra"))))
    for event in ("cart_updated", "order_placed", "order_refunded"):
        before = len(anna.entries)
        anna.happens(event)
        names = [entry.flow for entry in anna.entries[before:]]
        assert names == sorted(names)
        assert set(names) == {"apple", "mango", "zebra"}


def test_at_equal_moments_the_event_comes_before_the_timer() -> None:
    """An order in the very millisecond in which a wait runs out still meets it."""
    flow = """
flow afterwards "Afterwards"
    start on cart_updated

    wait for order_placed up to 1 day
        on order_placed
            finish as bought
        on timeout
            finish as silent
"""
    anna = Person(loaded(flow)).happens("cart_updated")
    due = anna.journey("afterwards").due
    anna.now = due
    anna.happens("order_placed")
    assert anna.story("afterwards")[-1] == "finished bought"
    with anna.nothing_new():
        anna.until(due)


def test_an_event_that_came_late_starts_nothing_but_ends_journeys_and_meets_waits() -> None:
    """More than 24 hours late: history, `leave` and waits as ever; no start, which is written down."""
    flow = """
flow begins "Begins"
    start on order_placed

    wait 1 day
flow goes "Goes"
    start on cart_updated
    leave on order_placed

    wait 9 days
flow sits "Sits"
    start on cart_updated

    wait for order_placed up to 9 days
    if count of order_placed is 1
        finish as counted
segment buyers "Buyers"
    any order_placed
flow gathers "Gathers"
    start on joining segment buyers

    wait 1 day
"""
    anna = Person(loaded(flow)).happens("cart_updated").pass_(3 * DAY)
    anna.happens("order_placed", late=True, at=anna.now - 2 * DAY)
    assert anna.bundle.journeys == ()
    assert anna.story("begins") == ["not_entered event_late"]
    assert anna.story("goes")[-1] == "left order_placed"
    assert anna.story("sits")[-1] == "finished counted"
    assert anna.story("gathers") == ["not_entered event_late"]
    assert "buyers" in anna.bundle.segments


def test_a_late_event_takes_its_place_in_history() -> None:
    """`last` goes by when things happened, not by when they came."""
    flow = """
flow ask "Ask"
    start on checkout_started

    if last order_placed.order_id is "new"
        finish as right
"""
    anna = Person(loaded(flow)).pass_(9 * DAY)
    anna.happens("order_placed", order_id="new").happens(
        "order_placed", late=True, at=anna.now - 3 * DAY, order_id="old"
    )
    assert anna.happens("checkout_started").story("ask")[-1] == "finished right"


def test_since_entry_leaves_out_the_event_that_started_the_journey() -> None:
    """Only what happened later counts, also when a queue was long and the start was worked on late."""
    flow = """
flow again "Again"
    start on order_placed
    enter once

    wait 1 day
    if any order_placed since entry
        finish as again
    finish as once
"""
    for orders, outcome in (([], "once"), ([at("2026-03-02T06:30")], "again")):
        anna = Person(loaded(flow), now=at("2026-03-02T07:00"))
        anna.happens("order_placed", at=at("2026-03-02T06:00"))
        for moment in orders:
            anna.happens("order_placed", at=moment)
        assert anna.pass_(DAY).story("again")[-1] == f"finished {outcome}"


def test_the_starting_event_is_not_since_entry() -> None:
    """Nor is what was known to have happened at its very moment."""
    flow = """
flow again "Again"
    start on order_placed

    if no order_placed since entry
        finish as right
"""
    assert Person(loaded(flow)).happens("order_placed").story("again")[-1] == "finished right"


@pytest.mark.parametrize("late", [0, 1000])
def test_what_a_journey_sets_off_is_since_entry(late: int) -> None:
    """Also where no time has passed since the event that started it, as on the clock of a scenario."""
    flow = """
event noted
flow alpha "Alpha"
    topic orders
    start on order_placed

    emit noted
    wait 1 hour
    if count of noted since entry is 1
        finish as right
"""
    anna = Person(loaded(flow))
    moment = anna.now - late
    anna.happens("noted", at=moment).happens("order_placed", at=moment).pass_(DAY)
    assert anna.story("alpha")[-1] == "finished right"


def test_what_mails_do_comes_before_the_journey_goes_on() -> None:
    """A mail handed over is history when the next step asks for it, and starts and meets what listens."""
    flow = """
flow a_mails "Mails"
    start on cart_updated

    send first
        topic news
    if count of email_sent where step is "first" is 1
        finish as counted
flow b_follows "Follows"
    start on email_sent where template is "first"

    wait 1 day
flow c_waits "Waits"
    start on cart_updated

    wait for email_sent where flow is "a_mails" up to 1 day
        on email_sent
            finish as heard
flow d_leaves "Leaves"
    start on cart_updated
    leave on email_sent where topic is "news"

    wait 9 days
"""
    anna = Person(loaded(flow), mailer="held").happens("cart_updated")
    (key,) = anna.open
    anna.pass_(MINUTE).hand_over(key)
    assert anna.story("a_mails")[-1] == "finished counted"
    assert anna.story("b_follows") == ["entered", "waits wait_1"]
    assert anna.story("c_waits")[-1] == "finished heard"
    assert anna.story("d_leaves")[-1] == "left email_sent"


def test_a_mail_that_was_not_sent_is_no_event() -> None:
    """A skip moves its own journey on and nothing else."""
    flow = """
flow a_mails "Mails"
    start on cart_updated

    send first
        topic news
flow b_follows "Follows"
    start on email_sent where template is "first"

    wait 1 day
"""
    anna = Person(loaded(flow), mailer="held").happens("cart_updated")
    anna.hand_over(next(iter(anna.open)), "topic_cap")
    assert anna.story("a_mails") == ["entered", "skipped first topic_cap", "finished"]
    assert anna.story("b_follows") == []


def test_an_unrelated_event_changes_nothing() -> None:
    """What no flow asks for leaves no trace in the contact."""
    anna = Person(loaded(AGAIN_AND_AGAIN)).happens("cart_updated")
    before = anna.bundle
    with anna.nothing_new():
        anna.happens("price_dropped", sku="1")
    assert anna.bundle == before


PRO = """
segment pro "Pro"
    contact.vip is yes
"""


def test_a_change_lets_waits_go_on_before_it_starts_anything() -> None:
    """What a step behind the wait has done is known to the flow that starts."""
    text = (
        PRO
        + """
flow waiting
    start on order_placed

    wait until contact.vip is yes up to 9 days
    add tag "seen"
flow starting
    start on joining segment pro

    if tagged "seen"
        finish as behind
    finish as before
"""
    )
    anna = Person(loaded(text)).happens("order_placed").learns(vip=True)
    assert anna.story("starting")[-1] == "finished behind"


def test_a_change_ends_journeys_before_it_starts_anything() -> None:
    """So that the flow is free for the journey that starts."""
    text = (
        PRO
        + """
flow starting
    start on joining segment pro
    start on order_placed
    enter every time
    leave when contact.vip is yes and count of order_placed since entry >= 1

    wait 100 days
"""
    )
    anna = Person(loaded(text)).happens("order_placed").pass_(DAY).happens("order_placed").pass_(DAY)
    anna.learns(vip=True)
    assert anna.story("starting")[-3:] == ["left condition", "entered", "waits wait_1"]


@pytest.mark.parametrize("start", ["joining segment quiet_days", "date contact.birthday at 09:00"])
def test_time_ends_journeys_and_waits_before_it_starts_anything(start: str) -> None:
    """Also where several deadlines come at one instant, the wait is over first."""
    text = f"""
segment quiet_days "Quiet"
    any order_placed and no order_placed in last 1 day
flow waiting
    start on order_placed

    wait until no order_placed in last 1 day up to 9 days
    add tag "seen"
flow starting
    start on {start}

    if tagged "seen"
        finish as behind
    finish as before
"""
    anna = Person(loaded(text)).learns(birthday=date(2026, 3, 3)).happens("order_placed").pass_(2 * DAY)
    assert anna.story("starting")[-1] == "finished behind"


def test_a_late_event_starts_nothing_but_what_journeys_do_by_it_does() -> None:
    """A segment joined by the event itself starts no flow, which is written down; one that a journey's step
    makes the person join does."""
    text = """
segment done "Done"
    tagged "done"
segment buyers "Buyers"
    any order_placed
flow waiting
    start on cart_updated

    wait for order_placed up to 9 days
    add tag "done"
flow by_step
    start on joining segment done

    add tag "by_step"
flow by_event
    start on joining segment buyers

    add tag "by_event"
"""
    anna = Person(loaded(text)).happens("cart_updated").pass_(3 * DAY)
    anna.happens("order_placed", late=True, at=anna.now - 2 * DAY)
    assert anna.bundle.attributes["tags"] == ["done", "by_step"]
    assert anna.story("by_event") == ["not_entered event_late"]
