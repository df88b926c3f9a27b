"""The next instant at which time alone changes a condition, held against looking at every instant at which
anything could: for every form of condition, alone and put together, in every zone and about clock changes."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from clocks import clock, meant, places, shown_in
from flows import loaded
from hypothesis import given
from hypothesis import strategies as st
from person import ANNA, DAY, HOUR, MINUTE, NEVER, Person, at
from whenever import PlainDateTime

from dsl import graph as g
from dsl.graph import Duration
from engine.core.boundary import boundaries, next_turn
from engine.core.bundle import Bundle, Happened, Journey, Learned, Seen
from engine.core.conditions import Scene, condition

HORIZON = 45 * DAY
SPANS = (
    Duration(seconds=7200),
    Duration(days=1),
    Duration(days=30),
    Duration(months=1),
    Duration(days=1, seconds=1800),
)
EVENTS = ("order_placed", "email_opened")
SIGNS = ("is", "is not", "<", "<=", ">", ">=")
PATH = ("total",)

lengths = st.sampled_from(SPANS)
numbers = st.sampled_from([Decimal(number) for number in ("-1", "0", "1", "2", "2.5", "3", "30", "31")]).map(
    g.Number
)
RENEWAL, BIRTHDAY = g.Attribute("renewal"), g.Attribute("birthday")
days = st.sampled_from([g.Today(), BIRTHDAY, RENEWAL, g.Now()])
moments = st.sampled_from([g.Now(), RENEWAL, g.History("last", "order_placed", ("at",))])
spans = st.one_of(
    st.none(),
    lengths.map(g.LastSpan),
    st.just(g.SinceEntry()),
    st.sampled_from([g.SinceDate(value) for value in (g.Today(), g.Now(), BIRTHDAY, RENEWAL)]),
)
wheres = st.one_of(
    st.none(),
    st.builds(g.Compare, st.sampled_from(SIGNS), st.just(g.Field(PATH)), numbers),
    st.builds(g.TimeSince, st.just(g.Field(("at",))), st.sampled_from(SIGNS[2:]), lengths),
    st.builds(g.Compare, st.sampled_from(SIGNS), st.just(g.Field(("at",))), st.just(g.Today())),
)
events = st.sampled_from(EVENTS)
existences = st.builds(g.History, st.sampled_from(["any", "no"]), events, st.just(()), wheres, spans)
counts = st.builds(g.History, st.just("count"), events, st.just(()), wheres, spans)
aggregates = st.builds(
    g.History,
    st.sampled_from(["sum", "average", "largest", "smallest", "first", "last"]),
    events,
    st.just(PATH),
    wheres,
    spans,
)
years = st.sampled_from([g.YearsSince(BIRTHDAY), g.YearsSince(RENEWAL)])
reckoned = st.builds(g.Arithmetic, st.sampled_from(["+", "-", "*", "/"]), counts | years, numbers)
amounts = counts | aggregates | years | reckoned | numbers | st.just(g.Attribute("visits"))
leaves = st.one_of(
    existences,
    st.builds(g.Compare, st.sampled_from(SIGNS), amounts, amounts),
    st.builds(g.Between, amounts, numbers, amounts),
    st.builds(g.OneOf, amounts, st.lists(amounts, min_size=1, max_size=3).map(tuple), st.booleans()),
    st.builds(g.Compare, st.sampled_from(SIGNS), days, days),
    st.builds(g.Compare, st.sampled_from(SIGNS), moments, moments),
    st.builds(g.Between, days, days, days),
    st.builds(g.TimeSince, moments | days, st.sampled_from(SIGNS[2:]), lengths),
    st.builds(g.Known, aggregates, st.booleans()),
)
conditions = st.recursive(
    leaves,
    lambda parts: st.one_of(
        st.builds(g.Not, parts),
        st.lists(parts, min_size=2, max_size=3).map(tuple).map(g.And),
        st.lists(parts, min_size=2, max_size=3).map(tuple).map(g.Or),
    ),
    max_leaves=3,
)
ago = st.integers(0, 32 * 1440).map(lambda minutes: minutes * MINUTE)


def behind(moment: int, length: Duration, name: str) -> int:
    """The moment that lies so far behind another, as `whenever` has it."""
    if length.months or length.days:
        shown = shown_in(name, moment).to_plain()
        moment = meant(shown.add(months=length.months, days=length.days), name)
    return moment + length.seconds * 1000


def everything(of: Bundle, now: int, name: str, more: list[int]) -> list[int]:
    """Every instant until the horizon at which anything that these conditions ask for could change, those
    beside it, and some others."""
    known = [seen.at for window in of.windows.values() for seen in window]
    known += [since - 1 for since in of.known_since.values()]
    known += [value for value in of.attributes.values() if isinstance(value, int)]
    shown = shown_in(name, now).to_plain()
    first = PlainDateTime(shown.year, shown.month, shown.day)
    midnights = [meant(first.add(days=day), name) for day in range(HORIZON // DAY + 2)]
    found = set(midnights) | {now + part for part in more}
    for moment in [*known, *midnights]:
        found |= {moment, *(behind(moment, length, name) for length in SPANS)}
    # the day of a moment that `time since` asks for may be asked for instead of it
    found |= {moment + beside for moment in found for beside in (-1, 1, 2)}
    return sorted(moment for moment in found if now < moment < now + HORIZON)


@st.composite
def people(draw: st.DrawFn) -> tuple[str, int, Bundle, Journey]:
    """Somebody in some zone, at a moment often near a clock change, with a past."""
    name, now = draw(places)

    def past() -> tuple[Seen, ...]:
        moments_ = sorted(draw(st.lists(ago, max_size=4)), reverse=True)
        return tuple(Seen(now - moment, {"total": Decimal(draw(st.integers(0, 4)))}) for moment in moments_)

    today = shown_in(name, now).to_plain().to_stdlib().date()
    attributes: dict[str, object] = {
        "renewal": now + draw(st.integers(-40 * 1440, 40 * 1440)) * MINUTE,
        "birthday": today.replace(day=1) + timedelta(days=draw(st.integers(-800, 40))),
        "visits": Decimal(draw(st.integers(0, 3))),
    }
    for unknown in draw(st.sets(st.sampled_from(sorted(attributes)), max_size=1)):
        del attributes[unknown]
    created = now - draw(ago) - DAY
    since = draw(st.none() | ago.map(lambda moment: now - moment))
    of = Bundle(
        ANNA,
        created=created,
        attributes=attributes,
        windows={event: past() for event in EVENTS},
        agreed=frozenset() if since is None else frozenset({"measurement"}),
        known_since={} if since is None else {"measurement": since},
    )
    journey = Journey("1" * 32, ANNA, "asks", "", 0, NEVER, 0, now - draw(ago), "", {})
    return name, now, of, journey


@given(people(), conditions, st.lists(st.integers(1, HORIZON), max_size=5))
def test_nothing_changes_before_the_armed_moment_and_there_it_does(
    person: tuple[str, int, Bundle, Journey], asked: g.Condition, more: list[int]
) -> None:
    """No look comes too late, none in vain, and where none is armed nothing changes."""
    name, now, of, journey = person
    says, ahead = condition(asked), boundaries(asked)

    def at_(moment: int) -> Scene:
        return Scene(of, moment, clock(name), journey)

    present = says(at_(now))
    turn = next_turn(says, ahead, at_(now))
    assert turn > now
    if turn < now + HORIZON:  # further on, reckoning with years may arm a look in vain after decades
        assert says(at_(turn)) is not present
        assert says(at_(turn - 1)) is present
    changes = [moment for moment in everything(of, now, name, more) if says(at_(moment)) is not present]
    if changes:
        assert turn <= changes[0]


@given(people(), conditions)
def test_from_turn_to_turn_nothing_is_missed(
    person: tuple[str, int, Bundle, Journey], asked: g.Condition
) -> None:
    """Whoever looks at the armed moments only knows what holds at every one."""
    name, now, of, journey = person
    says, ahead = condition(asked), boundaries(asked)
    scene = Scene(of, now, clock(name), journey)
    holds, turn = says(scene), next_turn(says, ahead, scene)
    for moment in everything(of, now, name, []):
        while turn <= moment:
            scene = Scene(of, turn, clock(name), journey)
            holds, turn = says(scene), next_turn(says, ahead, scene)
        assert says(Scene(of, moment, clock(name), journey)) is holds


# ---------------------------------------------------------------- what must not be looked at

BORN, RENEWED = date(1990, 5, 10), at("2026-06-01T12:00")
ASLEEP = [
    ("years since contact.birthday >= 18", NEVER),
    ("years since contact.birthday >= 40", at("2030-05-09T21:00")),
    ("years since contact.birthday is 50.5", NEVER),
    ("years since contact.birthday between 20 and 49", at("2040-05-09T21:00")),
    ("today >= 2026-12-24", at("2026-12-23T22:00")),
    ("today < 2025-12-24", NEVER),
    ("now > contact.renewal", RENEWED + 1),
    ("now >= contact.renewal", RENEWED),
    ("today is contact.renewal", at("2026-05-31T21:00")),
    ("any order_placed since today", NEVER),
    ("no order_placed since today and contact.birthday is known", NEVER),
    ("contact.city is known", NEVER),
    ("any order_placed in last 30 days", NEVER),
    ("time since contact.renewal > 1 month", at("2026-07-01T12:00") + 1),
    ("contact.birthday is known and contact.city is unknown", NEVER),
    ("today is 2026-12-24 and contact.city is known", NEVER),
]


@pytest.mark.parametrize(("asked", "armed"), ASLEEP)
def test_whoever_sleeps_is_not_woken_to_find_nothing_changed(asked: str, armed: int) -> None:
    """Neither at midnight nor at a birthday that changes nothing: the moment of the change is armed."""
    anna = Person(loaded(f'segment marked "Marked"\n    {asked}\n'))
    anna.learns(birthday=BORN, renewal=RENEWED)
    assert anna.bundle.watch == armed


def test_a_wait_looks_when_its_condition_is_met_and_not_before() -> None:
    """The same holds for what a journey waits for."""
    text = """
