"""People who move to another time zone while they wait: the flow's clock is theirs, wherever they are
(language reference, §4 Header lines: `time zone of contact`)."""

from datetime import date

import pytest
from clocks import at_time, clock, places, shown_in, times, zones
from flows import loaded
from hypothesis import example, given
from hypothesis import strategies as st
from person import DAY, HOUR, MONDAY, Person, at

from engine.core import calendar

RIGA, NEW_YORK, TOKYO = "Europe/Riga", "America/New_York", "Asia/Tokyo"


def waiting(wait: str, header: str = "") -> str:
    return f"""
flow alpha "Alpha"
    start on cart_updated
    enter every time
    {header}

    {wait}
"""


def begun(wait: str, zone: str, now: int = MONDAY, header: str = "") -> Person:
    """Someone there who has just begun to wait."""
    anna = Person(loaded(waiting(wait, header)), now=now).learns(
        time_zone=zone, birthday=date(2026, 3, 20), renewal=at("2026-03-20T12:00")
    )
    return anna.happens("cart_updated")


@pytest.mark.parametrize(
    ("wait", "before", "after"),  # begun on Monday 09:00 in Riga, 02:00 in New York; in UTC
    [
        ("wait 1 day at 10:00", "2026-03-03T08:00", "2026-03-03T15:00"),
        ("wait until 10:00", "2026-03-02T08:00", "2026-03-02T15:00"),
        ("wait until monday at 08:00", "2026-03-09T06:00", "2026-03-09T12:00"),  # in summer time
        ("wait until monday", "2026-03-08T22:00", "2026-03-09T04:00"),
        ("wait until 2026-03-20 at 09:00", "2026-03-20T07:00", "2026-03-20T13:00"),
        ("wait until 2026-03-20", "2026-03-19T22:00", "2026-03-20T04:00"),
        ("wait until contact.birthday at 09:00", "2026-03-20T07:00", "2026-03-20T13:00"),
        ("wait until contact.birthday", "2026-03-19T22:00", "2026-03-20T04:00"),
        ("wait until contact.renewal at 15:30", "2026-03-20T13:30", "2026-03-20T19:30"),
        # what names no time of day is as long as it was
        ("wait until contact.renewal", "2026-03-20T12:00", "2026-03-20T12:00"),
        ("wait 1 day", "2026-03-03T07:00", "2026-03-03T07:00"),
        ("wait 1 month", "2026-04-02T06:00", "2026-04-02T06:00"),
        ("wait 90 minutes", "2026-03-02T08:30", "2026-03-02T08:30"),
        ("wait for order_paid up to 2 days", "2026-03-04T07:00", "2026-03-04T07:00"),
        ('wait until tagged "x" up to 2 days', "2026-03-04T07:00", "2026-03-04T07:00"),
    ],
)
def test_a_time_of_day_is_that_of_the_new_clock(wait: str, before: str, after: str) -> None:
    """On the day that was meant; and back again is as if nobody had moved."""
    anna = begun(wait, RIGA)
    assert anna.journey("alpha").due == at(before)
    anna.learns(time_zone=NEW_YORK)
    assert anna.journey("alpha").due == at(after)
    anna.learns(time_zone=RIGA)
    assert anna.journey("alpha").due == at(before)


def test_the_timer_of_the_old_clock_is_stale() -> None:
    """Nobody goes on at ten in Riga who is in New York by then, and nobody twice."""
    anna = begun("wait until 10:00", RIGA)
    armed = anna.journey("alpha")
    anna.learns(time_zone=NEW_YORK).until(at("2026-03-02T14:59"))
    with anna.nothing_new():
        anna.fires(armed)
    assert anna.until(at("2026-03-02T15:00")).story("alpha")[-1] == "finished"


def test_what_is_over_on_the_new_clock_has_come() -> None:
    """Ten o'clock on that day is over in Riga, where it is four in the afternoon: not tomorrow, but now."""
    anna = begun("wait until 10:00", NEW_YORK, at("2026-03-02T14:00"))
    assert anna.journey("alpha").due == at("2026-03-02T15:00")
    anna.learns(time_zone=RIGA)
    assert anna.journey("alpha").due == anna.now
    assert anna.until(anna.now).story("alpha")[-1] == "finished"


