"""Waits, their deadlines, and the mails that they count from (language reference, §4 Steps)."""

from decimal import Decimal

import pytest
from flows import loaded
from person import DAY, HOUR, MINUTE, NEVER, Person, at

from dsl.graph import Money
from engine.core.bundle import Journey


def waiting(wait: str) -> str:
    """A flow that is one wait."""
    return f"""
flow alpha "Alpha"
    start on cart_updated
    enter every time

    {wait}
"""


@pytest.mark.parametrize(
    ("wait", "start", "end"),  # all on Riga's clock, given in UTC
    [
        ("wait 30 minutes", "2026-03-02T07:00", "2026-03-02T07:30"),
        ("wait 1 day", "2026-03-28T10:00", "2026-03-29T09:00"),  # forward: 23 hours
        ("wait 24 hours", "2026-03-28T10:00", "2026-03-29T10:00"),
        ("wait 1 day", "2026-10-24T09:00", "2026-10-25T10:00"),  # back: 25 hours
        ("wait 1 day", "2026-03-28T01:30", "2026-03-29T01:00"),  # 03:30 is skipped: 04:00
        ("wait 1 day", "2026-10-24T00:30", "2026-10-25T00:30"),  # 03:30 comes twice: the first
        ("wait 1 month", "2026-01-31T10:00", "2026-02-28T10:00"),
        ("wait 1 year", "2028-02-29T10:00", "2029-02-28T10:00"),
        ("wait 1 day 12 hours", "2026-03-28T01:30", "2026-03-29T13:00"),  # the day first, then the hours
        ("wait 2 days at 10:00", "2026-03-02T07:00", "2026-03-04T08:00"),
        (
            "wait 2 days at 09:00",
            "2026-03-02T07:00",
            "2026-03-04T07:00",
        ),  # not before, and that moment counts
        ("wait 2 days at 08:59", "2026-03-02T07:00", "2026-03-05T06:59"),
        ("wait 1 hour at 03:30", "2026-03-28T22:00", "2026-03-29T01:00"),  # skipped
        ("wait 1 hour at 03:30", "2026-10-24T22:30", "2026-10-25T00:30"),  # the first of two
        (
            "wait 1 hour at 03:30",
            "2026-10-24T23:45",
            "2026-10-26T01:30",
        ),  # between the two: the first is over
    ],
)
def test_a_wait_ends_at(wait: str, start: str, end: str) -> None:
    """Hours are elapsed, days are the calendar's."""
    anna = Person(loaded(waiting(wait)), now=at(start)).happens("cart_updated")
    assert anna.journey("alpha").due == at(end)
    anna.until(at(end) - 1)
    assert anna.bundle.journeys
    anna.until(at(end))
    assert not anna.bundle.journeys


def test_waits_are_on_the_contact_s_clock() -> None:
    """Ten o'clock in Tashkent; for a zone that does not exist, the project's."""
    anna = (
        Person(loaded(waiting("wait 1 day at 10:00")))
        .learns(time_zone="Asia/Tashkent")
        .happens("cart_updated")
    )
    assert anna.journey("alpha").due == at("2026-03-03T05:00") + DAY
    bert = (
        Person(loaded(waiting("wait 1 day at 10:00"))).learns(time_zone="Mars/Base").happens("cart_updated")
    )
    assert bert.journey("alpha").due == at("2026-03-03T08:00")


# ---------------------------------------------------------------- timers


def standing() -> tuple[Person, Journey]:
    """Someone in the second of two waits, and the journey as it was in the first."""
    flow = """
flow alpha "Alpha"
    start on cart_updated

    wait 1 day
    wait 1 day
    send late
        topic news
"""
    anna = Person(loaded(flow)).happens("cart_updated")
    before = anna.journey("alpha")
    anna.pass_(DAY)
    return anna, before


def test_a_stale_timer_does_nothing() -> None:
    """The timer of the first wait comes again when the second is over: the journey does not move by it."""
    anna, before = standing()
    anna.now += DAY
    with anna.nothing_new():
        anna.fires(before)
    assert anna.step("alpha") == "wait_2"
    anna.fires(anna.journey("alpha"))
    assert anna.mails == ["late"]


def test_a_timer_that_comes_twice_counts_once() -> None:
    """The second of two equal timers finds another epoch."""
    anna, _ = standing()
    timer = anna.journey("alpha")
    anna.now += DAY
    anna.fires(timer).fires(timer).fires(timer)
    assert anna.mails == ["late"]


