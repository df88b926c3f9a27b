"""The figures of docs/performance.md: measured into docs/performance.json, and written from there.

    python bench/page.py                   write the page and its drawing from the JSON
    python bench/page.py measure           measure everything first (an hour on a quiet machine of two cores)
    python bench/page.py measure NAME…     only these: figures of `virta bench`, rivals, or scripts of bench/
    python bench/page.py take COMMIT FILE  the JSON of `virta bench` or rivals.py, from that commit, elsewhere

Each figure is kept with the commit that it was measured at.
"""

import os
import platform
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import Struct
from rivals import Found

from virta.bench.measures import KEYS, NAMES
from virta.bench.plot import Bar, bars
from virta.bench.process import virta
from virta.bench.result import Result
from virta.bench.table import number

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "performance.md"
DATA = ROOT / "docs" / "performance.json"
DRAWING = ROOT / "docs" / "performance.svg"
SCRIPTS = ("mail", "claims", "mailbox", "signups", "check", "room")
SYNCS = 200


class Told(Struct, frozen=True):
    """What a script printed, at which commit."""

    commit: str
    text: str


class Measured(Struct, frozen=True):
    """A figure, at which commit."""

    commit: str
    result: Result


class Beside(Struct, frozen=True):
    """The rivals, at which commit."""

    commit: str
    found: Found


class Data(Struct):
    """All that the page shows."""

    machine: str = ""
    figures: dict[str, Measured] = {}
    scripts: dict[str, Told] = {}
    rivals: Beside | None = None


def read(path: Path = DATA) -> Data:
    """What was measured last."""
    return msgspec.json.decode(path.read_bytes(), type=Data) if path.exists() else Data()


def machine() -> str:
    """This one, in a sentence."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), {pages:.0f} GiB, {platform.system()}, "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}; one synced write of 200 bytes "
        f"takes {sync():.2f} ms; load average at the beginning {os.getloadavg()[0]:.1f}"
    )


def sync() -> float:
    """Milliseconds of a synced write, the middle of many."""
    taken = []
    with tempfile.TemporaryFile() as file:
        for _ in range(SYNCS):
            began = time.perf_counter()
            file.write(b"v" * 200)
            file.flush()
            os.fsync(file.fileno())
            taken.append(time.perf_counter() - began)
    return sorted(taken)[SYNCS // 2] * 1e3


def commit() -> str:
    """The one that is checked out, with a + where something was changed since."""
    ask = ["git", "-C", str(ROOT), "describe", "--always", "--exclude=*", "--dirty=+"]
    return subprocess.run(ask, capture_output=True, text=True, check=True).stdout.strip()


def measure(data: Data, names: list[str]) -> Iterator[None]:
    """Measure what is named, or all; `data` is whole after each of them."""
    data.machine = machine()
    wanted = names or [*NAMES, "rivals", *SCRIPTS]
    keys = [name for name in NAMES if name in wanted]
    if keys:
        words = [word for key in keys for word in ("--only", key)]
        run = subprocess.run(virta("bench", "--format", "json", *words), stdout=subprocess.PIPE)
        take(data, run.stdout, commit())
        yield
    if "rivals" in wanted:
        run = subprocess.run(
            [sys.executable, Path(__file__).with_name("rivals.py"), "--json"],
            stdout=subprocess.PIPE,
            check=True,
        )
        take(data, run.stdout, commit())
        yield
    for name in SCRIPTS:
        if name in wanted:
            print(f"bench/{name}.py …", file=sys.stderr)
            run = subprocess.run(
                [sys.executable, Path(__file__).with_name(f"{name}.py")], stdout=subprocess.PIPE, check=True
            )
            data.scripts[name] = Told(commit(), run.stdout.decode().rstrip())
            yield


def take(data: Data, found: bytes, at: str) -> None:
    """Figures as `virta bench --format json` or `rivals.py --json` give them; quick ones are refused."""
    read = msgspec.json.decode(found, type=dict[str, msgspec.Raw])
    if "rivals" in read:
        data.rivals = Beside(at, msgspec.json.decode(found, type=Found))
        return
    for name, raw in read.items():
        result = msgspec.json.decode(raw, type=Result)
        if result.quick:
            raise SystemExit(f"{name} was measured in haste.")
        data.figures[name] = Measured(at, result)


# ---------------------------------------------------------------- the page


def written(page: str, data: Data) -> str:
    """The page with all that stands between its marks put anew."""
    parts = {
        "machine": _machine(data),
        "figures": _figures(data),
        "sizes": _sizes(data),
        "rivals": _rivals(data),
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


def _machine(data: Data) -> str:
    return f"{data.machine}." if data.machine else "Not measured yet."


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
    lines = []
    for name in ("journey_cpu_us", "rss_mb_1m"):
        if name in data.figures:
            each = data.figures[name].result
            told = ", ".join(f"{point.size:,} {each.of} {number(point.value)}" for point in each.points)
            lines.append(f"- `{name}`, {each.unit}: {told}.")
    for name in NAMES:
        if name in data.figures and data.figures[name].result.also:
            each = data.figures[name].result
            told = "; ".join(f"{what}: {number(value)}" for what, value in each.also.items())
            lines.append(f"- `{name}`, with {each.size:,} {each.of}: {told}.")
    return "\n".join(lines) or "Not measured yet."


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


def main() -> None:
    """As the first words say."""
    data = read()
    match sys.argv[1:]:
        case []:
            write(data)
        case ["measure", *names] if set(names) <= {*NAMES, *SCRIPTS, "rivals"}:
            for _ in measure(data, names):
                write(data)
        case ["take", at, path]:
            data.machine = data.machine or machine()
            take(data, Path(path).read_bytes(), at)
            write(data)
        case _:
            raise SystemExit(__doc__)


def write(data: Data) -> None:
    """Keep the data, and write the page and the drawing from them."""
    DATA.write_bytes(msgspec.json.format(msgspec.json.encode(data), indent=1) + b"\n")
    PAGE.write_text(written(PAGE.read_text("utf-8"), data), "utf-8")
    DRAWING.write_text(drawing(data), "utf-8")


if __name__ == "__main__":
    main()