flow waits "Waits"
    start on order_placed

    wait until today >= 2026-12-24 up to 2 years
    finish
"""
    anna = Person(loaded(text)).happens("order_placed")
    assert anna.bundle.watch == at("2026-12-23T22:00")


def test_only_the_leaving_that_matters_is_armed() -> None:
    """Of five orders the third last decides about three."""
    anna = Person(loaded('segment marked "Marked"\n    count of order_placed in last 30 days >= 3\n'))
    first = anna.now
    for _ in range(5):
        anna.happens("order_placed").pass_(HOUR)
    assert anna.bundle.watch == first + 2 * HOUR + 30 * DAY - HOUR  # a clock was put forward in between


def test_what_one_look_costs_has_a_bound() -> None:
    """Of a sum over hundreds of events some looks come in vain, one for many events each."""
    asked = 'segment marked "Marked"\n    sum of order_placed.total in last 365 days >= 1 EUR\n'
    anna = Person(loaded(asked))
    for _ in range(200):
        anna.happens("order_placed").pass_(MINUTE)
    looks = 0
    while anna.bundle.watch < NEVER:
        anna.until(anna.bundle.watch)
        looks += 1
    assert 1 < looks < 10


# ---------------------------------------------------------------- segments of segments

NESTED = loaded("""
segment a_best "Best"
    in segment z_buyers and not in segment m_silent
