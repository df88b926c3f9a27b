"""What holds of any two versions of a flow."""

from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_flows import Plan, any_waits, graph_of, plans, size

from dsl.align import align
from dsl.graph import Graph, Node, Send, Wait

usual = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
flows = plans(any_waits())


@usual
@given(flows)
def test_a_flow_beside_itself_is_itself(found: list[Plan]) -> None:
    """Nothing changes, and everybody stays."""
    graph = graph_of(found)
    beside = align(graph, graph)
    assert not beside.changed
    assert [each.new for each in beside.placements] == [node.step for node in graph.nodes]


@usual
@given(flows, flows)
def test_everybody_has_a_place(one: list[Plan], two: list[Plan]) -> None:
    """Every old step is told once, stays at a step that there is or goes to one or to the end; no two old
    steps are the same new one, and every new step is either added or somebody's."""
    old, new = graph_of(one), graph_of(two)
    found = align(old, new)
    names = {node.step for node in new.nodes}
    assert [each.old for each in found.placements] == [node.step for node in old.nodes]
    assert all(each.new in names if each.how != "end" else each.new is None for each in found.placements)
    kept = [each.new for each in found.placements if not each.removed]
    assert len(kept) == len(set(kept))
    new_ones = [each.new for each in found.added]
    assert {*kept, *new_ones} == names
    assert len(kept) + len(new_ones) == len(names)
    assert align(old, new) == found


@usual
@given(flows, st.data())
def test_names_alone_move_nobody(found: list[Plan], data: st.DataObject) -> None:
    """Waits that get names are where they were."""
    old = graph_of(found)
    named = {
        node.step: f"pause_at_{number}"
        for number, node in enumerate(old.nodes)
        if isinstance(node, Wait) and data.draw(st.booleans())
    }
    new = renamed(old, named)
    beside = align(old, new)
    assert [each.new for each in beside.placements] == [node.step for node in new.nodes]
    assert not beside.added
    assert beside.changed == bool(named)


@usual
@given(flows, st.data())
def test_a_mail_more_or_less_touches_nothing_else(found: list[Plan], data: st.DataObject) -> None:
    """Of two versions, of which one has one more mail at some place, all other steps are paired."""
    place = data.draw(st.integers(0, len(found)))
    longer = [*found[:place], ("send",), *found[place:]]
    short = graph_of(found)
    long = with_names_of(short, graph_of(longer), size(found[:place]))
    forth, back = align(short, long), align(long, short)
    assert [each.new for each in forth.added] == ["extra"]
    assert not any(each.removed or each.changes for each in forth.placements)
    assert [each.old for each in back.placements if each.removed] == ["extra"]


def renamed(graph: Graph, names: dict[str, str]) -> Graph:
    """The same flow with other names of steps."""

    def of(node: Any) -> Any:
        return msgspec.structs.replace(node, step=names.get(node.step, node.step))

    return msgspec.structs.replace(graph, nodes=tuple(of(node) for node in graph.nodes)).sealed()


def with_names_of(short: Graph, long: Graph, place: int) -> Graph:
    """The longer flow, whose new mail is `extra` and whose other mails are those of the shorter one."""
    nodes: list[Node] = []
    for index, node in enumerate(long.nodes):
        partner = short.nodes[index - (index > place)] if index != place else None
        if partner is None:
            nodes.append(msgspec.structs.replace(node, step="extra", template="extra"))
        elif isinstance(node, Send) and isinstance(partner, Send):
            nodes.append(msgspec.structs.replace(node, step=partner.step, template=partner.template))
        else:
            nodes.append(node)
    return msgspec.structs.replace(long, nodes=tuple(nodes)).sealed()
