"""Outcomes for programs."""

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from dsl.compile import Compiled
from dsl.found.finding import Finding
from dsl.found.report import as_json
from virta.scenarios.coverage import Covered, coverage, placed
from virta.scenarios.outcome import Outcome
from virta.scenarios.places import places_of
from virta.settings import Settings


class Report(Struct, frozen=True):
    """What `--format json` prints. `findings` are as `virta check` prints them."""

    scenarios: tuple[Outcome, ...]
    passed: int
    failed: int
    seconds: float
    coverage: tuple[Covered, ...]
    findings: msgspec.Raw


def covered_by(settings: Settings, compiled: Compiled, outcomes: Sequence[Outcome]) -> tuple[Covered, ...]:
    """What the outcomes reach of the project's flows; steps that are missed in flows with scenarios have
    their places."""
    if compiled.program is None:
        return ()
    every = coverage(
        compiled.program,
        (reached for outcome in outcomes for reached in outcome.reached),
        (flow for outcome in outcomes for flow in outcome.flows),
    )
    partly = {each.flow for each in every if each.gaps and (each.scenarios or each.reached)}
    places = places_of(compiled.sources, partly, settings.currency)
    return tuple(placed(each, places) for each in every)


def as_report(
    outcomes: Sequence[Outcome], seconds: float, covered: Sequence[Covered], findings: Sequence[Finding]
) -> str:
    """The report as JSON, for people to read as well."""
    failed = sum(outcome.failure is not None for outcome in outcomes)
    told = msgspec.json.decode(as_json(findings), type=dict[str, msgspec.Raw])["findings"]
    report = Report(tuple(outcomes), len(outcomes) - failed, failed, round(seconds, 3), tuple(covered), told)
    return msgspec.json.format(msgspec.json.encode(report)).decode()
