"""Starts by the calendar for the members of a segment (language reference, §4 Header lines)."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from flows import program
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from person import DAY, HOUR, MINUTE, MONDAY, NEVER, Person, at

from dsl.graph import Entry, Start, StartAt, StartEvery
from engine.core import calendar
from engine.core.loaded import Loaded
from engine.core.schedule import occasions

FLOW = """
segment rigans "People of Riga"
    contact.city is "Riga"
segment buyers "Bought of late"
    any order_placed in last 7 days
flow letter "Letter"
    start on price_dropped
    enter every time

    send hello
        topic news
"""
EVERY_MONDAY = StartEvery("rigans", "10:00", weekday="monday")


@lru_cache(maxsize=64)
def planned(*starts: Start, entry: Entry = Entry.EVERY_TIME) -> Loaded:
    """The flow with these starts."""
    found = program(FLOW)
    (graph,) = found.flows
    graph = replace(graph, starts=starts, entry=entry).sealed()
    return Loaded(replace(found, flows=(graph,)), (), "Europe/Riga", b"a key for tests")


def rigan(
    *starts: Start, zone: str = "Europe/Riga", now: int = MONDAY, entry: Entry = Entry.EVERY_TIME
) -> Person:
    """A member of `rigans`."""
    return Person(planned(*starts, entry=entry), now=now).learns(city="Riga", time_zone=zone)


def test_months_are_not_gone_through_day_by_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """A year of starts on the last day of the month is a look at each month."""
    looks = []
    day_of_month = calendar.day_of_month

    def counted(month: date, number: int) -> date:
        looks.append(month)
        return day_of_month(month, number)

    monkeypatch.setattr(calendar, "day_of_month", counted)
    start = StartEvery("rigans", "10:00", month_day=31)
    found = [day for day, _ in islice(occasions(start, MONDAY, ZoneInfo("Europe/Riga")), 12)]
    assert (found[0], found[-1]) == ("2026-02-28", "2027-01-31")
    assert len(looks) <= 13


@given(
    st.dates(date(2, 1, 1), date(9999, 11, 1)),
    st.one_of(
        st.builds(StartEvery, st.just("s"), st.just("10:00"), month_day=st.integers(1, 31)),
        st.builds(StartEvery, st.just("s"), st.just("10:00"), weekday=st.sampled_from(calendar.WEEKDAYS)),
        st.just(StartEvery("s", "10:00")),
    ),
)
def test_the_days_of_a_planned_start_are_those_that_the_calendar_shows(
    first: date, start: StartEvery
) -> None:
    """As whoever goes through the calendar day by day finds them, from two days before on."""
    after = calendar.instant(datetime.combine(first, time(12)), ZoneInfo("UTC"))
    days = [first + timedelta(days=ahead) for ahead in range(-2, 40)]
    meant = [day for day in days if _is_meant(start, day)]
    found = [day for day, _ in islice(occasions(start, after, ZoneInfo("UTC")), len(meant))]
    assert found == [str(day) for day in meant]


def _is_meant(start: StartEvery, day: date) -> bool:
    if start.month_day is not None:
        return day == calendar.day_of_month(day, start.month_day)
    return start.weekday is None or calendar.WEEKDAYS[day.weekday()] == start.weekday


def begins(anna: Person, until: str) -> list[int]:
    """When the flow was entered until then."""
    anna.until(at(until))
    return [entry.at for entry in anna.entries if entry.what == "entered"]


@pytest.mark.parametrize(
    ("start", "moments"),
    [
        (EVERY_MONDAY, ["2026-03-02T08:00", "2026-03-09T08:00", "2026-03-16T08:00"]),
        (StartEvery("rigans", "10:00"), ["2026-03-02T08:00", "2026-03-03T08:00", "2026-03-04T08:00"]),
        (
            StartEvery("rigans", "10:00", month_day=31),
            ["2026-03-31T07:00", "2026-04-30T07:00", "2026-05-31T07:00"],
        ),
        (
            StartEvery("rigans", "10:00", month_day=1),
            ["2026-04-01T07:00", "2026-05-01T07:00", "2026-06-01T07:00"],
        ),
    ],
)
def test_a_recurring_start_comes_on_its_days(start: StartEvery, moments: Sequence[str]) -> None:
    """Every week, every day, every month (on its last day where it has no such); nothing is polled for."""
    anna = rigan(start)
    for moment in moments:
        assert anna.next_due() == at(moment)
        anna.until(at(moment))
    assert anna.mails == ["hello"] * 3


def test_people_start_at_their_own_ten_o_clock() -> None:
    """Each on the clock of their own zone, the project's where it is unknown."""
    for zone, moment in (("Asia/Tashkent", "05:00"), ("Europe/Riga", "08:00"), ("America/New_York", "15:00")):
        anna = rigan(StartAt("rigans", "2026-03-04T10:00"), zone=zone)
        assert begins(anna, "2026-04-01T00:00") == [at(f"2026-03-04T{moment}")]


