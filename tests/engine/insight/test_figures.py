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
