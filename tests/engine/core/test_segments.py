"""Membership is live: an event, a changed attribute and the passing of time alone move people in and out."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from flows import ZONE, loaded, program
from hypothesis import example, given, settings
from hypothesis import strategies as st
from person import DAY, HOUR, MINUTE, NEVER, Person, at

from dsl.graph import Money
from engine.core.advance import advance
from engine.core.bundle import Bundle, Happened, Learned, Stimulus, replace
from engine.core.conditions import Scene
from engine.core.loaded import Loaded


def segment(condition: str) -> str:
    """A segment with a flow for joining and one for leaving."""
    return f"""
segment marked "Marked"
    {condition}
flow joined "Joined"
    start on joining segment marked
    enter every time

    finish
flow parted "Parted"
    start on leaving segment marked
    enter every time

    finish
"""


def comings_and_goings(person: Person) -> list[tuple[str, int]]:
    """What flows for joining and leaving were started, and when."""
    return [(entry.flow, entry.at) for entry in person.entries if entry.what == "entered"]


def test_an_event_moves_people_in_and_time_alone_out() -> None:
    """To the millisecond at which the window ends."""
    anna = Person(loaded(segment("count of order_placed in last 30 days >= 2")))
    anna.happens("order_placed").pass_(DAY)
    assert comings_and_goings(anna) == []
    anna.happens("order_placed")
    joined = anna.now
    anna.pass_(60 * DAY)
    assert comings_and_goings(anna) == [("joined", joined), ("parted", at("2026-04-01T06:00"))]


def test_an_attribute_moves_people() -> None:
    """Also by becoming unknown."""
    anna = Person(loaded(segment("contact.visits >= 5"))).learns(visits=Decimal(5)).pass_(1)
    anna.learns(visits=Decimal(6)).pass_(1).learns(visits=None)
    assert [flow for flow, _ in comings_and_goings(anna)] == ["joined", "parted"]


def test_time_alone_moves_people_in() -> None:
    """A birthday comes without anything that anybody does; on the contact's own clock."""
    anna = Person(loaded(segment("years since contact.birthday >= 18")))
    anna.learns(birthday=date(2008, 3, 5), time_zone="Asia/Tokyo").pass_(9 * DAY)
    assert comings_and_goings(anna) == [("joined", at("2026-03-04T15:00"))]


def test_no_look_is_armed_when_time_changes_nothing() -> None:
    """A segment by attributes costs no timer; one whose window is over costs none any more."""
    anna = Person(loaded(segment("contact.visits >= 5"))).learns(visits=Decimal(5))
    assert anna.bundle.watch == NEVER
    bert = Person(loaded(segment("any order_placed in last 30 days"))).happens("order_placed")
    assert bert.bundle.segments_due == at("2026-04-01T06:00")
    assert bert.pass_(31 * DAY).bundle.segments_due == NEVER


def test_an_open_ends_the_silence_of_those_who_are_measured() -> None:
    """Someone who was mailed and does nothing for 90 days, if the consent to measurement lets us know."""
    flow = segment("any email_sent in last 90 days\n        and no email_opened in last 90 days")
    flow += """
flow mails "Mails"
    start on cart_updated
    enter every time

    send tips
        topic news
"""
    anna = Person(loaded(flow)).happens("cart_updated")
    assert comings_and_goings(anna) == [("mails", anna.now)]  # never measured: never in silence
    bert = Person(loaded(flow)).agrees("measurement").happens("cart_updated")
    assert [flow for flow, _ in comings_and_goings(bert)] == ["mails", "joined"]
    bert.pass_(DAY).happens("email_opened").pass_(60 * DAY).happens("cart_updated").pass_(29 * DAY)
    assert "marked" not in bert.bundle.segments
    bert.pass_(2 * DAY)
    assert "marked" in bert.bundle.segments


def test_a_new_contact_is_outside_and_may_join_at_the_first_thing_known() -> None:
    """`no order_placed` holds for someone just met: that is a joining."""
    anna = Person(loaded(segment("no order_placed"))).learns(first_name="Anna")
    assert [flow for flow, _ in comings_and_goings(anna)] == ["joined"]


def test_segments_may_ask_for_segments() -> None:
    """Whatever their names say of the order, one event settles all of them."""
    flow = """
segment a_best "Best"
    in segment z_buyers and in segment m_locals
segment m_locals "Locals"
    contact.city is "Rīga"
segment z_buyers "Buyers"
    any order_placed in last 10 days
"""
    anna = Person(loaded(flow)).learns(city="Rīga").happens("order_placed")
    assert anna.bundle.segments == {"a_best", "m_locals", "z_buyers"}
    assert anna.pass_(10 * DAY).bundle.segments == {"m_locals"}


def test_a_step_sees_memberships_as_they_are_at_that_moment() -> None:
    """By the event that moved the journey on, and by the time that passed until its timer."""
    flow = """
segment buyers "Buyers"
    any order_placed in last 1 day
flow alpha "Alpha"
    start on cart_updated
    enter every time

    wait for order_placed up to 1 day
        on order_placed
            if in segment buyers
                finish as right
    wait 1 day
flow beta "Beta"
    start on order_placed

    wait 1 day
    if not in segment buyers
        finish as right
"""
    anna = Person(loaded(flow)).happens("cart_updated").happens("order_placed")
    assert anna.story("alpha")[-1] == "finished right"
    assert anna.pass_(DAY).story("beta")[-1] == "finished right"


def test_when_its_zone_changes_the_contact_s_windows_move_along() -> None:
    """The look that is armed follows the clock."""
    anna = Person(loaded(segment("today >= 2026-03-10")))
    anna.learns(time_zone="Europe/Riga").pass_(MINUTE).learns(time_zone="Pacific/Auckland").pass_(20 * DAY)
    assert comings_and_goings(anna) == [("joined", at("2026-03-09T11:00"))]