def test_a_timer_that_comes_early_is_armed_again() -> None:
    """The deadline stays; the epoch moves on, so that the early one cannot fire twice."""
    anna, _ = standing()
    timer = anna.journey("alpha")
    anna.now += DAY - 1
    with anna.nothing_new():
        anna.fires(timer)
    armed = anna.journey("alpha")
    assert (armed.due, armed.epoch) == (timer.due, timer.epoch + 1)
    anna.now += 1
    with anna.nothing_new():
        anna.fires(timer)
    assert anna.fires(armed).mails == ["late"]


def test_a_timer_of_a_journey_that_is_over_does_nothing() -> None:
    """It may come after the person has left."""
    anna, _ = standing()
    timer = anna.journey("alpha")
    anna.pass_(2 * DAY)
    with anna.nothing_new():
        anna.fires(timer)


def test_an_outage_causes_no_burst() -> None:
    """Timers that come days late move one wait on; the next counts from the real arrival."""
    anna, _ = standing()
    flow = """
flow alpha "Alpha"
    start on cart_updated

    wait 1 day
    send b
        topic news
    wait 1 day
    send c
        topic news
"""
    anna = Person(loaded(flow)).happens("cart_updated")
    anna.now += 9 * DAY
    anna.fires(anna.journey("alpha"))
    assert anna.mails == ["b"]
    assert anna.journey("alpha").due == anna.now + DAY


# ---------------------------------------------------------------- waits for an event

HEARS = """
flow alpha "Alpha"
    start on cart_updated

    wait for order_placed where total >= 10 EUR or checkout_started up to 2 days
        on order_placed
            finish as bought
        on timeout
            finish as silent
    finish as below
"""


def test_hearing_takes_the_event_s_arm_and_others_go_on_below() -> None:
    """Each event has its arm; one without goes on below; nothing at all takes the timeout."""
    for event, outcome in (("order_placed", "bought"), ("checkout_started", "below"), ("", "silent")):
        anna = Person(loaded(HEARS)).happens("cart_updated").pass_(DAY)
        if event:
            anna.happens(event, total=Money(Decimal(10), "EUR"))
        assert anna.pass_(DAY).story("alpha")[-1] == f"finished {outcome}"


def test_the_where_of_a_wait_must_hold() -> None:
    """Too small an order, one in another currency, or one whose sum is unknown, is not heard."""
    anna = Person(loaded(HEARS)).happens("cart_updated")
    for total in (Money(Decimal(9), "EUR"), Money(Decimal(99), "USD"), None):
        anna.happens("order_placed", total=total)
    assert anna.step("alpha") == "wait_1"


def test_only_events_after_arrival_are_heard() -> None:
    """Neither one of the past, nor the very event that brought the journey there."""
    flow = """
flow alpha "Alpha"
    start on order_placed

    wait for order_placed up to 2 days
    wait for order_placed up to 2 days
    finish as twice
"""
    anna = Person(loaded(flow)).happens("order_placed")
    assert anna.step("alpha") == "wait_1"
    anna.happens("order_placed")
    assert anna.step("alpha") == "wait_2"
    anna.happens("order_placed")
    assert "finished twice" in anna.story("alpha")


def test_received_is_the_event_of_the_nearest_arm() -> None:
    """In nested arms the inner one; behind the inner arm, the outer one again; outside, none."""
    flow = """
flow alpha "Alpha"
    start on cart_updated

    wait for order_placed up to 9 days
        on order_placed
            send outer with id received.order_id
                topic news
            wait for order_shipped up to 9 days
                on order_shipped
                    if received.carrier is "DPD"
                        send inner with id received.order_id
                            topic news
            send behind with id received.order_id
                topic news
    send outside
        topic news
"""
    anna = Person(loaded(flow)).happens("cart_updated")
    anna.happens("order_placed", order_id="placed").happens(
        "order_shipped", order_id="shipped", carrier=" dpd "
    )
    assert [(effect.body.template, effect.body.values.get("id")) for effect in anna.effects] == [
        ("outer", "placed"),
        ("inner", "shipped"),
        ("behind", "placed"),
        ("outside", None),
    ]
    # what templates see as `received` is the same event
    assert [effect.body.received.get("order_id") for effect in anna.effects] == [
        "placed",
        "shipped",
        "placed",
        None,
    ]


def test_the_timeout_is_on_the_calendar() -> None:
    """`up to 1 day` is over a day later by the clock on the wall."""
    flow = """
flow alpha "Alpha"
    start on cart_updated

    wait for order_placed up to 1 day
"""
    anna = Person(loaded(flow), now=at("2026-03-28T10:00")).happens("cart_updated")
    assert anna.journey("alpha").due == at("2026-03-29T09:00")


