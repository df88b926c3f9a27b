"""A person's story tells what decided, why an arm was theirs, and the goals that are reached."""

from datetime import date
from decimal import Decimal

import pytest
from flows import program
from person import DAY, HOUR, MONDAY
from told_story import RIGA, event, line

from dsl.graph import Money
from engine.core.bundle import Entry, replace
from engine.core.record import BEST_SINCE, SHARE, Ground, What, Why
from engine.insight.grounds import Decider
from engine.insight.story import Names, story

NAMES = Names.of(
    program(
        """
flow visit "A visit"
    topic news
    start on page_viewed
    goal order_placed where total > 10 EUR within 2 days

    send hello
    if contact.visits > 3
        wait 1 day
    split way
        70% left
            wait 1 day
        30% right
            wait 2 days
    wait until contact.visits > 3 up to 2 days
    repeat up to 3 times
        wait 1 day
        until contact.visits > 3
    wait until contact.birthday
"""
    ),
    lambda journey, step, visit: "",
)
STEPS = {type(node).__name__: node.step for node in NAMES.flows["visit"].nodes}
VISITS = Ground("contact.visits", Decimal("2.00"))


def told(what: What, reason: str, *grounds: Ground, step: str = "") -> str:
    """The sentence of such a line."""
    entry = replace(line(what, step=STEPS.get(step, ""), reason=reason), grounds=grounds)
    (found,) = story(NAMES, None, [entry], (), RIGA)
    return found.text


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (Decimal("2.50"), "2.5"),
        (Decimal(1) / 3, "0.3333"),
        (Money(Decimal("1234.50"), "EUR"), "1,234.50 EUR"),
        (date(2026, 3, 2), "2026-03-02"),
        (MONDAY, "2026-03-02 09:00"),
        (True, "yes"),
        ("Riga", "“Riga”"),
        (("a", "b"), "“a” and “b”"),
        ((), "empty"),
        (None, "not known"),
    ],
)
def test_values_are_told_as_in_all_stories(value: object, words: str) -> None:
    """Money, dates and moments on the clock of the story, texts in quotation marks."""
    assert told(What.DECIDED, "no", Ground("contact.x", value), step="If") == (
        f"“A visit” checked “contact.visits > 3”: no (contact.x was {words})."
    )


def test_each_line_says_what_decided_where_it_reads_well() -> None:
    """Several are told one behind the other, parts of a condition by whether they held."""
    both = (VISITS, Ground("in segment vip", False, True), Ground("agreed to news", True, True))
    known = "contact.visits was 2, in segment vip was not so, agreed to news was so"
    until = "wait until contact.visits > 3 up to 2 days"
    born = Ground("contact.birthday", date(2026, 3, 1))
    assert [
        told(What.DECIDED, "no", *both, step="If"),
        told(What.MET, "", VISITS, step="WaitUntil"),
        told(What.TIMED_OUT, "", VISITS, step="WaitUntil"),
        told(What.ROUND, "2", VISITS, step="Repeat"),
        told(What.ROUND, "over", VISITS, step="Repeat"),
        told(What.LEFT, Why.CONDITION, VISITS),
        told(What.NOT_ENTERED, Why.LEAVES_AT_ONCE, VISITS),
        told(What.PASSED, Why.DATE_PASSED, born, step="WaitUntilDate"),
    ] == [
        f"“A visit” checked “contact.visits > 3”: no ({known}).",
        f"“A visit” had waited for this, and goes on ({until}): contact.visits was 2.",
        f"“A visit” has waited in vain ({until}), and goes on: contact.visits was 2.",
        "“A visit” began round 2 (contact.visits was 2).",
        "“A visit” has done its rounds (contact.visits was 2).",
        "Left “A visit”: what makes people leave it became true (contact.visits was 2).",
        "Did not enter “A visit”: what makes people leave it was true already (contact.visits was 2).",
        "“A visit” does not wait (wait until contact.birthday): its moment has passed"
        " (contact.birthday was 2026-03-01).",
    ]


def test_events_are_told_with_the_values_by_which_they_counted() -> None:
    """Why this one started it, was the one waited for, and made them leave."""
    total = Ground("total", Money(Decimal("12.50"), "EUR"))
    assert [
        told(What.ENTERED, "", total),
        told(What.HEARD, "order_placed", total, Ground("order_id", "o1")),
        told(What.LEFT, "order_placed", total),
    ] == [
        "Entered “A visit” (total was 12.50 EUR).",
        "“A visit” had waited for this: they placed an order (total was 12.50 EUR, order_id was “o1”).",
        "Left “A visit”: they placed an order (total was 12.50 EUR).",
    ]


def test_an_arm_is_told_with_the_chance_that_it_had_or_as_the_winner() -> None:
    """Lines of earlier versions do not say."""
    assert [
        told(What.ARM, "left", step="Split"),
        told(What.ARM, "left", Ground(SHARE, Decimal("70")), step="Split"),
        told(What.ARM, "left", Ground(BEST_SINCE, MONDAY), step="Split"),
    ] == [
        "“A visit” drew lots (split way): left.",
        "“A visit” drew lots (split way): left, by chance, 70 %.",
        "“A visit” gave them the best arm (split way): left, the winner since 2026-03-02 09:00.",
    ]


def test_programs_are_told_what_decided_in_words() -> None:
    """What was not known is null."""
    grounds = (VISITS, Ground("contact.city"), Ground("in segment vip", False, True))
    (found,) = story(NAMES, None, [replace(line(What.DECIDED), grounds=grounds)], (), RIGA)
    assert found.grounds == (
        Decider("contact.visits", "2"),
        Decider("contact.city", None),
        Decider("in segment vip", "no"),
    )


def reached(*orders: tuple[int, str], sent: int = MONDAY) -> list[tuple[int, str, str, str]]:
    """The goals in the story of someone who got a mail and then ordered at moments, for so much in euros."""
    journal: list[Entry] = [line(What.ENTERED), line(What.SENT, sent, "hello")]
    placed = tuple(event("order_placed", at, total=Money(Decimal(total), "EUR")) for at, total in orders)
    lines = story(NAMES, None, journal, placed, RIGA)
    return [(each.at, each.text, each.journey, each.reason) for each in lines if each.what == What.REACHED]


def test_a_goal_is_told_where_it_is_reached_as_figures_count_it() -> None:
    """Once a journey, in the time since its mail, by an event that the goal means."""
    at = MONDAY + DAY
    text = "Reached the goal of “A visit”: they placed an order."
    assert reached((at, "20"), (at + HOUR, "30")) == [(at, text, "j1", "order_placed")]
    assert reached((at, "9")) == []
    assert reached((MONDAY + 3 * DAY, "20")) == []


def test_a_goal_stands_behind_its_event_and_before_what_came_of_it() -> None:
    """Within one minute."""
    journal = [
        line(What.SENT, step="hello"),
        line(What.LEFT, MONDAY + DAY, reason="order_placed"),
        line(What.SENT, MONDAY + DAY + 900, "hello", journey="j1"),
    ]
    placed = event("order_placed", MONDAY + DAY, total=Money(Decimal(20), "EUR"))
    words = [each.what for each in story(NAMES, None, journal, (placed,), RIGA)]
    assert words == [What.SENT, "", What.REACHED, What.SENT, What.LEFT]