def test_a_segment_that_was_deleted_asks_for_no_more_looks() -> None:
    """The look that is armed comes once and is not armed again."""
    anna = Person(loaded(segment("any order_placed in last 30 days"))).happens("order_placed")
    anna.loaded = loaded('flow other "Other"\n    start on cart_updated\n\n    finish\n')
    anna.pass_(90 * DAY)
    assert anna.bundle.watch == NEVER
    assert anna.bundle.segments == frozenset()


# ---------------------------------------------------------------- against polling

CONDITIONS = [
    "any order_placed in last 3 days",
    "count of order_placed in last 1 month >= 2",
    "sum of order_placed.total in last 40 hours >= 50 EUR",
    "no order_placed in last 1 day 12 hours and any order_placed",
    "time since last order_placed.at > 2 days",
    "time since last order_placed.at >= 36 hours or contact.vip is yes",
    "time since contact.birthday < 1 month",
    "years since contact.birthday >= 1",
    "today is 2026-03-29 or today is 2026-04-01",
    "now >= contact.renewal",
    "contact.renewal between 2026-03-28 12:00 and now",
    "any order_placed since today",
    "count of order_placed since contact.birthday >= 2",
    "any order_placed where (time since at > 1 day and total >= 20 EUR)",
    "largest of order_placed.total in last 2 days < 30 EUR",
    "not (now < contact.renewal) and no order_placed in last 6 hours",
]
RULES = [loaded(segment(condition)) for condition in CONDITIONS]
START = at("2026-03-27T10:00")
SPAN = 9 * DAY

moments = st.integers(0, SPAN // (10 * MINUTE)).map(lambda n: START + n * 10 * MINUTE)
acts = st.one_of(
    st.builds(
        lambda moment, total: (moment, Happened("order_placed", {"total": Money(Decimal(total), "EUR")})),
        moments,
        st.integers(5, 60),
    ),
    st.builds(lambda moment, vip: (moment, Learned({"vip": vip})), moments, st.booleans()),
    st.builds(lambda moment, renewal: (moment, Learned({"renewal": renewal})), moments, moments),
    st.builds(
        lambda moment, day: (moment, Learned({"birthday": day})),
        moments,
        st.dates(date(2025, 3, 1), date(2026, 4, 6)),
    ),
    st.builds(
        lambda moment, name: (moment, Learned({"time_zone": name})),
        moments,
        st.sampled_from(["Europe/Riga", "America/New_York", "Asia/Kathmandu", "Pacific/Chatham"]),
    ),
)


ORDER = Happened("order_placed", {"total": Money(Decimal(50), "EUR")})


@pytest.mark.parametrize("number", range(len(CONDITIONS)))
@settings(max_examples=settings().max_examples // 12)
@given(st.lists(acts, min_size=1, max_size=7))
@example([(START, ORDER)])
@example([(START, ORDER), (START + DAY, ORDER)])
@example([(START, Learned({"birthday": date(2026, 3, 28), "renewal": START + DAY}))])
def test_memberships_are_those_that_polling_would_find(number: int, planned: list[tuple[int, Any]]) -> None:
    """With looks at the armed moments only, the membership is at every hour what the condition says then."""
    rules = RULES[number]
    anna = Person(rules, now=START)
    planned = sorted(planned, key=lambda act: act[0])
    for moment in range(START, START + SPAN + 20 * DAY, HOUR):
        while planned and planned[0][0] <= moment:
            when, data = planned.pop(0)
            anna.until(when)
            anna.take(data)
        anna.until(moment)
        if not anna.bundle.created:  # outside of all segments, as long as nothing is known
            continue
        scene = Scene(anna.bundle, moment, rules.clock(anna.bundle))
        expected = rules.segments[0].test(scene)
        assert ("marked" in anna.bundle.segments) is expected, CONDITIONS[number]


@pytest.mark.parametrize("number", range(len(CONDITIONS)))
def test_an_armed_moment_is_always_ahead(number: int) -> None:
    """Otherwise the engine would look again and again without end."""
    anna = Person(RULES[number], now=START)
    anna.learns(birthday=date(2026, 3, 1), renewal=START + DAY).happens("order_placed")
    for _ in range(200):
        due = anna.bundle.segments_due
        assert due > anna.now
        if due == NEVER:
            break
        anna.until(due)


def test_two_loads_of_one_program_are_alike() -> None:
    """Nothing depends on the order in which segments happen to be read."""
    both = [Loaded(program(segment(CONDITIONS[0])), (), ZONE, b"key") for _ in range(2)]
    stimulus = Stimulus("1", "a" * 32, START, Happened("order_placed", {}))
    one, other = (advance(rules, Bundle("a" * 32), stimulus, START) for rules in both)
    assert one == other
    assert replace(one.bundle, created=0) != Bundle("a" * 32)


def test_a_segment_and_the_event_itself_start_two_journeys_of_their_own() -> None:
    """In one turn, when the engine hears late that time had moved the person: what each tells is told."""
    anna = Person(
        loaded("""
segment silent "Silent"
    any order_placed
        and no order_placed in last 1 day
flow greeting "Greeting"
    start on joining segment silent
    start on order_placed
    enter every time

    tell "care@kafija.example" "Somebody is here."
""")
    )
    anna.happens("order_placed")
    anna.now += 3 * DAY  # nobody looked when the day was over
    anna.happens("order_placed")
    told = [effect.key for effect in anna.effects if effect.kind == "tell"]
    assert len(told) == len(set(told)) == 3
