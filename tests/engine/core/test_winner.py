"""`keep winner by METRIC after N contacts` and `adapt by METRIC`: who is counted, and for what."""

from decimal import Decimal
from typing import Any

import pytest
from flows import ZONE, program
from msgspec.structs import replace
from person import DAY, HOUR, MONDAY, Person

from dsl.graph import Money, Split, Winner
from engine.core.counted import Drawn, Scored, Struck
from engine.core.loaded import Loaded
from engine.core.trial import Shares
from engine.store import rows

FLOW = """
flow alpha "Alpha"
    topic news
    start on cart_updated
    enter every time
    goal order_placed where total > 10 EUR within 5 days

    split incentive
        50% shipping
            send of_shipping
        50% discount
            send of_discount
    wait 1 day
    send after
"""
ORDERS = Winner("event", "order_placed", 1000)
CLICKS = Winner("clicks", after=1000)
REVENUE = Winner("revenue", after=1000)
BIG, SMALL = Money(Decimal(50), "EUR"), Money(Decimal(5), "EUR")


def trial(winner: Winner, **changes: Any) -> Loaded:
    """The flow, whose split finds out which arm is best."""
    found = program(FLOW)
    (graph,) = found.flows
    nodes = tuple(replace(node, winner=winner) if isinstance(node, Split) else node for node in graph.nodes)
    graph = replace(graph, nodes=nodes, **changes).sealed()
    return Loaded(replace(found, flows=(graph,)), (), ZONE, b"a key for tests", "EUR")


def mark(loaded: Loaded) -> str:
    (found,) = loaded.trials
    return found


class Counted(Person):
    """A person who keeps what was counted of them."""

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.counted: list[Drawn | Scored | Struck] = []

    def _keep(self, advanced: Any) -> None:
        self.counted += advanced.trials
        super()._keep(advanced)

    @property
    def scores(self) -> list[float]:
        return [each.worth for each in self.counted if isinstance(each, Scored)]


def anna(winner: Winner, *purposes: str, **changes: Any) -> Counted:
    """Someone who agrees to the news, and comes to the split."""
    found = Counted(trial(winner, **changes)).agrees("news")
    for purpose in purposes:
        found.agrees(purpose)
    found.happens("cart_updated")
    assert isinstance(found, Counted)
    return found


def test_who_comes_to_the_split_is_counted_with_the_arm_and_the_end_of_their_time() -> None:
    """The goal's time, from the split."""
    person = anna(ORDERS)
    (drawn,) = person.counted
    arm = person.mails[0].removeprefix("of_")
    contact = person.bundle.contact
    assert drawn == Drawn(mark(person.loaded), contact, arm, "50 50", MONDAY, MONDAY + 5 * DAY, True)


@pytest.mark.parametrize("passed", [DAY, 5 * DAY])
def test_the_event_counts_within_the_goals_time_from_the_split(passed: int) -> None:
    """In all arms alike, and only what the goal means."""
    person = anna(ORDERS)
    person.pass_(passed).happens("order_placed", total=SMALL).happens("order_placed", total=BIG)
    assert person.scores == [1.0]


def test_what_happens_later_counts_no_more() -> None:
    """Nor what is told late of a moment behind the end; what happened in time and comes late does."""
    person = anna(ORDERS).pass_(5 * DAY + 1)
    person.happens("order_placed", total=BIG)
    assert person.scores == []
    person.happens("order_placed", total=BIG, at=MONDAY + DAY)
    assert person.scores == [1.0]
    assert person.pass_(3 * DAY).happens("cart_updated").bundle.trials != {}
    assert Counted.happens(person.pass_(20 * DAY), "order_placed", total=BIG).bundle.trials == {}


def test_the_event_that_brings_somebody_to_the_split_does_not_count_for_it() -> None:
    """It is its cause."""
    person = anna(replace(ORDERS, event="cart_updated"))
    assert person.scores == []
    assert person.pass_(HOUR).happens("cart_updated").scores == [1.0]


def test_revenue_is_the_total_in_the_projects_currency() -> None:
    """Money is never converted."""
    person = anna(REVENUE).pass_(HOUR)
    person.happens("order_placed", total=BIG).happens("order_placed", total=BIG)
    person.happens("order_placed", total=Money(Decimal(90), "USD")).happens("order_placed")
    assert person.scores == [50.0, 50.0]


