"""`wait until` a time, a day, a date or a condition (language reference, §4 Steps)."""

from datetime import date

import pytest
from flows import loaded
from person import DAY, HOUR, MINUTE, Person, at


def flow(wait: str, more: str = "") -> str:
    return f"""
flow alpha "Alpha"
    start on cart_updated
    enter every time
    {more}

    {wait}
"""


@pytest.mark.parametrize(
    ("wait", "start", "end"),  # on Riga's clock, given in UTC
    [
        ("wait until 09:00", "2026-03-02T06:59", "2026-03-02T07:00"),
        ("wait until 09:00", "2026-03-02T07:00", "2026-03-03T07:00"),  # strictly after now
        ("wait until friday at 10:00", "2026-03-02T07:00", "2026-03-06T08:00"),
        ("wait until monday at 09:00", "2026-03-02T07:00", "2026-03-09T07:00"),
        ("wait until monday at 09:01", "2026-03-02T07:00", "2026-03-02T07:01"),
        ("wait until 03:30", "2026-03-28T22:00", "2026-03-29T01:00"),  # a time that is skipped
    ],
)
def test_until_a_time_is_the_next_such_moment(wait: str, start: str, end: str) -> None:
    """Of the day, or of a day of the week."""
    anna = Person(loaded(flow(wait)), now=at(start)).happens("cart_updated")
    assert anna.journey("alpha").due == at(end)
    assert anna.until(at(end) - 1).bundle.journeys
    assert not anna.until(at(end)).bundle.journeys


@pytest.mark.parametrize(
    ("wait", "end"),
    [
        ("wait until contact.birthday", "2026-05-01T21:00"),  # a day without a time is its 00:00
        ("wait until contact.birthday at 10:00", "2026-05-02T07:00"),
        ("wait until contact.renewal", "2026-04-01T12:34"),
        ("wait until contact.renewal at 10:00", "2026-04-01T07:00"),
    ],
)
def test_until_a_date_or_moment(wait: str, end: str) -> None:
    """On the contact's clock."""
    anna = Person(loaded(flow(wait))).learns(birthday=date(2026, 5, 2), renewal=at("2026-04-01T12:34"))
    assert anna.happens("cart_updated").journey("alpha").due == at(end)
    assert anna.story("alpha") == ["entered", "waits wait_1"]


@pytest.mark.parametrize(
    ("known", "why"), [({}, "date_unknown"), ({"birthday": date(2026, 3, 2)}, "date_passed")]
)
def test_a_past_or_unknown_date_passes_at_once_and_is_recorded(known: dict[str, date], why: str) -> None:
    """Midnight of today is over."""
    anna = Person(loaded(flow("wait until contact.birthday"))).learns(**known).happens("cart_updated")
    assert anna.story("alpha") == ["entered", f"passed wait_1 {why}", "finished"]


# ---------------------------------------------------------------- conditions

QUIET_HOUR = """
flow cart "Cart"
    start on cart_updated

    wait until no cart_updated in last 1 hour up to 1 day
        on met
            finish as calm
        on timeout
            finish as restless
"""


def test_a_condition_is_met_by_time_alone() -> None:
    """An hour behind the last change of the cart, to the millisecond."""
    anna = Person(loaded(QUIET_HOUR)).happens("cart_updated").pass_(40 * MINUTE).happens("cart_updated")
    anna.pass_(HOUR - 1)
    assert anna.story("cart")[:2] == ["entered", "waits wait_1"]
    assert anna.bundle.journeys
    assert anna.pass_(1).story("cart")[-2:] == ["met wait_1", "finished calm"]


def test_a_condition_that_is_not_met_times_out() -> None:
    """Somebody who changes the cart every half an hour."""
    anna = Person(loaded(QUIET_HOUR)).happens("cart_updated")
    for _ in range(50):
        anna.pass_(30 * MINUTE).happens("cart_updated")
    story = [line for line in anna.story("cart") if not line.startswith("not_entered")]
    assert story[-2:] == ["timed_out wait_1", "finished restless"]


