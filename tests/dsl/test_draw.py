"""A flow as a drawing: whole, well-formed, safe, and equal for equal flows."""

from typing import Any
from xml.etree import ElementTree

import pytest
from drawn_flow import compiled, every_kind

from dsl.draw.layout import Link, lay_out
from dsl.draw.marks import Live, Mark
from dsl.draw.parts import wrapped
from dsl.draw.svg import draw
from dsl.graph import Graph, Repeat
from dsl.wording.flows import node_words, ways

SVG = "{http://www.w3.org/2000/svg}"
FLOW = """
flow visit "A <visit> & more"
    topic news
    start on page_viewed where title is "<script>"
    send hello
    wait 2 days at 10:00
    if contact.city is "Rīga & \\"co\\" <x>"
        wait for order_placed up to 3 days
            on order_placed
                finish as bought
            on timeout
                send again
    else
        split way
            50% left
                set contact.city to "Rīga"
            50% right
                wait 1 day
    repeat up to 3 times
        wait 1 day
        send more
    send last
"""


@pytest.fixture(scope="module")
def flow() -> Graph:
    return compiled(FLOW)


def svg(flow: Graph, *marks: Any, alone: bool = False) -> str:
    return draw(flow, Live(*marks), alone=alone).text


def texts(drawing: str) -> str:
    """All words in a drawing, joined."""
    return " ".join(
        "".join(element.itertext()) for element in ElementTree.fromstring(drawing).iter(f"{SVG}text")
    )


def test_every_step_and_every_arm_is_in_the_drawing(flow: Graph) -> None:
    """Each step in full in its title, each arm on its arrow."""
    root = ElementTree.fromstring(svg(flow))
    titles = [element.text or "" for element in root.iter(f"{SVG}title")]
    for node in flow.nodes:
        words = node_words(node).partition(" ")[2] or node_words(node)
        assert any(words in title for title in titles), words
    for arm in ("yes", "no", "order_placed", "timeout", "50% left", "50% right", "again", "done"):
        assert arm in texts(svg(flow))


def test_the_drawing_carries_no_script_and_no_style_that_a_page_would_refuse(flow: Graph) -> None:
    """Words of the project stay words, whatever signs they hold."""
    drawing = svg(flow, {flow.nodes[0].step: Mark(3, '"><script>', '/x?"<')})
    root = ElementTree.fromstring(drawing)
    assert not [element for element in root.iter() if element.tag.lower().endswith(("script", "style"))]
    assert not [name for element in root.iter() for name in element.attrib if name in ("style", "onclick")]


def test_equal_flows_give_equal_drawings(flow: Graph) -> None:
    """To the byte, so that a drawing can be kept beside its flow."""
    assert svg(flow) == svg(flow)


def test_marks_and_counts_are_shown(flow: Graph) -> None:
    """Who stands here, who has passed, and where a click leads."""
    step = flow.nodes[1].step
    test = flow.nodes[2].step
    drawing = svg(flow, {step: Mark(1234, "5,678 passed", "/here")}, {(test, "yes"): 41})
    assert "1,234" in texts(drawing)
    assert "5,678 passed" in texts(drawing)
    assert "yes: 41" in texts(drawing)
    links = [element.get("href") for element in ElementTree.fromstring(drawing).iter(f"{SVG}a")]
    assert links == ["/here"]


def test_ways_that_lead_to_one_step_are_one_arrow(flow: Graph) -> None:
    """With both words; an arrow that ends a round leads up."""
    program = FLOW.replace(
        "    send hello\n", "    wait until any order_placed up to 1 day\n    send hello\n"
    )
    assert "met or timeout" in texts(svg(compiled(program)))
    repeat = next(number for number, node in enumerate(flow.nodes) if isinstance(node, Repeat))
    assert any(target == repeat for node in flow.nodes[repeat + 1 :] for _, target in ways(node))
    layout = lay_out([(100.0, 40.0)] * 3, [Link(0, 1), Link(1, 2), Link(2, 1, back=True)])
    assert layout.boxes[1].y < layout.boxes[2].y
    assert layout.arrows[2].points[0][1] > layout.arrows[2].points[-1][1]


