"""The page of figures and its drawing, as they follow from what was measured."""

from collections.abc import Iterator, Mapping

import bounds
from kept import Data

from virta.bench.measures import KEYS, NAMES
from virta.bench.plot import Bar, bars
from virta.bench.table import number

SCRIPTS = ("consent_over_http", "signups", "leaves", "room", "check", "mailbox")
"""Those of bench/ that have a place of their own on the page."""


def written(page: str, data: Data) -> str:
    """The page with all that stands between its marks put anew."""
    parts = {
        "machine": f"{data.machine}." if data.machine else "Not measured yet.",
        "took": _took(data),
        "figures": _figures(data),
        "sizes": _sizes(data),
        "rivals": _rivals(data),
        "bounds": bounds.text(data),
    }
    for name in SCRIPTS:
        told = data.scripts.get(name)
        parts[name] = (
            f"```text\n{told.text}\n```\n\nMeasured at {told.commit}." if told else "Not measured yet."
        )
    for name, text in parts.items():
        before, begin, rest = page.partition(f"<!-- {name} -->\n")
        _, end, after = rest.partition("<!-- end -->")
        if not begin or not end:
            raise SystemExit(f"docs/performance.md has no place for {name}.")
        page = f"{before}{begin}{text}\n{end}{after}"
    return page


def seconds(data: Data) -> Mapping[str, float]:
    """How long each measure took when it was last taken, by the wall, by the name that it is asked for by."""
    found = {}
    for key in KEYS:
        if key.name in data.figures:
            for point in data.figures[key.name].result.points:
                found[f"{key.measure.rpartition('.')[2]}, {point.size:,} {key.of}"] = point.seconds
    if data.rivals is not None:
        found["rivals"] = data.rivals.seconds
    found |= {name: told.seconds for name, told in data.scripts.items()}
    return found


def minutes(spent: float) -> str:
    """Seconds in words."""
    return f"{spent / 60:.1f} min" if spent >= 100 else f"{spent:.0f} s"


def _took(data: Data) -> str:
    took = {name: spent for name, spent in seconds(data).items() if spent}
    if not took:
        return "Not measured yet."
    longest = sorted(took.items(), key=lambda each: -each[1])
    told = "; ".join(f"{name} {minutes(spent)}" for name, spent in longest)
    return f"All that was measured together took {minutes(sum(took.values()))}: {told}."


def _figures(data: Data) -> str:
    rows = [
        "| figure | value | aim | beside it, in the same run | counted alike | at |",
        "|---|---|---|---|---|---|",
    ]
    for key in KEYS:
        found = data.figures.get(key.name)
        if found is None:
            rows.append(f"| `{key.name}` | not measured yet | | | | |")
            continue
        each = found.result
        aim = f"{each.aim:,.0f}" if each.aim is not None else ""
        beside = ""
        if each.ratio is not None and each.against is not None:
            beside = f"{each.ratio:.2f} × {each.beside}"
            beside += "" if each.unit == "times" else f" ({number(each.against)})"
        counted = f"{next(iter(each.checks.values())):,}: {', '.join(each.checks)}"
        what = f"`{each.name}`: {each.says}; {each.size:,} {each.of}"
        value = f"{number(each.value)} {each.unit}"
        rows.append(f"| {what} | {value} | {aim} | {beside} | {counted} | {found.commit} |")
    return "\n".join(rows)


def _sizes(data: Data) -> str:
    """The figures that were taken at several sizes, and what else those runs told."""
    return "\n".join(_lines(data)) or "Not measured yet."


_AT_SIZES = ("journey_cpu_us", "due_scan_ms_1m", "rss_mb_10k", "rss_mb_1m")
"""Those whose runs are told of by size."""


def _lines(data: Data) -> Iterator[str]:
    for name in ("journey_cpu_us", "rss_mb_1m"):
        if name in data.figures:
            each = data.figures[name].result
            told = ", ".join(f"{point.size:,} {each.of} {number(point.value)}" for point in each.points)
            yield f"- `{name}`, {each.unit}: {told}."
    if "journey_cpu_us" in data.figures:
        each = data.figures["journey_cpu_us"].result
        for what in each.also:
            told = ", ".join(
                f"{point.size:,} {each.of} {number(point.also[what])}"
                for point in each.points
                if what in point.also
            )
            yield f"- in the same runs, {what}: {told}."
    runs: dict[tuple[str, ...], list[str]] = {}
    for name in NAMES:
        if name in data.figures and data.figures[name].result.also and name not in _AT_SIZES:
            each = data.figures[name].result
            told = "; ".join(f"{what}: {number(value)}" for what, value in each.also.items())
            runs.setdefault((f"{each.size:,} {each.of}", told), []).append(f"`{name}`")
    for (size, told), names in runs.items():
        yield f"- {', '.join(names)}, with {size}: {told}."


def _rivals(data: Data) -> str:
    if data.rivals is None:
        return "Not measured yet."
    found = data.rivals.found
    rows = ["| | µs of CPU a journey | times Virta's | how |", "|---|---|---|---|"]
    rows.append(
        f"| Virta | {number(found.virta_us)} | 1 | {found.virta_people:,} journeys, every commit synced |"
    )
    for each in sorted(found.rivals, key=lambda line: line.cpu_us):
        which = ", ".join(f"{name} {version}" for name, version in each.versions.items())
        how = f"{which}; {each.how}; {each.journeys:,} journeys"
        rows.append(f"| {each.name} | {number(each.cpu_us)} | {number(each.ratio)} | {how} |")
    missing = [f"\nNo figure of {name}: {why}." for name, why in found.missing.items()]
    return "\n".join([*rows, *missing, "", f"Measured at {data.rivals.commit}."])


def drawing(data: Data) -> str:
    """Journeys by size beside their floor and beside the rivals."""
    rows: list[Bar] = []
    if "steps_vs_sqlite3" in data.figures:
        rows.append(Bar("sqlite3 alone", data.figures["steps_vs_sqlite3"].result.also["sqlite3, µs"], False))
    if "journey_cpu_us" in data.figures:
        points = data.figures["journey_cpu_us"].result.points
        rows += [Bar(f"Virta, {point.size:,} people", point.value, True) for point in points]
    if data.rivals is not None:
        found = data.rivals.found
        rows.append(Bar("Virta, beside those below", found.virta_us, True))
        rows += [
            Bar(each.name, each.cpu_us, False) for each in sorted(found.rivals, key=lambda line: line.cpu_us)
        ]
    return bars("CPU of a journey of ten steps, all processes", "µs", rows or [Bar("nothing yet", 1, False)])
