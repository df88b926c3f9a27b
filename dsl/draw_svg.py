"""A flow as a drawing, in SVG: text and shapes with classes, no script and no style of its own unless asked.

Each kind of step has a shape of its own, so that nothing hangs on colour: a letter for a mail, a round-ended
box for a wait, a six-sided one where ways part, a cut corner for what changes something.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from dsl.draw_layout import Arrow, Box, Link, lay_out
from dsl.draw_shapes import ICONS, outline
from dsl.draw_words import node_words, starts, ways
from dsl.graph import (
    END,
    Finish,
    Graph,
    If,
    Node,
    Repeat,
    Send,
    Split,
    Wait,
    WaitFor,
    WaitUntil,
    WaitUntilDate,
    WaitUntilTime,
)

_WIDTH = 236.0
_TEXT_AT = 46.0
_LINE, _LABEL, _COUNT = 18.0, 15.0, 18.0
_PADDING = 11.0
_LETTERS = 21  # in a line: 14 px semibold in what is left of the width
_NARROW = frozenset(("if", "split", "start", "wait", "hear", "finish"))  # towards corners and round ends
_PIECE = re.compile(r"[^_./-]+[_./-]*|[_./-]+")
_MOST_LINES = 4
_ROUND = 9.0
_STOP = 18.0


@dataclass(frozen=True, slots=True)
class Mark:
    """What is written on a step: how many stand there now, what has gone through, and where a click leads."""

    here: int = 0
    passed: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Drawing:
    """SVG text, and its size in pixels."""

    text: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class _Part:
    """A box to draw. `words` are lines; `whole` is all of the text, for those who hear or point at it."""

    kind: str
    label: str
    words: tuple[str, ...]
    whole: str
    mark: Mark

    @property
    def size(self) -> tuple[float, float]:
        if self.kind == "stop":
            return _STOP, _STOP
        height = 2 * _PADDING + _LABEL + _LINE * len(self.words) + (_COUNT if self.mark.passed else 0)
        return _WIDTH, height


def draw(
    flow: Graph,
    marks: Mapping[str, Mark] | None = None,
    counts: Mapping[tuple[str, str], int] | None = None,
    *,
    entered: int | None = None,
    alone: bool = False,
) -> Drawing:
    """The flow from its starts to its ends. Equal arguments give equal text.

    `marks` are by the name of the step, `counts` of those who went along an arm by step and arm (`yes`, a
    label, an event); `entered` is how many the starts let in. `alone` gives a whole file with its own
    colours, light and dark; otherwise the page's stylesheet has them.
    """
    marks, counts = marks or {}, counts or {}
    told = Mark(passed="" if entered is None else f"{entered:,} entered")
    parts = [
        _part("start", "start", words, Mark() if number else told)
        for number, words in enumerate(starts(flow))
    ]
    first = len(parts)
    parts += [_step(node, marks.get(node.step, Mark())) for node in flow.nodes]
    links, labels = [Link(number, first) for number in range(first)], [""] * first
    for index, node in enumerate(flow.nodes):
        for target, label in _merged(node, counts):
            if target == END:
                parts.append(_Part("stop", "", (), "the flow ends", Mark()))
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
        f"{_style() if alone else ''}{_TIP}{''.join(drawn)}</svg>\n"
    )
    return Drawing(text, width, height)


def _style() -> str:
    return f"<style>{Path(__file__).with_name('draw_svg.css').read_text('utf-8')}</style>"


_TIP = (
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" '
    'orient="auto"><path class="tip" d="M0 0.5 7.5 4 0 7.5Z"/></marker></defs>'
)


def _step(node: Node, mark: Mark) -> _Part:
    words = node_words(node)
    match node:
        case Send():
            return _part("send", "send", node.template, mark)
        case WaitFor():
            return _part("hear", "wait for", words.removeprefix("wait for "), mark)
        case Wait() | WaitUntilTime() | WaitUntilDate() | WaitUntil():
            return _part("wait", "wait", words.removeprefix("wait "), mark)
        case If():
            return _part("if", "if", words, mark)
        case Split():
            return _part("split", "split", node.step, mark)
        case Repeat():
            return _part("repeat", "repeat", words.removeprefix("repeat "), mark)
        case Finish():
            return _part("finish", "finish", node.label or "the flow ends", mark, words)
        case _:
            label, _, rest = words.partition(" ")
            return _part("change", label, rest, mark)


def _part(kind: str, label: str, words: str, mark: Mark, whole: str = "") -> _Part:
    letters = _LETTERS - 1 if kind in _NARROW else _LETTERS
    return _Part(kind, label, wrapped(words, letters), whole or f"{label} {words}", mark)


def wrapped(words: str, letters: int) -> tuple[str, ...]:
    """The words in lines that fit a step's box; what is too much for it ends in an ellipsis. A word that is
    longer than a line is broken behind a `_`, `.`, `/` or `-` of it where there is one."""
    lines = [""]
    for word in words.split():
        for number, piece in enumerate(_pieces(word, letters)):
            joined = f"{lines[-1]} {piece}".strip()
            if len(joined) <= letters and not number:
                lines[-1] = joined
            else:
                lines.append(piece)
    if len(lines) > _MOST_LINES:
        lines = [*lines[: _MOST_LINES - 1], f"{lines[_MOST_LINES - 1][: letters - 1]}…"]
    return tuple(lines)


def _pieces(word: str, letters: int) -> list[str]:
    """A word in pieces of at most so many letters, each as long as it can be."""
    pieces = [""]
    for part in _PIECE.findall(word):
        for piece in [part[at : at + letters] for at in range(0, len(part), letters)]:
            if len(pieces[-1]) + len(piece) <= letters:
                pieces[-1] += piece
            else:
                pieces.append(piece)
    return [piece for piece in pieces if piece]


def _merged(node: Node, counts: Mapping[tuple[str, str], int]) -> list[tuple[int, str]]:
    """The ways on, each target once, with what stands on the arrow; ends of the flow stay apart."""
    found: dict[object, list[str]] = {}
    for words, target in ways(node):
        label = _labelled(words, counts.get((node.step, _arm(words))))
        found.setdefault((words, END) if target == END else target, []).append(label)
    return [
        (target if isinstance(target, int) else END, (", " if counts else " or ").join(filter(None, labels)))
        for target, labels in found.items()
    ]


def _arm(words: str) -> str:
    """The word under which those who went this way are counted."""
    return words.removeprefix("on ").rpartition("% ")[2]


def _labelled(words: str, count: int | None) -> str:
    shown = words.removeprefix("on ")
    return shown if count is None or not shown else f"{shown}: {count:,}"


def _drawn(part: _Part, box: Box) -> str:
    shape = outline(part.kind, box)
    if part.kind == "stop":
        return f'<g class="step stop"><title>{part.whole}</title>{shape}</g>'
    text = [_text(box.x + _TEXT_AT, box.y + _PADDING + 10, "label", part.label)]
    baseline = box.y + _PADDING + _LABEL + 13
    for number, line in enumerate(part.words):
        text.append(_text(box.x + _TEXT_AT, baseline + number * _LINE, "words", line))
    if part.mark.passed:
        bottom = box.y + box.height - _PADDING - 1
        text.append(_text(box.x + _TEXT_AT, bottom, "count", part.mark.passed))
    place = f"translate({box.x + 17:.1f} {box.y + box.height / 2 - 10:.1f})"
    icon = f'<path class="icon" transform="{place}" d="{ICONS[part.kind]}"/>'
    whole = f"{part.whole}{_spoken(part.mark)}"
    inner = f"<title>{escape(whole)}</title>{shape}{icon}{''.join(text)}{_badge(part.mark, box)}"
    if part.mark.link:
        inner = f'<a href="{escape(part.mark.link)}" aria-label="{escape(whole)}">{inner}</a>'
    return f'<g class="step {part.kind}">{inner}</g>'


def _spoken(mark: Mark) -> str:
    told = [f"{mark.here:,} here now"] if mark.here else []
    told += [mark.passed] if mark.passed else []
    return f" ({', '.join(told)})" if told else ""


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
