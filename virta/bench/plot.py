"""Figures as bars on a logarithmic scale, in SVG that can be read in print, on light and on dark ground."""

import math
from collections.abc import Iterator, Sequence
from html import escape

from msgspec import Struct

from virta.bench.result import Result
from virta.bench.table import number

_WIDTH, _LEFT, _RIGHT, _ROW, _TOP, _BOTTOM = 760, 250, 90, 26, 56, 34
_STYLE = """\
text { font: 13px system-ui, sans-serif; fill: #1d2430 }
.paper { fill: #fff } .title { font-weight: 600; font-size: 15px } .scale { font-size: 11px; fill: #566073 }
.grid { stroke: #d8dde5 } .ours { fill: #14666b } .theirs { fill: #9aa3b0 }
@media (prefers-color-scheme: dark) {
text { fill: #e8ebf0 } .paper { fill: #171b22 } .scale { fill: #a5afbf } .grid { stroke: #39414e }
.ours { fill: #4fc3c7 } .theirs { fill: #6b7585 }
}
@media print {
text { fill: #000 } .paper { fill: #fff } .scale { fill: #444 } .grid { stroke: #ccc }
.ours { fill: #14666b } .theirs { fill: #9aa3b0 }
}
"""


class Bar(Struct, frozen=True):
    """One bar: `ours` stand out from what they are compared with."""

    label: str
    value: float
    ours: bool


def bars(title: str, unit: str, rows: Sequence[Bar]) -> str:
    """A drawing of the values, which are above nought, with the number at each bar."""
    lowest = math.floor(math.log10(min(row.value for row in rows)) - 0.1)
    highest = max(math.ceil(math.log10(max(row.value for row in rows))), lowest + 1)
    height = _TOP + _ROW * len(rows) + _BOTTOM
    scale = (_WIDTH - _LEFT - _RIGHT) / (highest - lowest)
    words = escape("; ".join(f"{row.label}: {number(row.value)} {unit}" for row in rows))
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img">',
        f"<title>{escape(title)}</title><desc>{words}</desc>",
        f"<style>{_STYLE}</style>",
        f'<rect class="paper" width="{_WIDTH}" height="{height}" rx="6"/>',
        f'<text class="title" x="20" y="28">{escape(title)}</text>',
        *_grid(lowest, highest, scale, height, unit),
    ]
    for place, row in enumerate(rows):
        y = _TOP + _ROW * place
        end = (math.log10(row.value) - lowest) * scale
        lines += [
            f'<text x="{_LEFT - 10}" y="{y + 17}" text-anchor="end">{escape(row.label)}</text>',
            f'<rect class="{"ours" if row.ours else "theirs"}" x="{_LEFT}" y="{y + 4}" width="{end:.1f}"'
            f' height="{_ROW - 8}" rx="2"/>',
            f'<text x="{_LEFT + end + 6:.1f}" y="{y + 17}">{number(row.value)}</text>',
        ]
    return "\n".join([*lines, "</svg>"]) + "\n"


def _grid(lowest: int, highest: int, scale: float, height: int, unit: str) -> Iterator[str]:
    bottom = height - _BOTTOM
    for power in range(lowest, highest + 1):
        x = _LEFT + (power - lowest) * scale
        yield f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{bottom}"/>'
        shown = f"{10**power:,}" if power >= 0 else f"{10**power:g}"
        yield f'<text class="scale" x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{shown}</text>'
    yield f'<text class="scale" x="{_LEFT - 30}" y="{bottom + 18}" text-anchor="end">{escape(unit)}</text>'


def plot_of(results: Sequence[Result]) -> str:
    """CPU of one thing of each kind, beside its floor; what is no time of that kind is not drawn."""
    rows: list[Bar] = []
    for each in results:
        if each.unit == "µs CPU":
            short = each.says.partition(",")[0].partition(":")[0].removesuffix(" that sends nothing")
            rows += [Bar(f"{short}, {point.size:,} {each.of}", point.value, True) for point in each.points]
            if each.against is not None and len(each.points) == 1:
                rows.append(Bar(each.beside, each.against, False))
        elif "sqlite3, µs" in each.also:
            rows.append(Bar(each.beside, each.also["sqlite3, µs"], False))
    return bars(
        "CPU of one of each, all threads", "µs", rows or [Bar("nothing in µs was measured", 1, False)]
    )
