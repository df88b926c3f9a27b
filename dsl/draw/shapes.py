"""The outlines of the kinds of step, and the small signs on them (20 by 20 pixels, drawn with a line)."""

from collections.abc import Mapping

from dsl.draw.layout import Box

_CUT = 14.0
_CORNER = 10.0

ICONS: Mapping[str, str] = {
    "start": "M5 3.5 16 10 5 16.5Z",
    "send": "M2 4.5H18V15.5H2ZM2 5 10 11.5 18 5",
    "wait": "M10 2.5A7.5 7.5 0 1 1 9.99 2.5ZM10 5.5V10L13.2 12",
    "hear": "M10 2.5A7.5 7.5 0 1 1 9.99 2.5ZM6.2 10.2 9 13 14 7.4",
    "if": "M10 17.5V11M10 11 4 3M10 11 16 3M4 7V3H8M16 7V3H12",
    "split": "M10 17.5V3M10 11 4 3M10 11 16 3M4 7V3H8M16 7V3H12",
    "repeat": "M4 8A6.5 6.5 0 0 1 16.2 8.2M16 12A6.5 6.5 0 0 1 3.8 11.8M16.8 3.6V8.2H12.2M3.2 16.4V11.8H7.8",
    "change": "M3 17 4 13 13.6 3.4 16.6 6.4 7 16ZM11.6 5.4 14.6 8.4",
    "emit": "M10 8.5A1.5 1.5 0 1 1 9.99 8.5ZM6 5.5A6 6 0 0 0 6 14.5M14 5.5A6 6 0 0 1 14 14.5"
    "M3 3A9.5 9.5 0 0 0 3 17M17 3A9.5 9.5 0 0 1 17 17",
    "call": "M2.5 10H14M10 5.5 14.5 10 10 14.5M17.5 3.5V16.5",
    "begin": "M4 2.5V9.5A4 4 0 0 0 8 13.5H15.5M12 9.5 16 13.5 12 17.5",
    "finish": "M5 18V2.5H15.5L13 6.3 15.5 10H5",
}


def outline(kind: str, box: Box) -> str:
    """The shape of a step of this kind."""
    x, y, width, height = box.x, box.y, box.width, box.height
    if kind == "stop":
        place = f'cx="{x + width / 2:.1f}" cy="{y + height / 2:.1f}"'
        return (
            f'<circle class="shape" {place} r="{width / 2 - 1:.1f}"/>'
            f'<circle class="pit" {place} r="{width / 4:.1f}"/>'
        )
    if kind in ("if", "split"):
        middle = y + height / 2
        return _polygon(
            (x, middle),
            (x + _CUT, y),
            (x + width - _CUT, y),
            (x + width, middle),
            (x + width - _CUT, y + height),
            (x + _CUT, y + height),
        )
    if kind == "change":
        return _polygon(
            (x, y), (x + width - _CUT, y), (x + width, y + _CUT), (x + width, y + height), (x, y + height)
        )
    if kind in ("emit", "call", "begin"):
        middle, edge = y + height / 2, x + width - _CUT
        return _polygon((x, y), (edge, y), (x + width, middle), (edge, y + height), (x, y + height))
    radius = height / 2 if kind in ("start", "wait", "hear", "finish") else _CORNER
    shape = _rectangle(box, "shape", min(radius, 28.0))
    if kind == "repeat":
        return shape + _rectangle(Box(x + 4, y + 4, width - 8, height - 8), "inner", _CORNER - 3)
    return shape


def _rectangle(box: Box, kind: str, radius: float) -> str:
    return (
        f'<rect class="{kind}" x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width:.1f}" '
        f'height="{box.height:.1f}" rx="{radius:.1f}"/>'
    )


def _polygon(*corners: tuple[float, float]) -> str:
    return f'<polygon class="shape" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in corners)}"/>'
