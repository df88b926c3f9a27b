"""What decided: the journal tells the values for which a condition held or did not."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from asked import NOW, asking, eur
from flows import loaded, program
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from person import DAY, Person

from dsl.graph import Money, Split, Winner
from engine.core import calendar
from engine.core.loaded import Loaded
from engine.core.operators import compare
from engine.core.record import BEST_SINCE, SHARE, Ground, What, Why
from engine.core.trial import Shares
from engine.insight.grounds import WORDING
from engine.store import lines

RIGA = calendar.zone("Europe/Riga")
assert RIGA is not None


def decided(condition: str, past: Callable[[Person], object]) -> tuple[bool, list[Ground]]:
    """Whether `condition` held for someone with that past, and its grounds."""
    person = Person(loaded(asking(condition)), now=NOW - 400 * DAY)
    past(person)
    person.until(NOW).happens("checkout_started", checkout_id="c1")
    (line,) = (entry for entry in person.entries if entry.what == What.DECIDED)
    assert lines.unpack(lines.pack([line])) == [line]
    return line.reason == "yes", list(line.grounds)


def visited(person: Person) -> None:
    person.learns(visits=Decimal(2), city="Riga", credit=eur("5"))


@pytest.mark.parametrize(
    ("condition", "held", "grounds"),
    [
        ("contact.visits > 3", False, [Ground("contact.visits", Decimal(2))]),
        ("contact.visits between 1 and 2", True, [Ground("contact.visits", Decimal(2))]),
        ("not (contact.visits > 3)", True, [Ground("contact.visits", Decimal(2))]),
        ("contact.birthday is known", False, [Ground("contact.birthday", None)]),
        ("contact.credit * 2 > 3 EUR", True, [Ground("contact.credit", eur("5"))]),
        ('contact.city in ["Rome", "Riga"]', True, [Ground("contact.city", "Riga")]),
        ("count of order_placed > 0", False, [Ground("count of order_placed", Decimal(0))]),
        ("trigger.checkout_id is known", True, [Ground("trigger.checkout_id", "c1")]),
        ("time since contact.created_at > 1 day", True, [Ground("contact.created_at", NOW - 400 * DAY)]),
        (
            "contact.visits > 1 and contact.birthday is known and contact.credit > 9 EUR",
            False,
            [Ground("contact.birthday", None)],
        ),
        (
            "contact.visits > 1 and no order_placed",
            True,
            [Ground("contact.visits", Decimal(2)), Ground("no order_placed", True, True)],
        ),
        (
            "contact.visits > 3 or agreed to news",
            False,
            [Ground("contact.visits", Decimal(2)), Ground("agreed to news", False, True)],
        ),
        ("contact.visits > 1 or agreed to news", True, [Ground("contact.visits", Decimal(2))]),
    ],
)
def test_the_parts_on_which_a_decision_rests_are_told(
    condition: str, held: bool, grounds: list[Ground]
) -> None:
    """Of an `and` that does not hold the first part that does not, of an `or` that holds the first that does;
    also after they were stored."""
    assert decided(condition, visited) == (held, grounds)


@pytest.mark.parametrize("condition", ["any order_placed", "no order_placed", "not (agreed to news)"])
def test_a_condition_without_values_is_told_by_the_decision(condition: str) -> None:
    """There is nothing to add to yes and no."""
    assert decided(condition, visited)[1] == []


def test_what_is_known_by_an_agreement_only_is_not_written_down() -> None:
    """The agreement may end, and the journal stays; that it was not known is told."""
    condition = "count of email_opened is 0"

    def measured(person: Person) -> None:
        person.agrees("measurement")

    assert decided(condition, measured) == (True, [])
    assert decided(condition, visited) == (False, [Ground("count of email_opened", None)])


def test_long_texts_are_cut() -> None:
    """A line of the journal is no place for a letter."""
    _, (ground,) = decided('contact.city is "Riga"', lambda person: person.learns(city="R" * 500))
    assert ground.value == f"{'R' * 79}…"


NUMBERS = st.decimals(-9, 9, places=1)
VALUES = {
    "visits": (NUMBERS, str),
    "credit": (NUMBERS.map(lambda amount: Money(amount, "EUR")), lambda money: f"{money.amount} EUR"),
    "birthday": (st.dates(), lambda day: day.isoformat()),
}


@given(st.data())
def test_the_values_told_lead_to_the_decision_again(data: Any) -> None:
    """Comparisons with a written value: decided by the value told alone, it comes out the same."""
    name = data.draw(st.sampled_from(sorted(VALUES)))
    values, written = VALUES[name]
    operator = data.draw(st.sampled_from(["is", "is not", "<", "<=", ">", ">="]))
    known, asked = data.draw(st.none() | values), data.draw(values)
    held, (ground,) = decided(
        f"contact.{name} {operator} {written(asked)}", lambda person: person.learns(**{name: known})
    )
    assert ground.asked == f"contact.{name}"
    assert compare(operator, ground.value, asked, RIGA) is held


def story(steps: str, head: str = "", **attributes: Any) -> list[tuple[str, str, tuple[Ground, ...]]]:
    """The lines with grounds of a fortnight in a flow, of someone who visits the third time on day 3."""
    flow = f'flow asks "Asks"\n    start on checkout_started\n{head}\n\n{steps}'
    person = Person(loaded(flow)).learns(visits=Decimal(2), **attributes).happens("checkout_started")
    person.pass_(3 * DAY).learns(visits=Decimal(3)).pass_(14 * DAY)
    return [(entry.what, entry.reason, entry.grounds) for entry in person.entries if entry.grounds]


TWO, THREE = (Ground("contact.visits", Decimal(2)),), (Ground("contact.visits", Decimal(3)),)


def test_a_wait_tells_what_ended_it() -> None:
    """Met, or in vain."""
    wait = "    wait until contact.visits > {} up to {} days\n"
    assert story(wait.format(2, 9)) == [(What.MET, "", THREE)]
    assert story(wait.format(1, 9)) == [(What.MET, "", TWO)]
    assert story(wait.format(2, 1)) == [(What.TIMED_OUT, "", TWO)]


def test_a_repeat_tells_why_it_goes_on_and_why_it_ends() -> None:
    """The first round asks nothing."""
    steps = "    repeat up to 5 times\n        wait 2 days\n        until contact.visits > 2\n"
    assert story(steps) == [(What.ROUND, "2", TWO), (What.ROUND, "over", THREE)]


def test_leaving_tells_what_became_true() -> None:
    """Also of who does not even enter."""
    leave = "    leave when contact.visits > {}\n"
    assert story("    wait 9 days\n", leave.format(2)) == [(What.LEFT, Why.CONDITION, THREE)]
    assert story("    wait 9 days\n", leave.format(1)) == [(What.NOT_ENTERED, Why.LEAVES_AT_ONCE, TWO)]


WHERE = """
flow asks "Asks"
    start on page_viewed where url starts with "https://shop"
    start on checkout_started where total > 10 EUR and contact.visits > 1
    start on checkout_started where total > 5 EUR
    leave on order_placed where total > 20 EUR

    wait for order_placed where (total > 10 EUR and order_id is known) or cart_updated up to 9 days
    wait 9 days
