"""Who stands where in the flows of a project now, read from its store."""

from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

from dsl.draw.marks import Live
from dsl.graph import Graph
from engine.insight.figures import figures
from engine.insight.records import Records, open_records
from engine.insight.standing import StepFigures, arms, crowds, marks, steps, tally
from engine.store.server import Place
from virta.database_url import engine_place
from virta.settings import Settings


class StepCounts(Struct, frozen=True):
    """`here` journeys stand at the step now; the others are those of `StepFigures`, None: not counted."""

    here: int
    passed: int | None
    sent: int | None
    skipped: int | None
    unknown: int | None


class FlowCounts(Struct, frozen=True):
    """One flow in numbers. `arms` by step and arm; `elsewhere` are journeys at steps that an earlier version
    of the flow had."""

    entered: int
    steps: dict[str, StepCounts]
    arms: dict[str, dict[str, int]]
    elsewhere: int


class Counted(Struct, frozen=True):
    """The same people for a drawing (`live`) and for programs (`counts`)."""

    live: Live
    counts: FlowCounts


def store_of(folder: Path, settings: Settings) -> Place:
    """Where the engine's records of a project are, or would be."""
    return engine_place(folder, settings)


def count(store: Place, flows: Iterable[Graph]) -> dict[str, Counted]:
    """The people in each flow, by its name, all at one moment. Raises `StoreFault`; changes nothing."""
    with open_records(store) as records:
        return _count(records, list(flows))


def _count(records: Records, flows: list[Graph]) -> dict[str, Counted]:
    lines, people, graphs = records.lines(), records.people(), records.graphs()
    counted = tally(lines)
    found = {}
    for row, flow in zip(figures(flows, lines, ()), sorted(flows, key=lambda flow: flow.flow), strict=True):
        standing = crowds(flow, people, graphs)
        each, taken = steps(flow, counted), arms(flow, counted)
        by_step: dict[str, dict[str, int]] = {}
        for (step, arm), number in taken.items():
            by_step.setdefault(step, {})[arm] = number
        counts = {step: _step_counts(of, standing[step]) for step, of in each.items()}
        found[flow.flow] = Counted(
            Live(marks(each, standing), taken, row.entered) if row.entered else Live(),
            FlowCounts(row.entered, counts, by_step, standing[""]),
        )
    return found


def _step_counts(figures: StepFigures, here: int) -> StepCounts:
    mails = figures.sent is not None
    return StepCounts(
        here,
        figures.passed,
        figures.sent,
        figures.skipped if mails else None,
        figures.unknown if mails else None,
    )