def test_a_one_off_start_comes_once_per_contact_ever() -> None:
    """Whatever they do afterwards, wherever they go, even if its hour is edited on the day."""
    anna = rigan(StartAt("rigans", "2026-03-04T10:00"))
    anna.until(at("2026-03-04T09:00")).learns(time_zone="America/New_York").learns(city="Oslo")
    anna.learns(city="Riga")
    anna.loaded = planned(StartAt("rigans", "2026-03-04T12:00"))
    assert begins(anna.happens("cart_updated"), "2027-04-01T00:00") == [at("2026-03-04T08:00")]
    assert anna.next_due() == NEVER


def test_only_members_of_the_segment_are_armed() -> None:
    """Joining arms, leaving disarms: whoever is outside costs nothing."""
    anna = Person(planned(EVERY_MONDAY)).learns(city="Oslo")
    assert anna.next_due() == NEVER
    assert anna.learns(city="Riga").next_due() == at("2026-03-02T08:00")
    assert anna.learns(city="Oslo").next_due() == NEVER
    assert begins(anna, "2026-05-01T00:00") == []


def test_members_at_that_moment_start() -> None:
    """Who joins at the moment itself is a member (the event is first, the timer second); who leaves at it, or
    by time alone at it, is none."""
    for before, then, mails in (("Oslo", "Riga", ["hello"]), ("Riga", "Oslo", [])):
        anna = Person(planned(StartAt("rigans", "2026-03-02T10:00"))).learns(city=before)
        anna.now = MONDAY + HOUR
        assert anna.learns(city=then).until(MONDAY + DAY).mails == mails
    for passed, mails in ((7 * DAY, []), (7 * DAY - 1, ["hello"])):
        bert = Person(planned(StartAt("buyers", "2026-03-09T10:00")), now=MONDAY + HOUR + 7 * DAY - passed)
        assert bert.happens("order_placed").until(MONDAY + 20 * DAY).mails == mails


def test_who_joins_too_late_waits_for_the_next_time() -> None:
    """A minute behind ten is too late for today, and for ever if there is no next time."""
    for start, due in (
        (EVERY_MONDAY, at("2026-03-09T08:00")),
        (StartAt("rigans", "2026-03-02T10:00"), NEVER),
    ):
        anna = Person(planned(start), now=MONDAY + HOUR + MINUTE).learns(city="Riga")
        assert anna.next_due() == due


def test_those_who_were_members_before_the_flow_was_loaded_are_armed() -> None:
    """With the next word from them, which everybody gets when a program is new."""
    other = Loaded(replace(program(FLOW), flows=()), (), "Europe/Riga", b"a key for tests")
    anna = Person(other).learns(city="Riga")
    assert anna.next_due() == NEVER
    anna.loaded = planned(EVERY_MONDAY)
    assert anna.happens("cart_updated").next_due() == at("2026-03-02T08:00")


@pytest.mark.parametrize(("in_force", "mails"), [("07:59", ["hello"]), ("08:01", [])])
def test_a_start_that_was_over_before_the_flow_was_loaded_starts_nobody(
    in_force: str, mails: list[str]
) -> None:
    """One that came while people were still being told of the flow is not lost."""
    other = Loaded(replace(program(FLOW), flows=()), (), "Europe/Riga", b"a key for tests")
    start = StartAt("rigans", "2026-03-02T10:00")
    anna = Person(other).learns(city="Riga")
    fresh = planned(start)
    fresh.since = at(f"2026-03-02T{in_force}")
    anna.loaded, anna.now = fresh, at("2026-03-02T08:05")
    assert anna.happens("cart_updated").until(anna.now).mails == mails
    newcomer = Person(fresh, "b" * 32, now=anna.now).learns(city="Riga").happens("cart_updated")
    assert newcomer.until(anna.now + DAY).mails == []
    fresh.since = NEVER


