"""`wait for best time up to D` (language reference, §4 Steps)."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from flows import loaded
from hypothesis import given
from hypothesis import strategies as st
from person import DAY, HOUR, MINUTE, MONDAY, Person, at

FLOW = """
flow letter "Letter"
    start on cart_updated
    enter every time

    wait for best time up to {up_to}
    send hello
        topic news
"""


def reader(*moments: str, up_to: str = "1 day", zone: str = "Europe/Riga", measured: bool = True) -> Person:
    """Someone who read mail at these moments (UTC); it is Monday, 2 March, 09:00 in Riga."""
    anna = Person(loaded(FLOW.format(up_to=up_to)), now=at("2026-01-01T00:00"))
    if measured:
        anna.agrees("measurement")
    anna.learns(time_zone=zone)
    for number, moment in enumerate(moments):
        anna.until(at(moment)).happens("email_clicked" if number % 2 else "email_opened", flow="x", step="y")
    return anna.until(MONDAY)


def shown(anna: Person) -> str:
    """What the clock in Riga shows when the next mail goes."""
    return f"{datetime.fromtimestamp(anna.next_due() / 1000, ZoneInfo('Europe/Riga')):%a %H:%M}"


EVENINGS = ("2026-02-03T16:10", "2026-02-05T16:50", "2026-02-10T16:30", "2026-02-11T05:00")


def test_the_mail_waits_for_the_hour_at_which_this_person_reads_most() -> None:
    """Opened and clicked at six in the evening; the journal says why it waits."""
    anna = reader(*EVENINGS).happens("cart_updated")
    assert shown(anna) == "Mon 18:00"
    assert anna.story("letter")[-1] == f"waits {anna.step('letter')} best_time"
    assert anna.until(at("2026-03-02T16:00")).mails == ["hello"]


def test_the_present_hour_may_be_the_best() -> None:
    """Then there is nothing to wait for."""
    anna = reader(*EVENINGS).until(at("2026-03-02T16:59")).happens("cart_updated")
    assert anna.mails == ["hello"]
    assert any(line.startswith("passed") and line.endswith("best_time") for line in anna.story("letter"))


def test_the_hour_is_that_of_the_flows_clock() -> None:
    """The same moments are another hour in Tashkent, and come as early."""
    anna = reader(*EVENINGS, zone="Asia/Tashkent").happens("cart_updated")
    assert shown(anna) == "Mon 18:00"


def test_a_weekday_counts_where_the_wait_is_long_enough() -> None:
    """Saturday mornings, if the wait reaches so far; else the same hour of an earlier day."""
    saturdays = ("2026-02-07T08:10", "2026-02-14T08:20", "2026-02-21T08:30")
    assert shown(reader(*saturdays, up_to="7 days").happens("cart_updated")) == "Sat 10:00"
    assert shown(reader(*saturdays, up_to="1 day").happens("cart_updated")) == "Mon 10:00"


def test_a_wait_that_does_not_reach_the_best_hour_takes_the_best_that_it_reaches() -> None:
    """Seven in the morning beats noon, and is over; nothing read within the wait: at once."""
    anna = reader(*EVENINGS, "2026-02-12T10:00", up_to="5 hours").happens("cart_updated")
    assert shown(anna) == "Mon 12:00"
    assert reader(*EVENINGS, up_to="2 hours").happens("cart_updated").mails == ["hello"]


@pytest.mark.parametrize(
    ("moments", "measured", "why"),
    [
        (EVENINGS[:2], True, "too_little_known"),
        (EVENINGS, False, "not_measured"),
        ((), True, "too_little_known"),
    ],
)
def test_without_enough_history_it_goes_at_once(moments: tuple[str, ...], measured: bool, why: str) -> None:
    """Two are chance, and those of people who refuse measurement are not known; the journal says it."""
    anna = reader(*moments, measured=measured).happens("cart_updated")
    assert anna.mails == ["hello"]
    assert any(line.startswith("passed") and line.endswith(why) for line in anna.story("letter"))


def test_whoever_withdraws_measurement_is_not_guessed_at() -> None:
    """What was measured is forgotten with it."""
    anna = reader(*EVENINGS).withdraws("measurement").happens("cart_updated")
    assert anna.mails == ["hello"]


@given(st.lists(st.integers(0, 60 * 24 * 60), min_size=3, max_size=12), st.integers(0, 7 * 24 * 60))
def test_it_never_waits_longer_than_up_to(minutes: list[int], start: int) -> None:
    """And begins on the hour, whenever people read and whenever it is asked."""
    anna = Person(loaded(FLOW.format(up_to="20 hours")), now=at("2026-01-01T00:00")).agrees("measurement")
    for minute in sorted(minutes):
        anna.until(at("2026-01-01T00:00") + minute * MINUTE).happens("email_opened", flow="x", step="y")
    anna.until(at("2026-03-25T00:00") + start * MINUTE)
    asked = anna.now
    anna.happens("cart_updated")
    if not anna.mails:
        due = anna.journey("letter").due
        assert asked < due <= asked + 20 * HOUR
        assert due % HOUR == 0
        assert anna.pass_(DAY).mails == ["hello"]
