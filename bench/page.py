"""The figures of docs/performance.md: measured into docs/performance.json, and written from there.

    python bench/page.py                   write the page and its drawing from the JSON
    python bench/page.py measure           measure everything first, as `make bench` does
    python bench/page.py measure NAME…     only these: figures of `virta bench`, rivals, or scripts of bench/
    python bench/page.py take COMMIT FILE  the JSON of `virta bench` or rivals.py, from that commit, elsewhere

Each figure is kept with the commit that it was measured at, as soon as it is there. What fails is told, and
the page keeps what it had. Measure on a machine that has nothing else to do; {took}.
Names: {names}.
"""

import os
import platform
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from bounds import STAGES, designs
from kept import DATA, Data, Told, keep, read, take
from wording import SCRIPTS, drawing, minutes, seconds, written

from virta.bench.measures import KEYS
from virta.bench.process import environment, virta

HERE = Path(__file__).parent
PAGE = DATA.with_suffix(".md")
DRAWING = DATA.with_suffix(".svg")
RIVALS = "rivals"
SYNCS = 200


class Job(NamedTuple):
    """What is measured at a stroke: figures of `virta bench` that come from the same runs, or what a script
    prints. `takes` has what it said, how long it took, and the commit."""

    names: tuple[str, ...]
    command: list[str]
    takes: Callable[[Data, bytes, float, str], None]


def jobs(wanted: Sequence[str]) -> list[Job]:
    """Those for what is named, or all, in order."""
    found: list[Job] = []
    for measure in dict.fromkeys(key.measure for key in KEYS):
        names = [key.name for key in KEYS if key.measure == measure and (not wanted or key.name in wanted)]
        if names:
            only = [word for name in names for word in ("--only", name)]
            found.append(Job(tuple(names), virta("bench", "--format", "json", *only), _figures))
    for name in scripts():
        if not wanted or name in wanted:
            command = [sys.executable, str(HERE / f"{name}.py"), *(["--json"] if name == RIVALS else [])]
            found.append(Job((name,), command, _figures if name == RIVALS else _text_of(name)))
    return found


def scripts() -> list[str]:
    """Those of bench/ whose words stand on the page."""
    return [RIVALS, *STAGES.values(), *designs(), *SCRIPTS]


def _figures(data: Data, said: bytes, took: float, at: str) -> None:
    take(data, said, at, took)


def _text_of(name: str) -> Callable[[Data, bytes, float, str], None]:
    def taken(data: Data, said: bytes, took: float, at: str) -> None:
        data.scripts[name] = Told(at, said.decode().rstrip(), took)

    return taken


def measure(data: Data, wanted: Sequence[str]) -> int:
    """Measure, and write the page after each; the exit code."""
    data.machine = machine()
    todo = jobs(wanted)
    failed: list[str] = []
    for number, job in enumerate(todo):
        left = sum(_expected(data, each) for each in todo[number:])
        told = f"; {minutes(left)} left, if all takes as long as last time" if left else ""
        print(f"{number + 1} of {len(todo)}: {', '.join(job.names)}{told}", file=sys.stderr, flush=True)
        began = time.monotonic()
        done = subprocess.run(job.command, stdout=subprocess.PIPE, env=environment())
        if done.returncode:
            failed += job.names
        if done.returncode == 0 or (job.takes is _figures and done.stdout):
            job.takes(data, done.stdout, time.monotonic() - began, commit())
            write(data)
    if failed:
        print(f"Not all of {', '.join(failed)} could be measured: see above.", file=sys.stderr)
    return 1 if failed else 0


def _expected(data: Data, job: Job) -> float:
    """Seconds that a job took last time."""
    took = 0.0
    runs: set[tuple[str, int]] = set()
    for key in KEYS:
        if key.name in job.names and key.name in data.figures:
            for point in data.figures[key.name].result.points:
                if (key.measure, point.size) not in runs:
                    runs.add((key.measure, point.size))
                    took += point.seconds
    if RIVALS in job.names and data.rivals is not None:
        took += data.rivals.seconds
    return took + sum(data.scripts[name].seconds for name in job.names if name in data.scripts)


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
    """The one that is checked out, with a + where something but the page was changed since."""
    git = ["git", "-C", str(HERE)]
    head = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True)
    ours = [f":(top,exclude)docs/{path.name}" for path in (DATA, PAGE, DRAWING)]
    changed = subprocess.run([*git, "diff", "--quiet", "HEAD", "--", ":(top)", *ours], check=False)
    return head.stdout.strip() + ("+" if changed.returncode else "")


def write(data: Data) -> None:
    """Keep the data, and write the page and the drawing from them."""
    keep(data)
    PAGE.write_text(written(PAGE.read_text("utf-8"), data), "utf-8")
    DRAWING.write_text(drawing(data), "utf-8")


def usage(data: Data) -> str:
    """How this is called."""
    took = seconds(data)
    known = took and all(took.values()) and len(took) >= len(jobs(()))
    told = f"{minutes(sum(took.values()))}, as it was when last measured" if known else "about 25 min"
    names = ", ".join([*(key.name for key in KEYS), *scripts()])
    return (__doc__ or "").format(took=f"all of it takes {told}", names=names).strip()


def main() -> None:
    """As the first words say."""
    data = read()
    match sys.argv[1:]:
        case []:
            write(data)
        case ["-h" | "--help"]:
            print(usage(data))
        case ["measure", *names] if set(names) <= {*(key.name for key in KEYS), *scripts()}:
            sys.exit(measure(data, names))
        case ["take", at, path]:
            data.machine = data.machine or machine()
            take(data, Path(path).read_bytes(), at)
            write(data)
        case _:
            raise SystemExit(usage(data))


if __name__ == "__main__":
    main()
