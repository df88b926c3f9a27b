"""The table of a flow: what counts as its goal."""

from decimal import Decimal
from typing import Any

import pytest
from flows import program
from person import ANNA, DAY, MONDAY

from dsl.graph import Money
from engine.core.bundle import Entry
from engine.core.record import What
from engine.insight.figures import figures
from engine.store.store import Received

SENT = Entry(ANNA, MONDAY, 1, "j1", "visit", "hello", What.SENT)


def converted(where: str, at: int, **data: Any) -> int | None:
    """How many journeys reached the goal, with one mail sent on Monday and one order at `at`."""
    flows = program(
        f"flow visit\n    topic news\n    start on page_viewed\n    goal order_placed {where} within 3 days\n"
        "    send hello\n"
    ).flows
    order = Received("o1", "order_placed", at, at, ANNA, "", data)
    return figures(flows, [SENT], [order])[0].converted


@pytest.mark.parametrize(("date", "count"), [("2026-03-01", 1), ("2026-03-04", 0)])
def test_the_condition_of_a_goal_knows_when_its_event_was(date: str, count: int) -> None:
    """`at` is a field of every event, in goals too."""
    assert converted(f"where at > {date} 00:00", MONDAY + DAY) == count


@pytest.mark.parametrize(("total", "count"), [("60", 1), ("40", 0)])
def test_the_condition_of_a_goal_knows_the_fields_of_its_event(total: str, count: int) -> None:
    """An order that is too small is no success."""
    assert converted("where total > 50 EUR", MONDAY + DAY, total=Money(Decimal(total), "EUR")) == count


_FLOW = "flow {}\n    topic news\n    start on page_viewed\n    {}send {}\n"
_GOAL = "goal order_placed within 3 days\n    "
TWO_FLOWS = program(
    _FLOW.format("visit", _GOAL, "hello")
    + _FLOW.format("other", _GOAL, "again")
    + _FLOW.format("plain", "", "hello")
).flows


def mail(flow: str, at: int, journey: str = "j1") -> Entry:
    return Entry(ANNA, at, 0, journey, flow, "hello", What.SENT)


def order(at: int, total: str | None = "10", currency: str = "EUR") -> Received:
    worth = {} if total is None else {"total": Money(Decimal(total), currency)}
    return Received(f"o{at}{currency}", "order_placed", at, at, ANNA, "", worth)


def goals(journal: list[Entry], *orders: Received) -> dict[str, tuple[int | None, dict[str, Decimal]]]:
    rows = figures(TWO_FLOWS, journal, sorted(orders, key=lambda each: each.at))
    return {row.flow: (row.converted, row.revenue) for row in rows}


def test_revenue_is_that_of_the_first_goal_event_of_a_journey() -> None:
    """A journey converts once: what is bought later is not its doing a second time."""
    found = goals([mail("visit", MONDAY)], order(MONDAY + 1, "49.90"), order(MONDAY + 2, "100"))
    assert found["visit"] == (1, {"EUR": Decimal("49.90")})


def test_revenue_is_never_converted_and_an_unknown_total_adds_nothing() -> None:
    """Each currency by itself; the journey whose order names no total has converted all the same."""
    journal = [mail("visit", MONDAY + at, f"j{at}") for at in (0, 10, 20)]
    orders = order(MONDAY + 5, "10"), order(MONDAY + 15, "7", "USD"), order(MONDAY + 25, None)
    assert goals(journal, *orders)["visit"] == (3, {"EUR": Decimal(10), "USD": Decimal(7)})


def test_one_event_credits_only_the_flow_that_mailed_last() -> None:
    """Not the one before it, and nobody at all if the last mail was of a flow without a goal."""
    earlier, later = mail("visit", MONDAY), mail("other", MONDAY + 10, "j2")
    found = goals([earlier, later], order(MONDAY + 20))
    assert (found["visit"][0], found["other"][0]) == (0, 1)
    found = goals([earlier, mail("plain", MONDAY + 10, "j3")], order(MONDAY + 20))
    assert (found["visit"], found["plain"]) == ((0, {}), (None, {}))


@pytest.mark.parametrize(("late", "count"), [(0, 1), (1, 0)])
def test_the_time_of_a_goal_counts_from_the_last_mail_before_the_event(late: int, count: int) -> None:
    """D includes its last moment; a later mail of the journey counts anew."""
    at = MONDAY + 3 * DAY
    assert goals([mail("visit", MONDAY)], order(at + late))["visit"][0] == count
    assert goals([mail("visit", MONDAY), mail("visit", MONDAY + DAY)], order(at + late))["visit"][0] == 1


def test_a_mail_at_the_moment_of_the_event_is_its_answer() -> None:
    """What the order itself set off cannot have led to it."""
    assert goals([mail("visit", MONDAY)], order(MONDAY))["visit"][0] == 0
