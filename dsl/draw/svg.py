"""A flow as a drawing, in SVG: text and shapes with classes, no script and no style of its own unless asked.

Each kind of step has a shape of its own, so that nothing hangs on colour: a letter for a mail, a round-ended
box for a wait, a six-sided one where ways part, a cut corner for what changes something, a point for what
goes out to other flows and systems.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from dsl.draw.layout import Arrow, Box, Link, lay_out
from dsl.draw.marks import NOBODY, Live, Mark
from dsl.draw.parts import LABEL, LINE, NOTE, PADDING, STOP, TEXT_AT, Part, start_parts, step_part
from dsl.draw.shapes import ICONS, outline
from dsl.graph import END, Graph, Node
from dsl.wording.flows import ways

_ROUND = 9.0


@dataclass(frozen=True, slots=True)
class Drawing:
    """SVG text, and its size in pixels."""

    text: str
    width: int
    height: int


def draw(flow: Graph, live: Live = NOBODY, *, alone: bool = False) -> Drawing:
    """The flow from its starts to its ends, with the people in it. Equal arguments give equal text.

    `alone` gives a whole file with its own ground and colours, light and dark; otherwise the page's
    stylesheet has them.
    """
    parts = start_parts(flow, live.start)
    first = len(parts)
    parts += [step_part(node, live.mark(node.step)) for node in flow.nodes]
    links, labels = [Link(number, first) for number in range(first)], [""] * first
    for index, node in enumerate(flow.nodes):
        for target, label in _merged(node, live):
            if target == END:
                parts.append(STOP)
            links.append(
                Link(
                    first + index,
                    len(parts) - 1 if target == END else first + target,
                    (len(label) * 6.8 + 18, 22.0) if label else None,
                    back=END < target <= index,
                )
            )
            labels.append(label)
    layout = lay_out([part.size for part in parts], links)
    drawn = [_arrow(arrow) for arrow in layout.arrows]
    drawn += [
        _words_on(arrow, link, label)
        for arrow, link, label in zip(layout.arrows, links, labels, strict=True)
        if label and arrow.label and link.label
    ]
    drawn += [_drawn(part, box) for part, box in zip(parts, layout.boxes, strict=True)]
    title = escape(f"The flow {flow.title or flow.flow} as a drawing")
    width, height = round(layout.width), round(layout.height)
    text = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="drawing" role="group" aria-label="{title}" '
        f'viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        f"{_own_ground() if alone else ''}{_TIP}{''.join(drawn)}</svg>\n"
    )
    return Drawing(text, width, height)


def _own_ground() -> str:
    style = Path(__file__).with_name("svg.css").read_text("utf-8")
    return f'<style>{style}</style><rect class="ground" width="100%" height="100%"/>'


_TIP = (
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" '
    'orient="auto"><path class="tip" d="M0 0.5 7.5 4 0 7.5Z"/></marker></defs>'
)


def _merged(node: Node, live: Live) -> list[tuple[int, str]]:
    """The ways on, each target once, with what stands on the arrow; ends of the flow stay apart."""
    found: dict[object, list[str]] = {}
    for words, target in ways(node):
        label = live.along(node.step, words).removeprefix("on ")
        found.setdefault((words, END) if target == END else target, []).append(label)
    return [
        (
            target if isinstance(target, int) else END,
            (", " if live.arms else " or ").join(filter(None, labels)),
        )
        for target, labels in found.items()
    ]


def _drawn(part: Part, box: Box) -> str:
    shape = outline(part.kind, box)
    if part.kind == "stop":
        return f'<g class="step stop"><title>{part.whole}</title>{shape}</g>'
    text = [_text(box.x + TEXT_AT, box.y + PADDING + 10, "label", part.label)]
    baseline = box.y + PADDING + LABEL + 13
    for number, line in enumerate(part.words):
        text.append(_text(box.x + TEXT_AT, baseline + number * LINE, "words", line))
    below = baseline + len(part.words) * LINE - 3
    for number, line in enumerate(part.small):
        text.append(_text(box.x + TEXT_AT, below + number * NOTE, "count", line))
    place = f"translate({box.x + 17:.1f} {box.y + box.height / 2 - 10:.1f})"
    icon = f'<path class="icon" transform="{place}" d="{ICONS[part.kind]}"/>'
    whole = f"{part.whole} ({part.mark.told})" if part.mark.told else part.whole
    inner = f"<title>{escape(whole)}</title>{shape}{icon}{''.join(text)}{_badge(part.mark, box)}"
    if part.mark.link:
        inner = f'<a href="{escape(part.mark.link)}" aria-label="{escape(whole)}">{inner}</a>'
    return f'<g class="step {part.kind}">{inner}</g>'


def _badge(mark: Mark, box: Box) -> str:
    """How many stand here, on the upper right corner."""
    if not mark.here:
        return ""
    words = f"{mark.here:,}"
    width = 16 + 8 * len(words)
    x, y = box.x + box.width - width + 8, box.y - 10
    return (
        f'<g class="here"><rect x="{x:.1f}" y="{y:.1f}" width="{width}" height="22" rx="11"/>'
        f'<text x="{x + width / 2:.1f}" y="{y + 15.5:.1f}" text-anchor="middle">{words}</text></g>'
    )


def _text(x: float, y: float, kind: str, words: str) -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}">{escape(words)}</text>'


def _arrow(arrow: Arrow) -> str:
    return f'<path class="arrow" d="{_path(arrow.points)}" marker-end="url(#tip)"/>'


def _path(points: Sequence[tuple[float, float]]) -> str:
    """A line through the points with rounded corners."""
    (x, y), *rest = points
    path = [f"M{x:.1f} {y:.1f}"]
    for place, (x1, y1) in enumerate(rest):
        if place + 1 < len(rest):
            x2, y2 = rest[place + 1]
            before, after = _towards((x1, y1), (x, y)), _towards((x1, y1), (x2, y2))
            path.append(f"L{before[0]:.1f} {before[1]:.1f}Q{x1:.1f} {y1:.1f} {after[0]:.1f} {after[1]:.1f}")
        else:
            path.append(f"L{x1:.1f} {y1:.1f}")
        x, y = x1, y1
    return "".join(path)


def _towards(corner: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    """A point a corner's radius away from it, at most half of the way."""
    dx, dy = other[0] - corner[0], other[1] - corner[1]
    length = max((dx * dx + dy * dy) ** 0.5, 0.001)
    share = min(_ROUND / length, 0.5)
    return corner[0] + dx * share, corner[1] + dy * share


def _words_on(arrow: Arrow, link: Link, label: str) -> str:
    assert arrow.label is not None
    assert link.label is not None
    (x, y), (width, height) = arrow.label, link.label
    return (
        f'<g class="arm"><rect x="{x - width / 2:.1f}" y="{y - height / 2:.1f}" width="{width:.1f}" '
        f'height="{height:.1f}" rx="{height / 2:.1f}"/>'
        f'<text x="{x:.1f}" y="{y + 4.5:.1f}" text-anchor="middle">{escape(label)}</text></g>'
    )