def test_a_drawing_of_its_own_brings_its_colours(flow: Graph) -> None:
    """For a file; on a page the stylesheet has them."""
    assert "<style>" in svg(flow, alone=True)
    assert "prefers-color-scheme: dark" in svg(flow, alone=True)


def test_boxes_do_not_overlap_and_all_is_within_the_drawing() -> None:
    """Three boxes below one, of different sizes."""
    sizes = [(100.0, 40.0), (100.0, 60.0), (80.0, 30.0), (120.0, 50.0)]
    layout = lay_out(sizes, [Link(0, 1), Link(0, 2, (60.0, 20.0)), Link(0, 3)])
    assert [(box.width, box.height) for box in layout.boxes] == sizes
    for number, box in enumerate(layout.boxes):
        assert box.x >= 0
        assert box.y >= 0
        assert box.x + box.width <= layout.width
        assert box.y + box.height <= layout.height
        for other in layout.boxes[number + 1 :]:
            assert (
                box.x + box.width <= other.x
                or other.x + other.width <= box.x
                or box.y + box.height <= other.y
                or other.y + other.height <= box.y
            )


def test_long_words_are_broken_and_too_many_end_in_an_ellipsis() -> None:
    """No line is longer than a box is wide, none is lost without a sign."""
    lines = wrapped("a condition that has " + "very " * 40 + "x" * 60, 22)
    assert len(lines) == 4
    assert max(map(len, lines)) <= 22
    assert lines[-1].endswith("…")
    assert wrapped("x" * 30, 22) == ("x" * 22, "x" * 8)


def test_names_are_broken_where_their_parts_end() -> None:
    """Behind `_`, `.`, `/` and `-`; what fits a line stays whole."""
    assert wrapped("subscription_changed_at", 22) == ("subscription_changed_", "at")
    assert wrapped("of https://kafija.example/a", 22) == ("of https://kafija.", "example/a")
    assert wrapped("contact.first_order_on is unknown", 22) == ("contact.first_order_on", "is unknown")


def test_the_start_tells_how_many_it_let_in(flow: Graph) -> None:
    """So that those who left on the way can be seen."""
    assert "892 entered" in texts(draw(flow, Live(entered=892)).text)
    assert "entered" not in texts(draw(flow).text)


def test_lengths_and_segments_are_drawn_as_they_are_written() -> None:
    """Days stay days; a segment is called one."""
    drawn = texts(
        svg(
            compiled(
                "segment silent\n    no order_placed in last 14 days\n"
                "flow visit\n    topic news\n    start on joining segment silent\n"
                "    wait 7 days\n    send hello\n"
            )
        )
    )
    assert "7 days" in drawn
    assert "joining segment" in drawn


def test_what_goes_out_has_shapes_of_its_own_and_notes_are_below() -> None:
    """Events, webhooks and other flows; how a split is decided and who is held out, once."""
    drawing = draw(every_kind()).text
    groups = {element.get("class") for element in ElementTree.fromstring(drawing).iter(f"{SVG}g")}
    assert {"step emit", "step call", "step begin", "step wait", "step change"} <= groups
    assert texts(drawing).count("10% held out") == 1
    assert "keep winner by order_placed after 1,000 contacts" in texts(drawing)


def test_a_drawing_of_its_own_stands_on_its_own_ground(flow: Graph) -> None:
    """Readable on a page of any colour; on paper the ground is white whatever the screen likes."""
    drawing = svg(flow, alone=True)
    assert '<rect class="ground" width="100%" height="100%"/>' in drawing
    assert "@media print { .drawing { --ground: #fff;" in drawing
    assert 'class="ground"' not in svg(flow)
