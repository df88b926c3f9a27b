"""Where people stand in a flow, and how many went which way."""

from flows import program
from person import ANNA, MONDAY

from dsl.graph import Graph
from engine.core.bundle import Entry, Journey
from engine.core.record import What
from engine.insight.standing import arms, places, steps, tally


def flow(text: str) -> Graph:
    return program(f"flow visit\n    topic news\n    start on page_viewed\n{text}").flows[0]


SIMPLE = """
    send hello
    wait 2 days
    if any order_placed
        send again
    wait 1 day
"""


def entry(step: str, what: What, reason: str = "") -> Entry:
    return Entry(ANNA, MONDAY, 0, "j1", "visit", step, what.value, reason)


def journey(node: int, graph: Graph, id_: str = "j1") -> Journey:
    return Journey(id_, ANNA, "visit", graph.digest, node, MONDAY, 1, MONDAY, "t", {})


def test_people_are_found_where_they_stand() -> None:
    """By the step's name, one place a journey."""
    graph = flow(SIMPLE)
    wait = graph.nodes[1].step
    found = places(graph, [journey(1, graph), journey(1, graph, "j2")], {graph.digest: graph})
    assert {step: [place.journey for place in standing] for step, standing in found.items()} == {
        wait: ["j1", "j2"]
    }


def test_a_journey_of_an_earlier_version_stands_at_the_step_of_the_same_name() -> None:
    """One whose step is gone stands nowhere that can be drawn."""
    graph, older = flow(SIMPLE), flow("    send goodbye\n    wait 9 days\n    send hello\n")
    graphs = {each.digest: each for each in (graph, older)}
    found = places(graph, [journey(2, older), journey(0, older, "j2")], graphs)
    assert [place.journey for place in found["hello"]] == ["j1"]
    assert [place.journey for place in found[""]] == ["j2"]


def test_arms_and_steps_are_counted_from_the_journal() -> None:
    """Mails by what became of them, conditions by their answer, a wait by those who came to the next step."""
    graph = flow(SIMPLE)
    test = next(node.step for node in graph.nodes if type(node).__name__ == "If")
    journal = [entry("hello", What.SENT)] * 5 + [entry("hello", What.SKIPPED, "withdrawn")] * 2
    journal += [entry(test, What.DECIDED, "yes")] * 3 + [entry(test, What.DECIDED, "no")]
    journal += [entry("again", What.SENT)] * 3
    counted = tally(journal)
    assert arms(graph, counted) == {(test, "yes"): 3, (test, "no"): 1}
    found = steps(graph, counted)
    assert (found["hello"].sent, found["hello"].skipped, found["hello"].passed) == (5, 2, 7)
    assert found[test].passed == 4
    first, last = (node.step for node in graph.nodes if type(node).__name__ == "Wait")
    assert found[first].passed == 4
    assert found[last].passed is None  # behind it the flow ends, and people may leave it there
