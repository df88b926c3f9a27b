"""`in last D`, `time since`, `years since` and `today` in every zone, from 2020 to 2040: what they say, held
against the library `whenever`, and that the moment is armed at which time alone changes them."""

from clocks import FIRST, at_time, clock, meant, places, shown_in, transitions, zones
from hypothesis import given
from hypothesis import strategies as st
from person import ANNA, DAY, MINUTE
from whenever import PlainDateTime

from dsl import graph as g
from dsl.graph import Duration
from engine.core.boundary import boundaries, next_boundary, next_turn
from engine.core.bundle import Bundle, Seen
from engine.core.calendar import NEVER
from engine.core.conditions import Scene, condition

LENGTHS = [
    Duration(seconds=3600),
    Duration(days=1),
    Duration(days=30),
    Duration(months=1),
    Duration(months=1, days=1, seconds=1800),
    Duration(months=12),
]
lengths = st.sampled_from(LENGTHS)
ago = st.integers(0, 420 * 1440).map(lambda minutes: minutes * MINUTE)


def behind(at: int, length: Duration, name: str) -> int:
    """The moment that lies so far behind another."""
    moved = at
    if length.months or length.days:
        moved = meant(shown_in(name, at).to_plain().add(months=length.months, days=length.days), name)
    return moved + length.seconds * 1000


def bundle(events: list[int], **attributes: object) -> Bundle:
    windows = {"order_placed": tuple(Seen(at, {}) for at in sorted(events))}
    return Bundle(ANNA, created=1, windows=windows, attributes=attributes)


def armed(test: g.Condition, of: Bundle, now: int, name: str, far: int) -> None:
    """Between now and the moment that is armed nothing changes; so from boundary to boundary, until `far`."""
    says, moments = condition(test), boundaries(test)
    for _ in range(12):
        scene = Scene(of, now, clock(name))
        turn = min(next_boundary(moments, scene), far)
        now_says = says(scene)
        for moment in (now + 1, *range(now, turn, max(1, (turn - now) // 50)), turn - 1):
            if now < moment < turn:
                assert says(Scene(of, moment, clock(name))) is now_says
        if turn >= far:
            return
        now = turn


@given(places, lengths, st.lists(ago, min_size=1, max_size=5))
def test_in_last(place: tuple[str, int], length: Duration, before: list[int]) -> None:
    """An event is in it until so much has passed since."""
    name, now = place
    events = [now - each for each in before]
    count = sum(behind(at, length, name) > now for at in events)
    of = bundle(events)
    scene = Scene(of, now, clock(name))
    history = g.History("count", "order_placed", span=g.LastSpan(length))
    for number in range(len(events) + 2):
        assert condition(g.Compare("is", history, g.Number(number)))(scene) is (count == number)
    existence = g.History("any", "order_placed", span=g.LastSpan(length))
    assert condition(existence)(scene) is (count > 0)
    armed(g.Compare("is", history, g.Number(max(count - 1, 0))), of, now, name, now + 430 * DAY)


@given(zones, st.data(), st.sampled_from([1, 7, 30, 154, 182]))
def test_in_last_with_events_about_a_change_of_clocks(name: str, data: st.DataObject, days: int) -> None:
    """What happened in the hour that comes twice leaves in another order than it came."""
    changes = transitions(name)
    start = data.draw(st.sampled_from(changes) if changes else st.just(FIRST))
    minutes = data.draw(st.lists(st.integers(-75, 75), min_size=2, max_size=4))
    events = [start + minute * MINUTE for minute in minutes]
    asked = g.Compare(
        ">", g.History("count", "order_placed", span=g.LastSpan(Duration(days=days))), g.Number(1)
    )
    armed(asked, bundle(events), max(events), name, max(events) + (days + 2) * DAY)


@given(zones, st.integers(2020, 2040), st.integers(1, 12), st.data())
def test_in_last_month_with_events_about_its_end(
    name: str, year: int, month: int, data: st.DataObject
) -> None:
    """What happened late on the 29th leaves on the 28th behind what happened early on the 31st."""
    begins = meant(PlainDateTime(year, month, 1).add(months=1).add(days=-4), name)
    hours = data.draw(st.lists(st.integers(0, 96), min_size=2, max_size=4))
    events = [begins + hour * 60 * MINUTE for hour in hours]
    span = g.LastSpan(Duration(months=1))
    for count in range(len(events)):
        asked = g.Compare(">", g.History("count", "order_placed", span=span), g.Number(count))
        armed(asked, bundle(events), max(events), name, max(events) + 34 * DAY)


@given(places, lengths, ago, st.sampled_from(["<", "<=", ">", ">="]))
def test_time_since(place: tuple[str, int], length: Duration, before: int, operator: str) -> None:
    """`time since X > D` means X + D < now, to the instant."""
    name, now = place
    of = bundle([], renewal=now - before)
    test = g.TimeSince(g.Attribute("renewal"), operator, length)  # type: ignore[arg-type]
    end = behind(now - before, length, name)
    for at in (now, end - 1, end, end + 1):
        said = {"<": end > at, "<=": end >= at, ">": end < at, ">=": end <= at}[operator]
        assert condition(test)(Scene(of, at, clock(name))) is said
    armed(test, of, now, name, max(now, end) + DAY)


@given(places, st.integers(-1, 1))
def test_years_since(place: tuple[str, int], beside: int) -> None:
    """Whole years on the flow's clock: one more from the first instant of the birthday on."""
    name, now = place
    today = shown_in(name, now).to_plain()
    first = today.add(days=-beside).add(years=-30).to_stdlib().date()
    of = bundle([], birthday=first)
    birthday = first.month, first.day
    shown = today.to_stdlib().date()
    if birthday == (2, 29) and not (shown.year % 4 == 0 and (shown.year % 100 or shown.year % 400 == 0)):
        birthday = 2, 28
    years = shown.year - first.year - ((shown.month, shown.day) < birthday)
    test = g.Compare("is", g.YearsSince(g.Attribute("birthday")), g.Number(years))
    assert condition(test)(Scene(of, now, clock(name)))
    armed(test, of, now, name, now + 3 * DAY)


@given(places, st.integers(0, 2))
def test_today(place: tuple[str, int], ahead: int) -> None:
    """It becomes that day at its first instant, wherever clocks change at midnight; no look comes before."""
    name, now = place
    shown = shown_in(name, now).to_plain()
    day = shown.add(days=ahead).to_stdlib().date()
    test = g.Compare("is", g.Today(), g.Day(day))
    of = bundle([])
    assert condition(test)(Scene(of, now, clock(name))) is (ahead == 0)
    begins = at_time(shown.add(days=ahead or 1), "00:00", name)
    assert next_turn(condition(test), boundaries(test), Scene(of, now, clock(name))) == begins < NEVER
    armed(test, of, now, name, now + 4 * DAY)
