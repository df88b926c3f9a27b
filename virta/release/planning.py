"""The plan of a release: what runs beside what shall run, and the people whom it concerns."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from consent.contract import Policy
from dsl.graph import Program, StartOnEvent, StartOnSegment
from engine.core.loaded import Loaded
from engine.insight.records import open_records
from engine.store.database import StoreFault, exists
from engine.store.releases import Backfill, Content
from virta.planning.plan import BackfillPlan, Plan, Running, Standing, digest_of, plan, running
from virta.release.inheriting import bare, inheriting
from virta.release.reach import called_up, members, newly_mailed, of_the_past
from virta.release.rewording import agreed_to
from virta.release.unrecorded import unrecorded
from virta.settings import BrokenProject, Settings
from virta.telling.live import store_of

_NOTHING = Content(Program((), (), (), (), ()), (), (), {}, Policy((), ()))
_DAY = 86_400_000


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan, what runs (None: nothing has), and what would be applied."""

    plan: Plan
    running: Running | None
    content: Content
    backfills: tuple[Backfill, ...]


def plan_release(
    folder: Path,
    settings: Settings,
    target: Content,
    now: int,
    backfill: Sequence[str] = (),
    within: int = 0,
) -> Planned:
    """What making `target` the next release would do. `backfill` are flows that are to start for the past:
    that of `within` days, where they start on events; `now` is ms UTC. Raises `BrokenProject`."""
    asked = tuple(_asked(target.program, flow, now, within) for flow in dict.fromkeys(backfill))
    database = store_of(folder, settings)
    runs = running(database)
    if runs is None:
        found = plan(_NOTHING, target, "nothing", Standing())
        return Planned(found, None, target, asked)
    old = runs.release.content
    found = plan(old, target, "store", runs.standing, runs.graphs, runs.release.number)
    target = inheriting(runs, target)
    loaded = Loaded(target.program, (), settings.time_zone, b"", settings.currency)
    try:
        with open_records(database) as records:
            reached = newly_mailed(records, target.program, runs.graphs, runs.standing)
            segments = called_up(old.program, target.program)
            if segments:
                reached.update(members(records, loaded, old.program, segments, now))
            told = []
            for each in asked:
                people = set(of_the_past(records, loaded, old.program, each, now))
                reached |= people
                told.append(BackfillPlan(each.flow, len(people)))
            unknown = tuple(unrecorded(records, target.program, found, now, loaded.default_zone))
    except StoreFault as fault:
        raise BrokenProject(str(fault)) from None
    words = [f"{each.flow} {within}" for each in asked]
    digest = digest_of(runs.release.number, old.digest, target.digest, *words)
    agreed = agreed_to(folder, settings, [each.topic for each in found.reworded])
    found = replace(
        found,
        reach=len(reached),
        backfills=tuple(told),
        reworded=tuple(replace(each, people=agreed.get(each.topic)) for each in found.reworded),
        digest=digest,
        unrecorded=unknown,
    )
    return Planned(found, runs, target, asked)


def content_of_release(folder: Path, settings: Settings, number: int) -> Content:
    """What an earlier release held. Raises `BrokenProject` where there is none of that number."""
    database = store_of(folder, settings)
    try:
        if not exists(database):
            raise BrokenProject("Nothing has run here yet, so there is no release to go back to.")
        with open_records(database) as records:
            found, known = records.release(number), records.releases()
    except StoreFault as fault:
        raise BrokenProject(str(fault)) from None
    if found is None:
        last = f"the last one is {known[-1].number}" if known else "there is none"
        raise BrokenProject(f"There is no release {number}; {last}.")
    return bare(found.content)


def _asked(program: Program, name: str, now: int, within: int) -> Backfill:
    """What `--backfill` says of a flow. Raises `BrokenProject` where it can mean nothing."""
    flow = next((graph for graph in program.flows if graph.flow == name), None)
    if flow is None:
        known = ", ".join(graph.flow for graph in program.flows)
        raise BrokenProject(f"There is no flow {name} to start for the past; there are {known}.")
    if any(isinstance(start, StartOnEvent) for start in flow.starts):
        if within < 1:
            raise BrokenProject(
                f"Flow {name} starts on an event: say with --within how many days back it shall count."
            )
        return Backfill(name, now - within * _DAY)
    if any(isinstance(start, StartOnSegment) and start.joining for start in flow.starts):
        return Backfill(name)
    raise BrokenProject(
        f"Flow {name} starts neither on an event nor on joining a segment, so there is no past that it could "
        "start for."
    )
