"""Drawings for Graphviz and for Mermaid: valid, whole, with every sign of the project shown as it is."""

from functools import cache

import pytest
from drawn_flow import compiled, every_kind
from lark import Lark, Token, Tree

from dsl.draw.dot import dot
from dsl.draw.marks import Live, Mark
from dsl.draw.mermaid import mermaid
from dsl.graph import Graph, Split
from dsl.wording.flows import node_words, ways

DOT = r"""
start: "digraph" id "{" (statement ";")* "}"
?statement: node | edge
node: id [attributes]
edge: id "->" id [attributes]
attributes: "[" id "=" id ("," id "=" id)* "]"
?id: NAME | NUMERAL | QUOTED
NAME: /[A-Za-z_]\w*/
NUMERAL: /-?(\.\d+|\d+(\.\d*)?)/
QUOTED: /"(\\.|[^"\\])*"/
%ignore /\s+/
"""
"""As much of graphviz.org/doc/info/lang.html as a drawing may use."""
NASTY = r"""
flow x
    topic news
    start on page_viewed where title is "a \"b\" \\ <c> #d {e} \\"
    send hello
"""


@cache
def reader() -> Lark:
    return Lark(DOT, parser="lalr", maybe_placeholders=True)


def read(text: str) -> tuple[dict[str, str], list[tuple[str, str, str]]]:
    """The labels of the nodes and the edges with theirs, as Graphviz would show them."""
    nodes, edges = {}, []
    for part in reader().parse(text).children[1:]:
        assert isinstance(part, Tree)
        *ids, attributes = part.children
        names = [str(each) for each in ids]
        label = _label(attributes) if isinstance(attributes, Tree) else ""
        if part.data == "edge":
            edges.append((names[0], names[1], label))
        elif names[0] not in ("node", "edge"):
            nodes[names[0]] = label
    return nodes, edges


def _label(attributes: Tree[Token]) -> str:
    pairs = dict(zip(map(str, attributes.children[::2]), map(str, attributes.children[1::2]), strict=True))
    shown = pairs.get("label", '""')[1:-1].replace('\\"', '"')
    return "\\".join(part.replace("\\n", "\n") for part in shown.split("\\\\"))


@pytest.fixture(scope="module")
def flow() -> Graph:
    return every_kind()


def test_every_step_and_every_way_is_in_the_graph(flow: Graph) -> None:
    """Read as Graphviz reads it: nodes with their words, edges with their arms, nothing pointing nowhere."""
    nodes, edges = read(dot(flow))
    for number, node in enumerate(flow.nodes):
        assert nodes[f"n{number}"].split("\n")[0] == node_words(node)
        leads = [(label, target) for source, target, label in edges if source == f"n{number}"]
        assert leads == [(word, f"n{to}" if to >= 0 else "stop") for word, to in ways(node)]
    assert {end for edge in edges for end in edge[:2]} == set(nodes)
    assert [edge for edge in edges if edge[0].startswith("start")] == [
        (f"start{n}", "n0", "") for n in range(3)
    ]


def test_signs_of_the_project_stay_signs() -> None:
    """Quotes, backslashes and brackets end nothing and become nothing else."""
    nodes, _ = read(dot(compiled(NASTY)))
    assert nodes["start0"] == 'on page_viewed where title is "a "b" \\ <c> #d {e} \\"'
    text = mermaid(compiled(NASTY))
    assert '["on page_viewed where title is #quot;a #quot;b#quot; \\ #lt;c#gt; #35;d {e} \\#quot;"]' in text


def test_people_are_told_in_both(flow: Graph) -> None:
    """Who stands at a step, who went through, who took an arm, who entered."""
    split = next(node for node in flow.nodes if isinstance(node, Split))
    live = Live({"hello": Mark(3, "1,204 mailed")}, {(split.step, "short"): 12}, 2000)
    nodes, edges = read(dot(flow, live))
    hello = next(number for number, node in enumerate(flow.nodes) if node.step == "hello")
    assert nodes[f"n{hello}"] == "send hello\n3 here now, 1,204 mailed"
    assert "50% short: 12" in [label for _, _, label in edges]
    assert nodes["start0"].split("\n")[1:] == ["10% held out", "2,000 entered"]
    text = mermaid(flow, live)
    assert f'n{hello}["send hello<br/>3 here now, 1,204 mailed"]' in text
    assert '-->|"50% short: 12"|' in text
    assert "<br/>10% held out<br/>2,000 entered" in text


def test_the_kinds_of_steps_have_shapes_of_their_own(flow: Graph) -> None:
    """In each notation, so that nothing hangs on colour."""
    shapes = {
        line.split("shape=")[1].split(", label")[0] for line in dot(flow).splitlines() if " [shape" in line
    }
    assert len(shapes) == 9
    assert '[/"emit tea_time"/]' in mermaid(flow)
    assert '("wait for best time up to 1 day")' in mermaid(flow)


def test_equal_flows_give_equal_text(flow: Graph) -> None:
    """To the byte."""
    assert dot(flow) == dot(every_kind())
    assert mermaid(flow) == mermaid(every_kind())