def test_met_beats_timeout() -> None:
    """Both at one instant; and when both timers come late."""
    anna = Person(loaded(QUIET_HOUR)).happens("cart_updated").pass_(23 * HOUR - MINUTE)
    for late in (0, DAY):
        anna = Person(loaded(QUIET_HOUR)).happens("cart_updated")
        for _ in range(46):
            anna.pass_(30 * MINUTE).happens("cart_updated")
        anna.now += HOUR + late
        assert anna.until(anna.now).story("cart")[-1] == "finished calm"


def test_what_comes_behind_the_deadline_does_not_meet() -> None:
    """The order of the next day is too late, though the timer comes later still."""
    wait = """wait until any order_placed since entry up to 1 day
        on met
            finish as bought
        on timeout
            finish as late"""
    anna = Person(loaded(flow(wait))).happens("cart_updated")
    anna.now += DAY + 1
    anna.happens("order_placed")
    assert anna.until(anna.now).story("alpha")[-1] == "finished late"
    bert = Person(loaded(flow(wait))).happens("cart_updated")
    bert.now += DAY
    assert bert.happens("order_placed").story("alpha")[-1] == "finished bought"


def test_a_condition_that_is_true_already_passes_at_once() -> None:
    """Without a moment's wait."""
    anna = Person(loaded(flow("wait until contact.city is known up to 1 day"))).learns(city="Riga")
    assert anna.happens("cart_updated").story("alpha") == ["entered", "met wait_1", "finished"]


def test_a_changed_attribute_meets() -> None:
    """Every change of the contact is looked at, and agreement is one."""
    text = flow("wait until contact.city is known and agreed to news up to 9 days")
    anna = Person(loaded(text)).happens("cart_updated").pass_(DAY).agrees("news")
    assert anna.bundle.journeys
    assert anna.learns(city="Riga").story("alpha")[-1] == "finished"


def test_a_date_that_is_reached_meets() -> None:
    """Midnight of the day, by the clock alone."""
    text = flow("wait until contact.birthday <= today up to 90 days")
    anna = Person(loaded(text)).learns(birthday=date(2026, 3, 20)).happens("cart_updated")
    assert anna.until(at("2026-03-19T22:00") - 1).bundle.journeys
    assert not anna.until(at("2026-03-19T22:00")).bundle.journeys


# ---------------------------------------------------------------- leave when


def test_leave_when_ends_the_journey_in_any_step() -> None:
    """By an event, by a changed attribute, by the passing of time."""
    leaves = {
        "leave when contact.city is known": lambda anna: anna.learns(city="Riga"),
        "leave when count of order_placed since entry >= 2": lambda anna: (
            anna.pass_(MINUTE).happens("order_placed").happens("order_placed")
        ),
        "leave when time since contact.renewal > 1 day": lambda anna: anna.pass_(3 * DAY),
    }
    for line, happening in leaves.items():
        anna = Person(loaded(flow("wait 90 days", line))).learns(renewal=at("2026-03-03T00:00"))
        happening(anna.happens("cart_updated"))
        assert anna.story("alpha") == ["entered", "waits wait_1", "left condition"], line


def test_leave_when_by_time_is_exact() -> None:
    """The millisecond after the day is over."""
    text = flow("wait 90 days", "leave when time since contact.renewal > 1 day")
    anna = Person(loaded(text)).learns(renewal=at("2026-03-03T00:00")).happens("cart_updated")
    assert anna.until(at("2026-03-04T00:00")).bundle.journeys
    assert not anna.pass_(1).bundle.journeys


def test_what_is_true_already_lets_nobody_in() -> None:
    """And it leaves a line."""
    anna = Person(loaded(flow("wait 9 days", "leave when contact.city is known"))).learns(city="Riga")
    assert anna.happens("cart_updated").story("alpha") == ["not_entered leaves_at_once"]
    assert anna.learns(city=None).happens("cart_updated").bundle.journeys