"""


def where(past: Callable[[Person], object]) -> list[tuple[str, str, tuple[Ground, ...]]]:
    """What the journal tells of whoever visits the second time and does that."""
    person = Person(loaded(WHERE)).learns(visits=Decimal(2))
    past(person)
    return [(entry.what, entry.reason, entry.grounds) for entry in person.entries if entry.what != What.WAITS]


def test_events_tell_by_which_of_their_values_they_counted() -> None:
    """Those that start, those that are waited for, and those that make people leave; of two lines the first
    that holds."""

    def busy(person: Person) -> None:
        person.happens("checkout_started", total=eur("11"))
        person.happens("order_placed", total=eur("12"), order_id="o1")
        person.happens("order_placed", total=eur("30"), order_id="o2")

    assert where(busy) == [
        (What.ENTERED, "", (Ground("total", eur("11")), Ground("contact.visits", Decimal(2)))),
        (What.HEARD, "order_placed", (Ground("total", eur("12")), Ground("order_id", "o1"))),
        (What.LEFT, "order_placed", (Ground("total", eur("30")),)),
    ]
    assert where(lambda person: person.happens("checkout_started", total=eur("6")))[0][2] == (
        Ground("total", eur("6")),
    )


def test_what_an_event_says_that_may_be_known_by_an_agreement_only_is_not_written_down() -> None:
    """The page that somebody looked at started the journey, and the journal does not name it."""

    def looks(person: Person) -> None:
        person.agrees("personalisation").happens("page_viewed", url="https://shop.example/tea")

    assert where(looks)[-1] == (What.ENTERED, "", ())


def test_a_date_that_has_passed_is_told() -> None:
    """Nobody waits for it."""
    passed = calendar.day(NOW - 9 * DAY, RIGA)
    assert story("    wait until contact.birthday\n", birthday=passed) == [
        (What.PASSED, Why.DATE_PASSED, (Ground("contact.birthday", passed),))
    ]


SPLIT = """
flow asks "Asks"
    start on checkout_started

    split way
        70% left
            wait 1 day
        30% right
            wait 2 days
"""


def test_an_arm_is_told_with_its_share() -> None:
    """As it was when the lot was drawn."""
    person = Person(loaded(SPLIT)).happens("checkout_started")
    (line,) = (entry for entry in person.entries if entry.what == What.ARM)
    shares = {"left": Decimal(70), "right": Decimal(30)}
    assert line.grounds == (Ground(SHARE, shares[line.reason]),)


def test_an_arm_of_a_trial_is_told_by_the_shares_in_force_and_the_winner_by_its_day() -> None:
    """Written shares, shares that adapted, the best arm."""
    found = program(SPLIT)
    (graph,) = found.flows
    winner = Winner("event", "order_placed", adapts=True)
    nodes = tuple(replace(node, winner=winner) if isinstance(node, Split) else node for node in graph.nodes)
    trial = replace(graph, nodes=nodes).sealed()
    ready = Loaded(replace(found, flows=(trial,)), (), "Europe/Riga", b"key", "EUR", WORDING)

    def grounds(shares: Shares | None) -> tuple[str, tuple[Ground, ...]]:
        (mark,) = ready.trials
        ready.shares = {} if shares is None else {mark: shares}
        person = Person(ready).happens("checkout_started")
        (line,) = (entry for entry in person.entries if entry.what == What.ARM)
        return line.reason, line.grounds

    one, other = Decimal(0), Decimal(100)
    assert grounds(None)[1][0].asked == SHARE
    assert grounds(Shares(2, {"left": Decimal(40), "right": Decimal(60)})) in [
        ("left", (Ground(SHARE, Decimal(40)),)),
        ("right", (Ground(SHARE, Decimal(60)),)),
    ]
    decided = Shares(3, {"left": one, "right": other}, decided=True, at=NOW)
    assert grounds(decided) == ("right", (Ground(BEST_SINCE, NOW),))