def test_a_start_over_which_the_engine_was_down_comes_late_and_once() -> None:
    """Whatever wakes it; then the next one is due."""
    for wake in ("event", "timer"):
        anna = rigan(EVERY_MONDAY)
        anna.now = at("2026-03-04T12:00")
        if wake == "event":
            anna.happens("cart_updated")
        assert anna.until(anna.now).mails == ["hello"]
        assert anna.next_due() == at("2026-03-09T08:00")


def test_who_travels_starts_once_a_day() -> None:
    """West over the date line the same days come again, and days before them: none starts twice."""
    anna = rigan(StartEvery("rigans", "10:00"), zone="Pacific/Kiritimati", now=at("2026-03-02T19:00"))
    anna.until(at("2026-03-02T20:30"))  # 10:00 on the third, there
    assert anna.mails == ["hello"]
    anna.learns(time_zone="Pacific/Midway")  # still 09:30 on the second
    assert anna.next_due() == at("2026-03-04T21:00")
    east = rigan(EVERY_MONDAY, zone="America/New_York")
    east.until(at("2026-03-02T12:00")).learns(time_zone="Asia/Tashkent")
    assert east.next_due() == east.now
    assert east.until(at("2026-03-09T04:59")).mails == ["hello"]


def test_the_entry_rules_hold_for_planned_starts() -> None:
    """`enter once` is once, and a marketing flow starts for people only who may be mailed."""
    anna = rigan(EVERY_MONDAY, entry=Entry.ONCE).pass_(21 * DAY)
    assert anna.mails == ["hello"]
    assert anna.story("letter").count("not_entered entered_before") == 2
    found = planned(EVERY_MONDAY)
    (graph,) = found.program.flows
    marketing = replace(graph, topic="news").sealed()
    bert = Person(Loaded(replace(found.program, flows=(marketing,)), (), "Europe/Riga", b"k"))
    bert.learns(city="Riga").pass_(3 * HOUR)
    assert bert.story("letter") == ["not_entered not_subscribed"]
    assert bert.agrees("news").pass_(7 * DAY).mails == ["hello"]


def test_several_planned_starts_stand_side_by_side() -> None:
    """Tuesdays and Fridays, and a campaign."""
    tuesday, friday = (StartEvery("rigans", "10:00", weekday=day) for day in ("tuesday", "friday"))
    anna = rigan(tuesday, friday, StartAt("rigans", "2026-03-04T10:00"))
    days = ["2026-03-03", "2026-03-04", "2026-03-06", "2026-03-10"]
    assert begins(anna, "2026-03-11T00:00") == [at(f"{day}T08:00") for day in days]


PLANS = [
    StartEvery("rigans", "02:30"),
    StartEvery("rigans", "00:00", weekday="sunday"),
    StartEvery("rigans", "23:59", month_day=31),
]


@given(
    st.sampled_from(PLANS),
    st.integers(at("2020-01-01T00:00"), at("2035-01-01T00:00")),
    st.sampled_from(["Europe/Riga", "America/New_York", "Pacific/Kiritimati", "Australia/Lord_Howe"]),
)
def test_occasions_are_in_order_and_none_is_left_out(start: StartEvery, after: int, zone: str) -> None:
    """Each day has its own, at a later moment than the one before, whatever clocks do in between; the first
    lies before the moment that is asked for."""
    clock = ZoneInfo(zone)
    found = list(islice(occasions(start, after, clock), 40))
    assert [name for name, _ in found] == sorted({name for name, _ in found})
    assert all(one < other for (_, one), (_, other) in pairwise(found))
    days = (date.fromisoformat(other) - date.fromisoformat(one) for (one, _), (other, _) in pairwise(found))
    meant = {7} if start.weekday else {28, 29, 30, 31} if start.month_day else {1}
    assert {gap.days for gap in days} <= meant
    first = date.fromisoformat(found[0][0])
    assert start.weekday or start.month_day or calendar.day(after, clock) - first == timedelta(days=2)
