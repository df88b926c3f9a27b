"""Results as a table for people."""

from collections.abc import Sequence

from virta.bench.result import Result

_HEAD = ("figure", "value", "aim", "times what is beside it")


def table(results: Sequence[Result]) -> str:
    """One line a figure, and below each the counts that agreed."""
    rows = [(each.name, number(each.value) + " " + each.unit, _aim(each), _ratio(each)) for each in results]
    widths = [max(len(row[n]) for row in (_HEAD, *rows)) for n in range(len(_HEAD))]
    lines = [_line(_HEAD, widths), _line(["─" * width for width in widths], widths)]
    for each, row in zip(results, rows, strict=True):
        lines += [_line(row, widths), f"    {each.says}; {each.size:,} {each.of}"]
        lines.append(f"    counted alike: {', '.join(each.checks)} ({next(iter(each.checks.values())):,})")
    return "\n".join(lines) + "\n"


def number(value: float) -> str:
    """With three digits that mean something."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _aim(each: Result) -> str:
    return "" if each.aim is None else number(each.aim).removesuffix(".0").removesuffix(".00")


def _ratio(each: Result) -> str:
    return "" if each.ratio is None else f"{each.ratio:.2f} × {each.beside}"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    name, value, aim, ratio = cells
    return f"{name:<{widths[0]}}  {value:>{widths[1]}}  {aim:>{widths[2]}}  {ratio}".rstrip()
