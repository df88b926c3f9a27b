"""Every zone of the tz database and what its clocks do from 2020 to 2040, told by the library `whenever`."""

from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from person import at
from whenever import Instant, PlainDateTime, SkippedTime, ZonedDateTime

from dsl.graph import Duration
from engine.core import calendar

ZONES = sorted(resources.files("tzdata").joinpath("zones").read_text("utf-8").split())
FIRST, LAST = at("2020-01-01T00:00"), at("2041-01-01T00:00")

AWKWARD = """
    Africa/Cairo Africa/Casablanca America/Havana America/Nuuk America/Scoresbysund Antarctica/Casey
    Antarctica/Troll Asia/Almaty Asia/Beirut Asia/Gaza Australia/Lord_Howe Europe/Riga
""".split()
"""Where clocks change by half an hour or by three, at midnight or before it, or as a government decrees."""

zones = st.sampled_from(AWKWARD) | st.sampled_from(ZONES)
instants = st.integers(FIRST, LAST)
durations = st.builds(
    Duration, st.integers(0, 30), st.integers(0, 400), st.integers(0, 400 * 3600).map(lambda s: s // 60 * 60)
)
times = st.times().map(lambda time: time.strftime("%H:%M"))


def shown_in(name: str, moment: int) -> ZonedDateTime:
    """An instant in a zone, by the oracle."""
    return Instant.from_timestamp(moment, unit="millisecond").to_tz(name)


@cache
def transitions(name: str) -> list[int]:
    """Every clock change of a zone in those years."""
    found = []
    change = shown_in(name, FIRST).next_transition()
    while change is not None and change.timestamp(unit="millisecond") < LAST:
        found.append(change.timestamp(unit="millisecond"))
        change = change.next_transition()
    return found


@st.composite
def near_a_change(draw: st.DrawFn) -> tuple[str, int]:
    """A zone, and an instant within a day and a half of one of its clock changes, if it has any."""
    name = draw(zones)
    changes = transitions(name)
    moment = draw(st.sampled_from(changes)) if changes else draw(instants)
    hours = draw(st.sampled_from([2, 36]))
    return name, moment + draw(st.integers(-hours * 60, hours * 60)) * 60_000


places = st.one_of(st.tuples(zones, instants), near_a_change())
"""A zone and an instant; half of them near a clock change."""


def clock(name: str) -> ZoneInfo:
    """A zone that is there."""
    found = calendar.zone(name)
    assert found is not None
    return found


def meant(shown: PlainDateTime, name: str) -> int:
    """What the language means by a wall-clock time, as `whenever` has it."""
    try:
        return shown.assume_tz(name, disambiguation="raise").timestamp(unit="millisecond")
    except SkippedTime:
        before = shown.assume_tz(name, disambiguation="earlier")
        after = before.next_transition()
        assert after is not None
        return after.timestamp(unit="millisecond")
    except ValueError:  # twice
        return shown.assume_tz(name, disambiguation="earlier").timestamp(unit="millisecond")


def millisecond(moment: Instant | ZonedDateTime) -> int:
    """An instant of the oracle as the engine has it."""
    return moment.timestamp(unit="millisecond")


def at_time(day: PlainDateTime, time: str, name: str) -> int:
    """What a time of day means on the day of `day`."""
    hour, minute = map(int, time.split(":"))
    return meant(PlainDateTime(day.year, day.month, day.day, hour, minute), name)
