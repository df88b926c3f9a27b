"""Outcomes for programs."""

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from dsl.finding import Finding
from dsl.graph import Program
from dsl.report import as_json
from virta.scenarios.coverage import Covered, coverage
from virta.scenarios.outcome import Outcome


class Report(Struct, frozen=True):
    """What `--format json` prints. `findings` are as `virta check` prints them."""

    scenarios: tuple[Outcome, ...]
    passed: int
    failed: int
    seconds: float
    coverage: tuple[Covered, ...]
    findings: msgspec.Raw


def covered_by(program: Program, outcomes: Sequence[Outcome]) -> list[Covered]:
    """What the outcomes reach of the program's flows."""
    return coverage(program, (reached for outcome in outcomes for reached in outcome.reached))


def as_report(
    program: Program | None, outcomes: Sequence[Outcome], seconds: float, findings: Sequence[Finding]
) -> str:
    """The report as JSON, for people to read as well. Without a program there is no coverage."""
    failed = sum(outcome.failure is not None for outcome in outcomes)
    told = msgspec.json.decode(as_json(findings), type=dict[str, msgspec.Raw])["findings"]
    report = Report(
        tuple(outcomes),
        len(outcomes) - failed,
        failed,
        round(seconds, 3),
        tuple(covered_by(program, outcomes)) if program is not None else (),
        told,
    )
    return msgspec.json.format(msgspec.json.encode(report)).decode()
