"""Waits and starts by the clock, in every zone and from 2020 to 2040, held against the library `whenever`."""

from datetime import date
from itertools import islice

import pytest
from clocks import ZONES, at_time, clock, meant, places, shown_in, times, zones
from flows import loaded
from hypothesis import given
from hypothesis import strategies as st
from person import Person
from whenever import PlainDateTime

from dsl.graph import Attribute, Duration, StartAt, StartEvery, StartOnDate
from engine.core import calendar, dates, schedule

offsets = st.builds(Duration, st.integers(0, 14), st.integers(0, 40), st.sampled_from([0, 0, 3600, 90_000]))
days = st.dates(date(1930, 1, 1), date(2035, 12, 31))


def due(wait: str, name: str, start: int) -> int:
    """When a wait ends that begins then, there."""
    text = f"flow alpha\n    start on cart_updated\n    enter every time\n\n    {wait}\n"
    anna = Person(loaded(text), now=start).learns(time_zone=name).happens("cart_updated")
    return anna.journey("alpha").due


def around(name: str, moment: int, ahead: int) -> list[PlainDateTime]:
    """The days from yesterday on, as that clock shows them."""
    today = shown_in(name, moment).to_plain()
    return [today.add(days=step) for step in range(-1, ahead)]


@given(places, st.sampled_from(["00:00", "02:30", "09:00", "23:30"]), st.integers(1, 3))
def test_wait_for_days_at_a_time(place: tuple[str, int], time: str, length: int) -> None:
    """The first such time not before the days have passed."""
    name, start = place
    passed = meant(shown_in(name, start).to_plain().add(days=length), name)
    every = [at_time(day, time, name) for day in around(name, start, length + 3)]
    assert due(f"wait {length} days at {time}", name, start) == min(at for at in every if at >= passed)


@given(places, st.sampled_from(["00:00", "02:30", "09:00", "23:30"]), st.booleans())
def test_wait_until_a_time_of_day(place: tuple[str, int], time: str, at_the_time: bool) -> None:
    """The next such moment strictly after now, also from one such moment on."""
    name, moment = place
    start = at_time(shown_in(name, moment).to_plain(), time, name) if at_the_time else moment
    every = [at_time(day, time, name) for day in around(name, start, 3)]
    assert due(f"wait until {time}", name, start) == min(at for at in every if at > start)


@given(places, st.sampled_from(["saturday", "sunday"]), st.sampled_from(["00:00", "02:30", "23:30"]))
def test_wait_until_a_day_of_the_week(place: tuple[str, int], weekday: str, time: str) -> None:
    """The first such time of such a day, strictly after now."""
    name, start = place
    wanted = calendar.WEEKDAYS.index(weekday)
    every = [
        at_time(day, time, name) for day in around(name, start, 9) if day.to_stdlib().weekday() == wanted
    ]
    assert due(f"wait until {weekday} at {time}", name, start) == min(at for at in every if at > start)


@given(places, st.sampled_from(["00:00", "02:30", "23:30"]))
def test_wait_until_a_date(place: tuple[str, int], time: str) -> None:
    """That time of that day, which is over at once where it has passed."""
    name, start = place
    wait = "wait until contact.birthday at {time}\n    wait 3 years"
    text = f"flow alpha\n    start on cart_updated\n\n    {wait}\n"
    shown = shown_in(name, start).to_plain()
    for day in (shown, shown.add(days=1), shown.add(days=300)):
        anna = Person(loaded(text.format(time=time)), now=start)
        anna.learns(time_zone=name, birthday=day.to_stdlib().date()).happens("cart_updated")
        moment = at_time(day, time, name)
        assert ("passed wait_1 date_passed" in anna.story("alpha")) is (moment <= start)
        assert moment <= start or anna.journey("alpha").due == moment


@given(zones, days, st.none() | offsets, st.booleans(), times, places)
def test_starts_on_a_date_of_every_year(
    name: str, born: date, offset: Duration | None, before: bool, time: str, place: tuple[str, int]
) -> None:
    """On the anniversary (29 February on the 28th in other years), so much before or after it, at that time
    of that day; from the first anniversary on, earliest first, none left out that lies ahead."""
    _, after = place
    start = StartOnDate(Attribute("birthday"), time, every_year=True, offset=offset, before=before)
    found = list(islice(dates.occasions(start, born, after, clock(name)), 8))
    length, sign = offset or Duration(), -1 if before else 1
    expected = []
    for year in range(born.year + 1, 2060):
        shown = PlainDateTime(born.year, born.month, born.day).add(years=year - born.year)
        moved = shown.add(months=sign * length.months, days=sign * length.days)
        expected.append(at_time(moved, time, name) + sign * length.seconds * 1000)
    moments = [moment for _, moment in found]
    assert moments == sorted(moments)
    assert moments == expected[expected.index(moments[0]) :][:8]
    assert moments[0] == expected[0] or moments[0] <= after


@given(
    zones,
    st.sampled_from([{}, {"weekday": "saturday"}, {"month_day": 31}, {"month_day": 29}]),
    times,
    places,
)
def test_starts_by_the_calendar(
    name: str, every: dict[str, int | str], time: str, place: tuple[str, int]
) -> None:
    """Every day, every Saturday, every month (on its last day if short): at that time, none left out."""
    _, after = place
    start = StartEvery("rigans", time, **every)  # type: ignore[arg-type]
    found = [moment for _, moment in islice(schedule.occasions(start, after, clock(name)), 6)]
    shown = shown_in(name, after).to_plain()
    meant_days = []
    for step in range(-2, 220):
        day = shown.add(days=step)
        last = day.add(days=1).month != day.month
        if "weekday" in every and day.to_stdlib().weekday() != calendar.WEEKDAYS.index("saturday"):
            continue
        if "month_day" in every and not (
            day.day == every["month_day"] or (last and day.day < int(every["month_day"]))
        ):
            continue
        meant_days.append(day)
    assert found == [at_time(day, time, name) for day in meant_days[:6]]


@given(places)
def test_a_one_off_start_is_that_wall_clock_time(place: tuple[str, int]) -> None:
    """On each contact's clock, whatever that does at the time."""
    name, moment = place
    shown = shown_in("UTC", moment).to_plain().replace(second=0, nanosecond=0)
    start = StartAt("rigans", shown.to_stdlib().isoformat(timespec="minutes"))
    ((day, found),) = schedule.occasions(start, moment, clock(name))
    assert (day, found) == (str(shown.date()), meant(shown, name))


@pytest.mark.parametrize("name", ZONES)
def test_every_zone_of_the_database_is_known(name: str) -> None:
    """Under the name that the database gives it, links included; and not by the names that a system adds."""
    assert clock(name).key == name
    assert calendar.zone(f"right/{name}") is None
    assert calendar.zone(f"posix/{name}") is None
