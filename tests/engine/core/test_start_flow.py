"""`start flow` and `start by request`: the target's own rules hold (language reference, §4)."""

import pytest
from flows import ZONE, loaded, program
from person import DAY, MONDAY, Person

from dsl.graph import Program
from engine.core.advance import advance
from engine.core.bundle import Happened, Requested, Stimulus
from engine.core.loaded import Loaded


def project(header: str = "", body: str = "    wait 1 day") -> str:
    """A flow that starts another, which has such lines."""
    return f"""
flow alpha "Alpha"
    start on order_placed
    enter every time
    start flow beta
    finish as on_its_way
flow beta "Beta"
    start by request
    {header}
{body}
"""


def refusals(person: Person) -> list[str]:
    return [line.removeprefix("not_entered ") for line in person.story("beta") if "not_entered" in line]


def test_the_other_flow_starts_at_the_same_moment_and_nobody_waits_for_it() -> None:
    """The journey that asks for it has gone on before."""
    anna = Person(loaded(project())).happens("order_placed")
    lines = [(entry.flow, entry.what) for entry in anna.entries]
    assert lines.index(("alpha", "finished")) < lines.index(("beta", "entered"))
    assert anna.journey("beta").started == MONDAY
    assert anna.journey("beta").due == MONDAY + DAY
    [line] = [line for line in anna.story("alpha") if line.startswith("started")]
    assert line.endswith(" beta")


def test_what_is_started_comes_in_order_with_what_is_emitted() -> None:
    """One queue for both."""
    text = """
event vip_made
flow alpha "Alpha"
    start on order_placed
    start flow delta
    emit vip_made
    start flow beta
flow beta "Beta"
    start by request
    finish
flow delta "Delta"
    start by request
    finish
flow gamma "Gamma"
    start on vip_made
    finish
"""
    anna = Person(loaded(text)).happens("order_placed")
    entered = [entry.flow for entry in anna.entries if entry.what == "entered"]
    assert entered == ["alpha", "delta", "gamma", "beta"]


def test_who_is_in_the_flow_does_not_enter_it() -> None:
    """The line says why."""
    anna = Person(loaded(project("enter every time"))).happens("order_placed").happens("order_placed")
    assert refusals(anna) == ["in_flow"]


def test_enter_once_holds() -> None:
    """However often it is asked for."""
    anna = Person(loaded(project())).happens("order_placed").pass_(2 * DAY).happens("order_placed")
    assert refusals(anna) == ["entered_before"]


def test_enter_again_counts_from_the_last_entry() -> None:
    """As for every start."""
    anna = Person(loaded(project("enter again after 7 days"))).happens("order_placed")
    anna.pass_(6 * DAY).happens("order_placed").pass_(DAY).happens("order_placed")
    assert refusals(anna) == ["entered_before"]
    assert anna.story("beta").count("entered") == 2


def test_a_marketing_flow_starts_for_those_only_who_agreed_to_its_topic() -> None:
    """The others are counted."""
    text = project("topic news")
    anna = Person(loaded(text)).happens("order_placed")
    assert refusals(anna) == ["not_subscribed"]
    anna.agrees("news").happens("order_placed")
    assert anna.step("beta")


def test_what_makes_people_leave_at_once_lets_nobody_in() -> None:
    """`leave when` that is true already."""
    anna = Person(loaded(project("leave when any order_placed"))).happens("order_placed")
    assert refusals(anna) == ["leaves_at_once"]


def test_a_request_from_outside_starts_the_flow_by_the_same_rules() -> None:
    """It is a stimulus of its own; there is no trigger."""
    anna = Person(loaded(project())).take(Requested("beta"))
    assert anna.journey("beta").trigger == {}
    assert anna.take(Requested("beta")).story("beta")[-1] == "not_entered in_flow"


@pytest.mark.parametrize("name", ["alpha", "nobody"])
def test_a_flow_that_does_not_start_by_request_is_not_started(name: str) -> None:
    """Also one that is no more; the line stands under the name that was asked for."""
    anna = Person(loaded(project())).take(Requested(name))
    assert anna.story(name) == ["not_entered not_by_request"]
    assert anna.bundle.journeys == ()


def test_a_journey_on_an_earlier_version_may_ask_for_a_flow_that_is_gone() -> None:
    """It goes on."""
    whole = program(project())
    [alpha] = [graph for graph in whole.flows if graph.flow == "alpha"]
    rest = Program(whole.attributes, whole.events, whole.topics, (), (alpha,))
    anna = Person(Loaded(rest, (), ZONE, b"a key for tests")).happens("order_placed")
    assert anna.story("alpha")[-1] == "finished on_its_way"
    assert refusals(anna) == ["not_by_request"]


def test_a_replayed_stimulus_starts_the_same_journey() -> None:
    """Its id follows from the step that asked for it."""
    before = Person(loaded(project())).bundle
    stimulus = Stimulus("order-1", before.contact, MONDAY, Happened("order_placed", {}))
    once, again = (advance(loaded(project()), before, stimulus, MONDAY) for _ in range(2))
    assert once == again
    assert [journey.flow for journey in once.bundle.journeys] == ["beta"]


def test_two_flows_that_start_one_flow_in_one_turn_start_two_journeys() -> None:
    """Where it may be entered every time: their ids differ."""
    text = """
flow alpha "Alpha"
    start on order_placed
    start flow beta
    start flow beta
flow beta "Beta"
    start by request
    enter every time
    finish
"""
    anna = Person(loaded(text)).happens("order_placed")
    journeys = [entry.journey for entry in anna.entries if (entry.flow, entry.what) == ("beta", "entered")]
    assert len(journeys) == len(set(journeys)) == 2
