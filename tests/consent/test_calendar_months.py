"""Months and years are those of the calendar, by the project's clock: a table of awkward days, by hand."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent.times import Times, since, until

# Zone, months, when it began by the zone's clock; the end, which is the beginning of the day behind the last.
ENDS = [
    ("UTC", 1, "2026-01-10 10:00", "2026-02-11 00:00"),  # the 10th is the last day
    ("UTC", 1, "2026-01-28 10:00", "2026-03-01 00:00"),
    ("UTC", 1, "2026-01-29 10:00", "2026-03-01 00:00"),  # no 29 February: the month's last day
    ("UTC", 1, "2026-01-31 23:59", "2026-03-01 00:00"),
    ("UTC", 1, "2028-01-29 10:00", "2028-03-01 00:00"),  # there is one
    ("UTC", 1, "2028-01-31 10:00", "2028-03-01 00:00"),
    ("UTC", 1, "2026-02-28 10:00", "2026-03-29 00:00"),  # the number counts, not that it was the last
    ("UTC", 1, "2026-03-31 10:00", "2026-05-01 00:00"),
    ("UTC", 1, "2026-12-31 10:00", "2027-02-01 00:00"),
    ("UTC", 12, "2028-02-29 10:00", "2029-03-01 00:00"),  # 28 February is the last day
    ("UTC", 12, "2027-02-28 10:00", "2028-02-29 00:00"),  # so 29 February is none of it
    ("UTC", 24, "2026-02-28 10:00", "2028-02-29 00:00"),
    ("UTC", 24, "2028-02-29 10:00", "2030-03-01 00:00"),
    ("UTC", 36, "2028-02-29 10:00", "2031-03-01 00:00"),
    ("UTC", 48, "2028-02-29 10:00", "2032-03-01 00:00"),  # a leap year again: 29 February is the last day
    # The day is the one that the project's clock shows.
    ("Europe/Riga", 1, "2026-01-31 23:30", "2026-03-01 00:00"),  # 21:30 in UTC
    ("Europe/Riga", 1, "2026-02-01 00:30", "2026-03-02 00:00"),  # 31 January in UTC
    ("Pacific/Auckland", 1, "2026-01-31 12:00", "2026-03-01 00:00"),  # 30 January in UTC, 23:00
    # Clock changes within, and on the last day.
    ("Europe/Riga", 1, "2026-03-15 10:00", "2026-04-16 00:00"),
    ("Europe/Riga", 1, "2026-02-28 10:00", "2026-03-29 00:00"),  # before the night of the change
    ("Europe/Riga", 1, "2026-03-01 03:30", "2026-04-02 00:00"),
    ("Europe/Riga", 6, "2026-04-25 03:30", "2026-10-26 00:00"),  # a day of 25 hours
    # Midnight itself is skipped in Beirut on 29 March 2026, and comes twice in Havana on 1 November.
    ("Asia/Beirut", 1, "2026-02-28 10:00", "2026-03-29 01:00"),
    ("America/Havana", 1, "2026-09-30 10:00", "2026-10-31 00:00"),
    ("America/Havana", 1, "2026-10-01 10:00", "2026-11-02 00:00"),
]


def moment(shown, zone):
    """ms UTC of what a clock shows; the first, of what it shows twice."""
    return int(datetime.fromisoformat(shown).replace(tzinfo=ZoneInfo(zone)).timestamp()) * 1000


@pytest.mark.parametrize(("zone", "months", "begun", "ends"), ENDS)
def test_a_period_of_months_ends_with_the_day_of_the_same_number(zone, months, begun, ends):
    """Or with the last one of a month that has none of it; and only then is what began so long ago over."""
    began, over = moment(begun, zone), moment(ends, zone)
    assert until(began, months, zone) == over
    assert since(over - 1, months, zone) <= began
    assert since(over, months, zone) > began


def test_a_midnight_that_comes_twice_begins_its_day_once():
    """In Havana on 1 November 2026 the clock shows 00:00 to 01:00 twice: the day begins with the first."""
    begun = moment("2026-09-30 23:00", "America/Havana")
    day = until(begun + 2 * 3_600_000, 1, "America/Havana") - 25 * 3_600_000  # of 1 October, to 1 November
    assert day == moment("2026-11-01 00:00", "America/Havana")
    assert since(moment("2026-12-01 12:00", "America/Havana"), 1, "America/Havana") == day


@settings(deadline=None)
@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1)),
    st.integers(1, 360),
    st.sampled_from(["UTC", "Europe/Riga", "Asia/Beirut", "America/Havana", "Pacific/Apia", "Asia/Tashkent"]),
)
def test_both_ways_of_asking_agree(begun, months, zone):
    """When it is over, and since when it is not."""
    began = int(begun.replace(tzinfo=ZoneInfo(zone)).timestamp()) * 1000
    over = until(began, months, zone)
    assert since(over - 1, months, zone) <= began < since(over, months, zone)
    days = timedelta(milliseconds=over - began).days
    assert months * 28 <= days <= months * 31 + 2


def test_the_settings_count_their_months_by_the_projects_clock():
    """Years as twelve of them."""
    times = Times(stale_months=1, proof_years=2, decision_months=13, zone="Europe/Riga")
    now = moment("2026-03-31 10:00", "Europe/Riga")
    assert times.silent_since(now) == moment("2026-03-01 00:00", "Europe/Riga")
    assert times.proof_since(now) == moment("2024-03-31 00:00", "Europe/Riga")
    assert times.decisions_since(now) == moment("2025-03-01 00:00", "Europe/Riga")