# ---------------------------------------------------------------- mails and the waits behind them

MAIL_THEN_WAIT = """
flow alpha "Alpha"
    topic news
    start on cart_updated

    send first_mail
    wait 1 day
    if sent first_mail
        send second_mail
    else
        finish as unsent
"""


def held() -> tuple[Person, str]:
    """Someone whose first mail is on its way, and its key."""
    anna = Person(loaded(MAIL_THEN_WAIT), mailer="held").agrees("news").happens("cart_updated")
    (key,) = anna.open
    return anna, key


def test_a_wait_counts_from_the_hand_over() -> None:
    """A mail that went three hours late moves the end of the wait by three hours."""
    anna, key = held()
    start = anna.now
    anna.pass_(3 * HOUR).hand_over(key)
    assert anna.journey("alpha").due == start + 3 * HOUR + DAY
    assert anna.pass_(DAY).mails == ["first_mail", "second_mail"]


def test_a_wait_does_not_end_before_its_mail_is_handed_over() -> None:
    """The mail server was down for two days: the wait of one day has not begun yet."""
    anna, key = held()
    anna.pass_(2 * DAY)
    assert anna.step("alpha") == "wait_1"
    assert anna.journey("alpha").due == NEVER
    anna.hand_over(key)
    assert anna.journey("alpha").due == anna.now + DAY
    assert anna.pass_(DAY).mails == ["first_mail", "second_mail"]


def test_a_hand_over_in_time_need_not_be_told() -> None:
    """The timer alone moves the journey on, when the mail is known to be done."""
    anna, key = held()
    del anna.open[key]
    assert anna.pass_(DAY).mails == ["first_mail", "second_mail"]


@pytest.mark.parametrize(
    ("reason", "line", "outcome"),
    [
        ("", "sent first_mail", "second_mail"),
        ("outcome_unknown", "unknown first_mail outcome_unknown", "second_mail"),
        ("server_refused", "skipped first_mail server_refused", "unsent"),
        ("withdrawn", "skipped first_mail withdrawn", "unsent"),
    ],
)
def test_sent_asks_for_the_hand_over(reason: str, line: str, outcome: str) -> None:
    """A skip or a refusal is no mail sent; one of which nobody knows may have been."""
    anna, key = held()
    anna.hand_over(key, reason).pass_(DAY)
    assert line in anna.story("alpha")
    assert outcome in (anna.mails[-1], anna.story("alpha")[-1].removeprefix("finished "))


def test_a_journey_stands_at_its_mail_when_no_wait_follows() -> None:
    """The next step is taken at the hand-over."""
    flow = """
flow alpha "Alpha"
    start on cart_updated

    send first_mail
        topic news
    if sent first_mail
        finish as right
"""
    anna = Person(loaded(flow), mailer="held").happens("cart_updated").pass_(9 * DAY)
    assert anna.step("alpha") == "first_mail"
    assert anna.effects[0].body.report
    assert anna.hand_over(next(iter(anna.open))).story("alpha")[-1] == "finished right"


def test_an_outcome_that_comes_twice_or_too_late_moves_nothing() -> None:
    """Only the mail that the present step counts from does."""
    anna, key = held()
    effect = anna.open[key]
    anna.hand_over(key).pass_(DAY)
    before = anna.bundle.journeys
    anna.open[key] = effect
    anna.hand_over(key, "server_refused")
    assert anna.bundle.journeys == before


def test_keys_are_unique_and_follow_from_the_journey() -> None:
    """The same trace gives the same keys; every mail has its own."""
    people = [held()[0].pass_(9 * DAY) for _ in range(2)]
    assert people[0].effects == people[1].effects
    other = (
        Person(loaded(MAIL_THEN_WAIT), contact="b" * 32).agrees("news").happens("cart_updated").pass_(9 * DAY)
    )
    keys = [effect.key for effect in (*people[0].effects, *other.effects)]
    assert len(set(keys)) == len(keys)


def test_all_that_a_mail_says_is_as_it_was_when_the_step_was_reached() -> None:
    """Later changes of the contact do not reach into a mail that waits."""
    anna = Person(loaded(MAIL_THEN_WAIT), mailer="held").agrees("news").learns(first_name="Anna")
    anna.happens("cart_updated").learns(first_name="Berta").pass_(MINUTE)
    assert anna.effects[0].body.attributes["first_name"] == "Anna"
