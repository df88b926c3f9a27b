"""Where the parts of a drawing go: layers from top to bottom, arrows at right angles (by graphlay)."""

from collections.abc import Sequence
from dataclasses import dataclass

_OPTIONS = {
    "direction": "topbottom",
    "spacing": {
        "layer_gap": 48.0,
        "node_gap": 30.0,
        "dummy_gap": 26.0,
        "port_gap": 26.0,
        "stub": 12.0,
        "edge_label_margin": 10.0,
    },
}
_MARGIN = 16.0


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle by its upper left corner, in pixels."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Link:
    """An arrow between two boxes, by their indexes. `label` is the size of its words, None: it has none.
    `back` leads up again, to what stands above: the end of a round."""

    source: int
    target: int
    label: tuple[float, float] | None = None
    back: bool = False


@dataclass(frozen=True, slots=True)
class Arrow:
    """The corners of an arrow from its start to its tip, and the middle of its words if it has any."""

    points: tuple[tuple[float, float], ...]
    label: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Layout:
    """Boxes and arrows in the order in which they were asked for, within `width` times `height`."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


def lay_out(sizes: Sequence[tuple[float, float]], links: Sequence[Link]) -> Layout:
    """Places for boxes of these sizes (width, height) and for the arrows between them. The same input gives
    the same layout."""
    import graphlay  # 4 MB of native code that only drawings need

    graph = graphlay.Graph()
    for index, (width, height) in enumerate(sizes):
        graph.node(index, width=width, height=height)
    for link in links:
        words = None if link.label is None else {"width": link.label[0], "height": link.label[1]}
        ends = (link.target, link.source) if link.back else (link.source, link.target)
        graph.edge(*ends, label_size=words)
    done = graphlay.layout(graph, options=_OPTIONS)
    boxes = [
        Box(
            node["center"]["x"] - node["size"]["width"] / 2,
            node["center"]["y"] - node["size"]["height"] / 2,
            node["size"]["width"],
            node["size"]["height"],
        )
        for node in done.nodes
    ]
    arrows = [
        Arrow(
            tuple((point["x"], point["y"]) for point in edge["points"][:: -1 if link.back else 1]),
            (edge["label_anchor"]["x"], edge["label_anchor"]["y"]) if edge["label_anchor"] else None,
        )
        for edge, link in zip(done.edges, links, strict=True)
    ]
    return _moved_to_corner(boxes, arrows, links)


def _moved_to_corner(boxes: Sequence[Box], arrows: Sequence[Arrow], links: Sequence[Link]) -> Layout:
    """The same with all of it right of and below the margin, mirrored where that brings the first box to the
    left, and with it the main way: what is seen first where there is little room."""
    xs = [x for box in boxes for x in (box.x, box.x + box.width)]
    ys = [y for box in boxes for y in (box.y, box.y + box.height)]
    for arrow, link in zip(arrows, links, strict=True):
        xs += [x for x, _ in arrow.points]
        ys += [y for _, y in arrow.points]
        if arrow.label and link.label:
            xs += [arrow.label[0] - link.label[0] / 2, arrow.label[0] + link.label[0] / 2]
    left, right, top = min(xs) - _MARGIN, max(xs) + _MARGIN, min(ys) - _MARGIN
    mirrored = boxes[0].x + boxes[0].width / 2 > (left + right) / 2

    def moved(x: float, y: float) -> tuple[float, float]:
        return (right - x if mirrored else x - left), y - top

    return Layout(
        right - left,
        max(ys) - top + _MARGIN,
        tuple(
            Box(*moved(box.x + box.width if mirrored else box.x, box.y), box.width, box.height)
            for box in boxes
        ),
        tuple(
            Arrow(
                tuple(moved(*point) for point in arrow.points), moved(*arrow.label) if arrow.label else None
            )
            for arrow in arrows
        ),
    )
