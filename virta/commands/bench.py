"""`virta bench`: what Virta costs on this machine."""

import sys
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from virta.bench.measures import KEYS, results, runs_for
from virta.bench.plot import plot_of
from virta.bench.result import Result, Run
from virta.bench.running import Unmeasured, run_apart
from virta.bench.table import table
from virta.disk_fault import disk_fault
from virta.terminal.progress import Bar

Figure: TypeAlias = Literal[
    "journey_cpu_us",
    "steps_vs_sqlite3",
    "mail_cpu_us",
    "mail_vs_floor",
    "permit_us",
    "due_scan_ms_1m",
    "rss_mb_10k",
    "rss_mb_1m",
    "ingest_events_s",
    "check_100_flows_s",
]


def bench(
    *,
    only: tuple[Figure, ...] | None = None,
    quick: bool = False,
    plot: Path | None = None,
    format: Literal["text", "json"] = "text",
) -> int:
    """Measure what Virta costs on this machine, beside a floor that does the same without it.

    Parameters
    ----------
    only
        The figures to measure; may be given several times. Otherwise all of them.
    quick
        Small sizes: done within a minute, to see that it works. Such figures are not to be quoted.
    plot
        Draw the figures into this file, as SVG.
    format
        text for people, json for programs.
    """
    of = {key.measure: key.of for key in KEYS}
    keys = [key for key in KEYS if not only or key.name in only]
    wanted = runs_for(keys, quick)
    runs: dict[tuple[str, int], Run] = {}
    failed: list[Unmeasured] = []
    for number, (measure, size) in enumerate(wanted, 1):
        title = f"{number} of {len(wanted)}: {_short(measure)}, {size:,}"
        with Bar(title, 1.0, of[measure]) as bar:
            run = run_apart(measure, size, bar.at)
        if isinstance(run, Run):
            runs[measure, size] = run
        else:
            failed.append(run)
    found = list(results(keys, runs, quick))
    if format == "json":
        print(msgspec.json.format(msgspec.json.encode({each.name: each for each in found})).decode())
    else:
        _show(found, quick)
    for each in failed:
        print(f"No figure of {_short(each.measure)} with {each.size:,}: {each.why}.", file=sys.stderr)
    if plot is not None and found:
        try:
            plot.write_text(plot_of(found), "utf-8")
        except OSError as fault:
            raise disk_fault(fault, plot, "written") from None
    return 1 if failed else 0


def _short(measure: str) -> str:
    return measure.rpartition(".")[2]


def _show(found: list[Result], quick: bool) -> None:
    if quick:
        print("Quick: small sizes, to see that it works. These figures are not to be quoted.\n")
    if found:
        print(table(found), end="")
