"""Time on a wall clock, held against the library `whenever` in every zone, and by hand where awkward."""

from datetime import UTC, date, datetime, timedelta

import pytest
from clocks import at_time, clock, durations, meant, places, shown_in, times
from hypothesis import example, given, settings
from hypothesis import strategies as st
from person import DAY, HOUR, at

from dsl.graph import Duration
from engine.core import calendar


@given(places)
def test_the_wall_shows_what_the_oracle_shows(place: tuple[str, int]) -> None:
    """In every zone, at every instant."""
    name, moment = place
    expected = shown_in(name, moment).to_plain().to_stdlib()
    assert calendar.wall(moment, clock(name)) == expected


@given(places)
def test_a_wall_clock_time_means_one_instant(place: tuple[str, int]) -> None:
    """The first instant after a gap, the first of two."""
    name, moment = place
    shown = shown_in("UTC", moment).to_plain()  # any wall clock time at all
    assert calendar.instant(shown.to_stdlib(), clock(name)) == meant(shown, name)


@settings(max_examples=150)
@given(places, durations)
def test_adding_a_duration(place: tuple[str, int], length: Duration) -> None:
    """Months first, then days, on the wall; then elapsed time."""
    name, start = place
    shown = shown_in(name, start).to_plain()
    moved = (
        meant(shown.add(months=length.months, days=length.days), name)
        if length.months or length.days
        else start
    )
    assert calendar.add(start, length, clock(name)) == moved + length.seconds * 1000


@given(places, durations)
def test_within_is_what_adding_says(place: tuple[str, int], length: Duration) -> None:
    """Its short cuts for what is far off change nothing, on either side of the end."""
    name, start = place
    end = calendar.add(start, length, clock(name))
    for now in (start, end - 40 * DAY, end - 2 * DAY, end - 1, end, end + 1, end + 2 * DAY, end + 40 * DAY):
        assert calendar.within(start, length, now, clock(name)) is (now < end)


@settings(max_examples=200)
@given(places, times, st.none() | st.sampled_from(calendar.WEEKDAYS))
@example(("America/Nuuk", at("2024-03-31T01:00")), "23:30", None)  # Saturday's, moved to Sunday 00:00
def test_next_at_is_the_first_such_time(place: tuple[str, int], wanted: str, weekday: str | None) -> None:
    """Of all days around, also of yesterday, whose evening a gap may move into today: not before the start,
    and never later than need be."""
    name, earliest = place
    today = shown_in(name, earliest).to_plain()
    days = [today.add(days=ahead) for ahead in range(-1, 9)]
    if weekday is not None:
        days = [day for day in days if calendar.WEEKDAYS[day.to_stdlib().weekday()] == weekday]
    candidates = [at_time(day, wanted, name) for day in days]
    found = calendar.next_at(earliest, wanted, clock(name), weekday)
    assert found == min(moment for moment in candidates if moment >= earliest)


@given(places)
def test_midnight_begins_the_day(place: tuple[str, int]) -> None:
    """The instant is of that day, the one before it of another, wherever clocks change at midnight."""
    name, moment = place
    day = calendar.day(moment, clock(name))
    begins = calendar.midnight(day, clock(name))
    assert calendar.day(begins, clock(name)) == day
    assert calendar.day(begins - 1, clock(name)) != day
    oracle = shown_in(name, moment).start_of("day").timestamp(unit="millisecond")
    assert begins == oracle


@given(st.dates(date(1900, 1, 1), date(2040, 12, 31)), st.dates(date(1900, 1, 1), date(2040, 12, 31)))
def test_whole_years_count_anniversaries(one: date, other: date) -> None:
    """As many as there are birthdays up to and including that day."""
    since, until = sorted((one, other))
    birthdays = 0
    for year in range(since.year + 1, until.year + 1):
        leap = (
            since.month == 2 and since.day == 29 and not (year % 4 == 0 and (year % 100 or year % 400 == 0))
        )
        birthdays += since.replace(year=year, day=28 if leap else since.day) <= until
    assert calendar.whole_years(since, until) == birthdays