segment m_silent "Silent"
    no order_placed in last 2 days or in segment y_due
segment y_due "Due"
    now >= contact.renewal and time since contact.renewal < 3 days
segment z_buyers "Buyers"
    count of order_placed in last 6 days >= 2 or today is contact.renewal
""")
START = at("2026-03-27T10:00")
minutes = st.integers(0, 9 * 1440).map(lambda minute: START + minute * MINUTE)
acts = st.one_of(
    st.tuples(minutes, st.just(Happened("order_placed", {}))),
    st.tuples(minutes, minutes.map(lambda renewal: Learned({"renewal": renewal}))),
    st.tuples(
        minutes,
        st.sampled_from(["Europe/Riga", "America/New_York", "Pacific/Chatham"]).map(
            lambda name: Learned({"time_zone": name})
        ),
    ),
)


def from_scratch(bundle: Bundle, moment: int) -> frozenset[str]:
    """The memberships of somebody whom nobody has looked at before."""
    found: frozenset[str] = frozenset()
    for name in ("y_due", "m_silent", "z_buyers", "a_best"):
        watched = next(each for each in NESTED.segments if each.segment.name == name)
        fresh = Bundle(ANNA, bundle.created, bundle.attributes, bundle.agreed, bundle.windows, found)
        if watched.test(Scene(fresh, moment, NESTED.clock(bundle))):
            found |= {name}
    return found


@given(st.lists(acts, min_size=1, max_size=6).map(lambda drawn: sorted(drawn, key=lambda act: act[0])))
def test_segments_of_segments_are_at_every_armed_moment_as_from_scratch(
    planned: list[tuple[int, Happened | Learned]],
) -> None:
    """And nothing changes in between, to the millisecond."""
    anna = Person(NESTED, now=START)
    for (moment, data), (until, _) in pairwise([*planned, (START + 20 * DAY, Happened("", {}))]):
        anna.until(moment).take(data)
        while anna.bundle.watch < until:
            due = anna.bundle.watch
            assert from_scratch(anna.bundle, due - 1) == anna.bundle.segments
            anna.until(due)
            assert from_scratch(anna.bundle, due) == anna.bundle.segments
        if until > moment:
            assert from_scratch(anna.bundle, until - 1) == anna.bundle.segments
