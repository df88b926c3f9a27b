"""`virta test`: the project's scenarios, played by the engine and the gate of production."""

import contextlib
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter
from msgspec import Struct

from dsl.found.finding import Finding, Severity
from dsl.found.report import as_text
from dsl.found.report import summary as findings_summary
from dsl.graph.scenario import Scenario
from virta.disk_fault import disk_fault
from virta.logs import set_up_logs
from virta.project.folder import load_project
from virta.scenarios.coverage import Covered
from virta.scenarios.first import how_to_begin
from virta.scenarios.junit import as_junit
from virta.scenarios.outcome import Outcome
from virta.scenarios.report import as_report, covered_by
from virta.scenarios.running import play_all
from virta.scenarios.shown import coverage_lines, failure_lines, outcome_line, summary
from virta.scenarios.watching import next_change, stamps
from virta.settings import BrokenProject
from virta.terminal.colours import coloured

_LOOK = 0.25  # seconds between looks for changed files


class Asked(Struct, frozen=True):
    """What to play, and how to tell of it."""

    folder: Path
    only: str
    jobs: int
    brief: bool
    junit: Path | None
    output: Literal["text", "json"]


def play(
    folder: Annotated[Path, Parameter(help="The project's folder, which holds virta.toml.")] = Path("."),
    *,
    only: Annotated[str, Parameter(help="Part of a scenario's title, or of the name of its flow.")] = "",
    jobs: Annotated[int, Parameter(help="At most so many processes; 0: one for each core.")] = 0,
    watch: Annotated[bool, Parameter(help="Play again whenever a file of the project is saved.")] = False,
    brief: Annotated[bool, Parameter(help="Print only what fails, and the last line.")] = False,
    junit: Annotated[Path | None, Parameter(help="A file for the outcomes, as JUnit XML.")] = None,
    output: Annotated[Literal["text", "json"], Parameter(name="--format", help="How to print.")] = "text",
) -> int:
    """Play the scenarios of a project on a virtual clock, by the engine and the consent gate of production.
    Exit code 1: a scenario fails or has an error, or there is none."""
    if jobs < 0:
        raise BrokenProject("--jobs is a number of processes; it must not be negative.")
    set_up_logs(logging.CRITICAL)
    asked = Asked(folder, only, jobs or os.cpu_count() or 1, brief, junit, output)
    return _again_and_again(asked) if watch else play_once(asked)


def play_once(asked: Asked) -> int:
    """Play all that is asked for, say what came of it, and give the exit code."""
    began = time.perf_counter()
    settings, compiled = load_project(asked.folder)
    findings = [each for each in compiled.findings if _concerns(each)]
    errors = [each for each in findings if each.severity is Severity.ERROR]
    text = asked.output == "text"
    if text and findings:
        print(as_text(findings, compiled.sources, coloured(sys.stdout)))
        print(findings_summary(findings))
    chosen = _chosen(asked, compiled.scenarios)
    if compiled.scenarios and not chosen and not errors:
        raise BrokenProject(_no_such(asked, compiled.scenarios))
    outcomes: list[Outcome] = []
    if compiled.program is not None and chosen:
        told = _Teller(text and not asked.brief).tell
        outcomes = play_all(asked.folder, settings, compiled, chosen, asked.jobs, told)
    seconds = time.perf_counter() - began
    if asked.junit is not None:
        _write(asked.junit, outcomes, errors)
    if not text:
        print(as_report(outcomes, seconds, covered_by(settings, compiled, outcomes), findings))
    elif outcomes:
        _show(asked, chosen, outcomes, () if asked.brief else covered_by(settings, compiled, outcomes))
        print(summary(outcomes, seconds))
    elif compiled.program is not None and not errors:
        print(how_to_begin(asked.folder, compiled.program, settings.languages[0]))
    failed = any(outcome.failure is not None for outcome in outcomes)
    return 1 if errors or failed or not outcomes else 0


def _concerns(finding: Finding) -> bool:
    """Warnings about flows are for `virta check`; those of the six hundreds are about scenarios."""
    return finding.severity is Severity.ERROR or finding.code.startswith("W6")


def _chosen(asked: Asked, scenarios: Sequence[Scenario]) -> list[Scenario]:
    wanted = asked.only.casefold()
    return [each for each in scenarios if any(wanted in name.casefold() for name in (each.name, *each.flows))]


def _no_such(asked: Asked, scenarios: Sequence[Scenario]) -> str:
    flows = ", ".join(sorted({flow for each in scenarios for flow in each.flows}))
    return (
        f"No scenario has “{asked.only}” in its title or in the name of its flow. "
        f"The flows with scenarios: {flows}."
    )


# ---------------------------------------------------------------- telling


class _Teller:
    """A line for each outcome, below the name of its file."""

    def __init__(self, speaks: bool) -> None:
        self._speaks = speaks
        self._file = ""
        self._colour = coloured(sys.stdout)

    def tell(self, outcome: Outcome) -> None:
        if not self._speaks:
            return
        if outcome.file != self._file:
            self._file = outcome.file
            print(outcome.file)
        print(outcome_line(outcome, self._colour), flush=True)


def _show(
    asked: Asked, chosen: Sequence[Scenario], outcomes: Sequence[Outcome], covered: Sequence[Covered]
) -> None:
    """The failures, and what is reached: of all flows, or of those that were asked for."""
    colour = coloured(sys.stdout)
    for outcome in outcomes:
        if outcome.failure is not None:
            print("", *failure_lines(outcome, colour), sep="\n")
    if not asked.brief:
        wanted = {flow for scenario in chosen for flow in scenario.flows}
        shown = [each for each in covered if each.flow in wanted or not asked.only]
        print("", *coverage_lines(shown, colour), sep="\n")
    if not asked.brief or any(outcome.failure is not None for outcome in outcomes):
        print()


def _write(path: Path, outcomes: Sequence[Outcome], faults: Sequence[Finding]) -> None:
    try:
        path.write_bytes(as_junit(outcomes, faults))
    except OSError as fault:
        raise disk_fault(fault, path, "written") from None


# ---------------------------------------------------------------- watching


def _again_and_again(asked: Asked, pause: Callable[[], None] = lambda: time.sleep(_LOOK)) -> int:
    """Play, wait for a file to be saved, and play again, until Ctrl-C."""
    with contextlib.suppress(KeyboardInterrupt), _interrupted_at_once():
        while True:
            before = stamps(asked.folder)
            try:
                play_once(asked)
            except BrokenProject as fault:  # it may be mended by the next save
                print(f"virta: {fault}", file=sys.stderr)
            print("\nWaiting for a file to be saved; Ctrl-C ends.", file=sys.stderr)
            changed = next_change(asked.folder, before, pause)
            print(f"\n{', '.join(changed)} changed.\n", file=sys.stderr)
    return 0


@contextlib.contextmanager
def _interrupted_at_once() -> Iterator[None]:
    """Ctrl-C in the midst of a play ends it there: asyncio's own way of it, a cancellation, is heard as the
    end of a scenario by what waits in it, and the next round would begin."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