def utc(text: str) -> int:
    """An instant with seconds."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1000


@pytest.mark.parametrize(
    ("name", "start", "length", "end"),  # start and end in UTC
    [
        # gaps: the first instant after them
        ("Europe/Riga", "2026-03-28T01:30", Duration(days=1), "2026-03-29T01:00"),
        ("America/New_York", "2026-03-07T07:15", Duration(days=1), "2026-03-08T07:00"),
        ("Australia/Lord_Howe", "2026-10-02T15:40", Duration(days=1), "2026-10-03T15:30"),  # half an hour
        ("Asia/Beirut", "2026-03-27T22:30", Duration(days=1), "2026-03-28T22:00"),  # midnight is skipped
        ("America/Santiago", "2026-09-05T04:30", Duration(days=1), "2026-09-06T04:00"),
        ("Africa/Cairo", "2026-04-22T22:10", Duration(days=1), "2026-04-23T22:00"),
        # overlaps: the first of the two
        ("Europe/Riga", "2026-10-24T00:30", Duration(days=1), "2026-10-25T00:30"),
        ("America/New_York", "2026-10-31T05:30", Duration(days=1), "2026-11-01T05:30"),
        ("Australia/Lord_Howe", "2026-04-03T14:45", Duration(days=1), "2026-04-04T14:45"),
        ("America/Havana", "2026-10-31T04:30", Duration(days=1), "2026-11-01T04:30"),
        # ends of months
        ("UTC", "2026-01-31T10:00", Duration(months=1), "2026-02-28T10:00"),
        ("UTC", "2028-01-31T10:00", Duration(months=1), "2028-02-29T10:00"),
        ("UTC", "2026-01-31T10:00", Duration(months=1, days=1), "2026-03-01T10:00"),  # months first
        ("UTC", "2026-12-31T10:00", Duration(months=2), "2027-02-28T10:00"),
        ("UTC", "2028-02-29T10:00", Duration(months=12), "2029-02-28T10:00"),
        ("UTC", "2028-02-29T10:00", Duration(months=48), "2032-02-29T10:00"),
        # zones far from UTC, and beside midnight
        (
            "Pacific/Kiritimati",
            "2026-01-30T10:30",
            Duration(months=1),
            "2026-02-27T10:30",
        ),  # 31 January there
        ("Pacific/Pago_Pago", "2026-02-01T05:00", Duration(months=1), "2026-03-01T05:00"),  # 31 January there
        ("Asia/Kathmandu", "2026-01-01T18:20", Duration(days=1), "2026-01-02T18:20"),
        ("Pacific/Chatham", "2026-09-25T14:00", Duration(days=1), "2026-09-26T14:00"),
        # elapsed time does not look at the wall
        ("Europe/Riga", "2026-03-28T10:00", Duration(seconds=86_400), "2026-03-29T10:00"),
        ("Europe/Riga", "2026-03-28T10:00", Duration(days=1, seconds=3600), "2026-03-29T10:00"),
    ],
)
def test_awkward_sums(name: str, start: str, length: Duration, end: str) -> None:
    """Worked out by hand."""
    assert calendar.add(at(start), length, clock(name)) == at(end)


@pytest.mark.parametrize(
    ("name", "earliest", "wanted", "found"),
    [
        ("Europe/Riga", "2026-03-02T07:00", "09:00", "2026-03-02T07:00"),
        ("Europe/Riga", "2026-03-02T07:01", "09:00", "2026-03-03T07:00"),
        ("Europe/Riga", "2026-03-28T22:00", "03:30", "2026-03-29T01:00"),
        ("Asia/Beirut", "2026-03-28T20:00", "00:00", "2026-03-28T22:00"),
        ("America/Havana", "2026-11-01T04:30", "00:30", "2026-11-01T04:30"),
        ("America/Havana", "2026-11-01T04:31", "00:30", "2026-11-02T05:30"),
        ("UTC", "2028-02-28T12:00", "11:59", "2028-02-29T11:59"),
        ("UTC", "2026-12-31T23:59", "00:00", "2027-01-01T00:00"),
    ],
)
def test_awkward_times_of_day(name: str, earliest: str, wanted: str, found: str) -> None:
    """Worked out by hand."""
    assert calendar.next_at(at(earliest), wanted, clock(name)) == at(found)


NO_ZONES = ["", "Mars/Base", "../etc/passwd", "/etc/passwd", "Europe", "a" * 9999, "\0", "\ud800", "UTC\n"]


@pytest.mark.parametrize("name", NO_ZONES)
def test_what_is_no_zone_is_none(name: str) -> None:
    """Whatever a contact's attribute says: no error, no file outside of the zones."""
    assert calendar.zone(name) is None


@pytest.mark.parametrize("moment", [-(2**62), -62_135_596_800_000, 253_402_300_799_999, 2**62])
@pytest.mark.parametrize("name", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_moments_beyond_the_calendar_fail_nothing(moment: int, name: str) -> None:
    """A date of birth in year 1 or a renewal in year 9999 is odd, and no reason to stop."""
    where = clock(name)
    for length in (Duration(months=900), Duration(days=9_999_999), Duration(seconds=10**9)):
        for sign in (1, -1):
            calendar.add(moment, length, where, sign)
        calendar.within(moment, length, 0, where)
    assert calendar.next_at(moment, "09:00", where) >= moment
    for day in (date.min, date.max):
        assert isinstance(calendar.midnight(day, where), int)
    assert calendar.wall(moment, where).year in (1, 9999)


def test_a_whole_day_that_a_zone_left_out() -> None:
    """Samoa had no 30 December 2011: it begins where the 31st does."""
    apia = clock("Pacific/Apia")
    assert calendar.midnight(date(2011, 12, 30), apia) == calendar.midnight(date(2011, 12, 31), apia)
    start = utc("2011-12-29T19:00:00")  # 09:00 on the 29th
    assert calendar.add(start, Duration(days=1), apia) == utc("2011-12-30T10:00:00")
    assert calendar.day(start + 2 * HOUR, apia) == date(2011, 12, 29)
    assert timedelta(milliseconds=start % DAY) == timedelta(hours=19)