def test_a_zone_that_becomes_unknown_is_the_project_s() -> None:
    """And one that is no zone."""
    anna = begun("wait until 10:00", NEW_YORK, at("2026-03-01T20:00"))
    assert anna.journey("alpha").due == at("2026-03-02T15:00")
    assert anna.learns(time_zone=None).journey("alpha").due == at("2026-03-02T08:00")
    assert anna.learns(time_zone="Mars/Base").journey("alpha").due == at("2026-03-02T08:00")


def test_a_flow_with_a_clock_of_its_own_goes_by_that() -> None:
    """Wherever the person goes."""
    anna = begun("wait until 10:00", RIGA, header='time zone "Asia/Tokyo"')
    assert anna.learns(time_zone=NEW_YORK).journey("alpha").due == at("2026-03-03T01:00")


def test_a_held_mail_is_decided_on_anew() -> None:
    """Its quiet ends at another moment."""
    text = """
limits
    quiet 21:00 to 08:00
flow alpha "Alpha"
    topic news
    start on cart_updated
    send hello
"""
    anna = Person(loaded(text), now=at("2026-03-02T20:00")).agrees("news").learns(time_zone=RIGA)
    anna.happens("cart_updated")
    assert anna.journey("alpha").due == at("2026-03-03T06:00")
    assert anna.learns(time_zone=TOKYO).journey("alpha").due == at("2026-03-02T23:00")
    assert anna.learns(time_zone=NEW_YORK).mails == ["hello"]


def test_a_rolling_limit_and_a_day_are_those_of_the_new_clock() -> None:
    """A mail of half past eleven in the evening is one of the afternoon seven hours further west."""
    text = """
limits
    at most 1 email per day
flow alpha "Alpha"
    topic news
    start on cart_updated
    enter every time
    send hello
"""
    for zone, mails in ((RIGA, 2), (NEW_YORK, 1)):
        anna = Person(loaded(text), now=at("2026-03-02T21:30")).agrees("news").learns(time_zone=RIGA)
        anna.happens("cart_updated").pass_(HOUR).learns(time_zone=zone).happens("cart_updated")
        assert len(anna.mails) == mails


def test_windows_and_days_go_by_the_new_clock() -> None:
    """`today` is another one, and what waits for midnight waits for that of the new place."""
    anna = begun("wait until today > 2026-03-02 up to 3 days", RIGA)
    assert anna.next_due() == at("2026-03-02T22:00")
    assert anna.learns(time_zone=NEW_YORK).next_due() == at("2026-03-03T05:00")
    assert anna.learns(time_zone="Pacific/Kiritimati").next_due() == at("2026-03-02T10:00")


@given(places, times, zones, st.integers(0, 3 * 24 * 60))
def test_any_move_while_waiting_for_a_time_of_day(
    place: tuple[str, int], wanted: str, new: str, later: int
) -> None:
    """The same day and time on the new clock; at once where that is over, and never before the move."""
    old, start = place
    text = f"wait 3 days at {wanted}"
    anna = begun(text, old, start)
    due = anna.journey("alpha").due
    moved = min(start + later * 60_000, due - 1)
    anna.until(moved).learns(time_zone=new)
    shown = shown_in(old, due).to_plain()
    day = next(
        day for day in (shown, shown.add(days=-1)) if at_time(day, wanted, old) == due
    )  # a gap may end at midnight
    assert anna.journey("alpha").due == max(at_time(day, wanted, new), moved)


@given(places, times)
@example(("America/Nuuk", at("2024-03-29T12:00")), "23:30")
def test_carried_to_the_same_clock_is_unmoved(place: tuple[str, int], wanted: str) -> None:
    """Also what a gap had moved."""
    name, start = place
    here = clock(name)
    due = calendar.next_at(start + DAY, wanted, here)
    assert calendar.carried(due, wanted, here, here) == due