def test_clicks_and_opens_count_of_mails_of_the_flow() -> None:
    """Not of others."""
    for metric, event in (("clicks", "email_clicked"), ("opens", "email_opened")):
        person = anna(replace(CLICKS, metric=metric), "measurement").pass_(HOUR)
        person.happens(event, flow="beta", step="x", link="y")
        assert person.scores == []
        assert person.happens(event, flow="alpha", step="of_shipping", link="y").scores == [1.0]


def test_without_measurement_people_are_left_out_and_not_counted_as_no() -> None:
    """What was measured of those who take it back is struck; what they do in the shop counts all the same."""
    for winner, counts in ((CLICKS, False), (ORDERS, True)):
        (drawn,) = anna(winner).counted
        assert isinstance(drawn, Drawn)
        assert drawn.counts is counts
    person = anna(CLICKS, "measurement").pass_(HOUR).withdraws("measurement")
    assert person.counted[-1] == Struck(mark(person.loaded), person.bundle.contact)
    assert not any(
        isinstance(each, Struck) for each in anna(ORDERS, "measurement").withdraws("measurement").counted
    )


def test_without_a_goal_clicks_count_for_a_week() -> None:
    """The time has to be something."""
    person = anna(CLICKS, "measurement", goal=None)
    (drawn,) = person.counted
    assert isinstance(drawn, Drawn)
    assert drawn.until == MONDAY + 7 * DAY


def test_new_arrivals_take_the_winner_and_are_counted_no_more() -> None:
    """Whichever arm the hash would give them."""
    loaded = trial(ORDERS)
    loaded.shares[mark(loaded)] = Shares(1, {"shipping": Decimal(0), "discount": Decimal(100)}, True)
    for number in range(20):
        person = Counted(loaded, f"{number:032x}").agrees("news").happens("cart_updated")
        assert isinstance(person, Counted)
        assert (person.mails, person.counted) == (["of_discount"], [])


def test_arms_are_the_hash_on_the_shares_of_the_version_current_at_arrival() -> None:
    """Whoever moves, moves to the arm that has grown; the shares are recorded."""
    loaded = trial(Winner("event", "order_placed", adapts=True))

    def arms(shares: Shares | None) -> list[Drawn]:
        loaded.shares = {} if shares is None else {mark(loaded): shares}
        drawn = []
        for number in range(200):
            person = Counted(loaded, f"{number:032x}").agrees("news").happens("cart_updated")
            assert isinstance(person, Counted)
            (each,) = person.counted
            assert isinstance(each, Drawn)
            drawn.append(each)
        return drawn

    before = arms(None)
    after = arms(Shares(3, {"shipping": Decimal(20), "discount": Decimal(80)}))
    assert {each.shares for each in before} == {"50 50"}
    assert {each.shares for each in after} == {"20 80"}
    moved = {(one.arm, two.arm) for one, two in zip(before, after, strict=True) if one.arm != two.arm}
    assert moved == {("shipping", "discount")}
    assert 20 <= sum(each.arm == "shipping" for each in after) <= 60


def test_shares_of_other_arms_do_not_hold() -> None:
    """A renamed arm or another metric is another trial; other weights and another N are not."""
    same = trial(replace(ORDERS, after=50))
    assert mark(same) == mark(trial(ORDERS))
    assert len({mark(trial(each)) for each in (ORDERS, CLICKS, REVENUE, replace(ORDERS, adapts=True))}) == 4
    (graph,) = trial(ORDERS).program.flows
    nodes = tuple(
        replace(node, arms=(replace(node.arms[0], label="other"), *node.arms[1:]))
        if isinstance(node, Split)
        else node
        for node in graph.nodes
    )
    renamed = Loaded(
        replace(trial(ORDERS).program, flows=(replace(graph, nodes=nodes).sealed(),)), (), ZONE, b"k"
    )
    assert mark(renamed) != mark(same)


def test_the_time_of_a_trial_is_kept_with_the_contact() -> None:
    """Across a restart."""
    person = anna(ORDERS)
    profile = rows.profile_of(rows.profile_row(person.bundle, ()))
    kept = rows.bundle_of(person.bundle.contact, profile, person.bundle.journeys)
    assert kept == person.bundle
