"""Limits and quiet hours in every zone, from 2020 to 2040, held against the library `whenever`."""

from clocks import clock, meant, places, shown_in
from hypothesis import example, given, settings
from hypothesis import strategies as st
from person import DAY, MINUTE, at

from dsl.graph import Cap, Duration, Limits, Quiet
from engine.core import limits
from engine.core.bundle import Mailed

HALF_HOURS = [f"{hour:02}:{minute}" for hour in range(24) for minute in ("00", "30")]
quiets = st.tuples(st.sampled_from(HALF_HOURS), st.sampled_from(HALF_HOURS)).filter(lambda q: q[0] != q[1])
WAIT = Duration(days=70)
caps = st.builds(Cap, st.integers(1, 2), st.sampled_from(["day", "week", "month"]), st.none(), st.just(WAIT))
rolling = st.builds(
    Cap,
    st.integers(1, 2),
    st.just("rolling"),
    st.sampled_from([Duration(days=1), Duration(days=7), Duration(months=1), Duration(seconds=5400)]),
    st.just(WAIT),
)


def is_quiet(shows: str, start: str, end: str) -> bool:
    """As the words say: from A on, up to but not at B, perhaps across midnight."""
    return start <= shows < end if start < end else shows >= start or shows < end


@settings(max_examples=150)
@given(places, quiets)
@example(("America/Nuuk", at("2024-03-30T22:00")), ("20:00", "23:30"))
@example(("Europe/Riga", at("2026-10-24T23:30")), ("21:00", "03:30"))  # before the hour that comes twice
@example(("Europe/Riga", at("2026-10-25T01:10")), ("21:00", "03:30"))  # within it
@example(("Europe/Riga", at("2026-03-28T20:00")), ("21:00", "03:30"))  # ends in a gap
def test_quiet_ends_at_its_first_moment_that_is_not(place: tuple[str, int], quiet: tuple[str, str]) -> None:
    """By what the clock on the wall shows, minute by minute, across midnight and changes of clocks."""
    name, moment = place
    now = moment // MINUTE * MINUTE
    room = limits.room([(Limits(quiet=(Quiet(*quiet),)), (), clock(name))], now, now, clock(name))
    expected = now
    while is_quiet(shown_in(name, expected).to_stdlib().strftime("%H:%M"), *quiet):
        expected += MINUTE
    assert room.at == expected


def full(cap: Cap, mails: list[int], name: str, moment: int) -> bool:
    """Whether a limit lets no mail go at a moment, asked anew, as the language says it."""
    now = shown_in(name, moment).to_stdlib().date()
    if cap.rolling is not None:
        return sum(leaves(at, cap.rolling, name) > moment for at in mails) >= cap.count
    shown = [shown_in(name, at).to_stdlib().date() for at in mails]
    same = {
        "day": lambda day: day == now,
        "week": lambda day: day.isocalendar()[:2] == now.isocalendar()[:2],
        "month": lambda day: (day.year, day.month) == (now.year, now.month),
    }[cap.unit]
    return sum(map(same, shown)) >= cap.count


def leaves(at: int, length: Duration, name: str) -> int:
    """The same time on the clock, so much later; elapsed time as it passes."""
    if not (length.months or length.days):
        return at + length.seconds * 1000
    return meant(shown_in(name, at).to_plain().add(months=length.months, days=length.days), name)


@given(
    places, st.lists(caps | rolling, min_size=1, max_size=3), st.lists(st.integers(0, 40 * 1440), max_size=5)
)
def test_a_limit_frees_at_the_first_moment(place: tuple[str, int], every: list[Cap], ago: list[int]) -> None:
    """Calendar units begin at the first instant of their first day, Monday first; windows roll on. What is
    given is free, and nothing before it is."""
    name, moment = place
    now = moment // MINUTE * MINUTE
    mails = sorted(now - minutes * MINUTE for minutes in ago)
    counted = [Mailed(at, "", "alpha") for at in mails]
    room = limits.room([(Limits(tuple(every)), counted, clock(name))], now, now, clock(name))
    assert room.at is not None
    assert not any(full(cap, mails, name, room.at) for cap in every)
    before = [*range(now, room.at, max(MINUTE, (room.at - now) // 60)), room.at - 1]
    assert room.at == now or all(any(full(cap, mails, name, at) for cap in every) for at in before)


@given(places, st.lists(st.integers(0, 60 * 1440), max_size=5), st.sampled_from([*"dwm"]))
def test_what_is_forgotten_counts_nowhere(place: tuple[str, int], ago: list[int], unit: str) -> None:
    """Mails are remembered as long as a limit may count them, also where the contact moves."""
    name, now = place
    cap = Cap(1, {"d": "day", "w": "week", "m": "month"}[unit], None, WAIT)  # type: ignore[arg-type]
    mails = [Mailed(now - minutes * MINUTE, "", "alpha") for minutes in ago]
    keep = limits.horizon([Limits((cap,))])
    kept = limits.remembered(mails, now, keep)
    for zone in (name, "Pacific/Kiritimati", "Pacific/Pago_Pago"):
        gone = [mail.at for mail in mails if mail not in kept]
        assert not gone or not full(Cap(1, cap.unit), gone, zone, now)
    assert keep <= 33 * DAY
