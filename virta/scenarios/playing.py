"""One scenario from its first line to its last, or to the first that fails."""

import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from structlog.testing import capture_logs

from consent.contract import Unavailable
from dsl.graph import Text
from dsl.graph.scenario import ExpectSkipped, Line, Occurs, Scenario
from engine.core import calendar
from engine.core.bundle import Entry
from engine.core.record import What, Why
from engine.delivery.login import ServerFault
from engine.store.database import StoreFault
from virta.scenarios.acting import ACTS, CannotHappen, introduce, perform
from virta.scenarios.coverage import reached_in
from virta.scenarios.judging import Facts, Miss, judge
from virta.scenarios.outcome import Failure, Outcome, Reached, Told
from virta.scenarios.stage import House, Stage, open_stage, zone_named
from virta.scenarios.tale import tale
from virta.settings import BrokenProject

_BEFORE = 86_400_000
"""Milliseconds before the first line at which the contact agreed to what the scenario says: a day."""

_BEGIN = "2026-01-05T10:00"
"""When a scenario begins whose first line sets no clock: a Monday."""

_ADDRESS = "somebody@example.com"


@dataclass(slots=True)
class _Progress:
    """How far a scenario has come. Instants are ms UTC."""

    now: int
    since: int  # when the span began that expectations about mails look at
    timed: int  # the moment of the last line that set the clock
    answered: set[str] = field(default_factory=set)
    seen: int = 0  # lines of the journal that have been looked through for mails that could not be written
    faulty: frozenset[str] = frozenset()  # steps whose mails are expected to be such


async def play(house: House, scenario: Scenario) -> Outcome:
    """Play it; whatever goes wrong is its failure, in words."""
    began = time.perf_counter()
    mails, reached = 0, frozenset[Reached]()
    with capture_logs():  # a test says what went wrong itself
        try:
            failure, mails, reached = await _played(house, scenario)
        except (BrokenProject, ServerFault, StoreFault, Unavailable, CannotHappen) as fault:
            failure = Failure(
                scenario.line,
                f'scenario "{scenario.name}"',
                "The scenario can be played.",
                str(fault),
                house.settings.time_zone,
            )
    return Outcome(
        scenario.name,
        scenario.file,
        scenario.line,
        scenario.flows,
        failure,
        mails,
        time.perf_counter() - began,
        tuple(sorted(reached)),
    )


async def _played(house: House, scenario: Scenario) -> tuple[Failure | None, int, frozenset[Reached]]:
    undelivered = await _coming_back(house, scenario) if _returns(scenario) else frozenset()
    async with _begun(house, scenario, undelivered) as (stage, progress):
        failure = None
        for number, line in enumerate(scenario.lines):
            miss = await _line(stage, line, number, progress)
            if miss is not None:
                failure = await _failure(stage, line, miss)
                break
        journal = await stage.journal()
        return failure, len(await stage.handed()), reached_in(stage.loaded.program, journal)


@contextlib.asynccontextmanager
async def _begun(
    house: House, scenario: Scenario, undelivered: frozenset[str]
) -> AsyncIterator[tuple[Stage, _Progress]]:
    """A stage on which all is as it is before the first line."""
    start = _start(scenario, _zone(house, scenario))
    async with open_stage(house, scenario, _address(scenario), start - _BEFORE, undelivered) as stage:
        await introduce(stage, scenario.profile)
        await stage.run_to(start - 1)
        await stage.begin()
        yield stage, _Progress(start, start, start, faulty=_expected_faults(scenario))


async def _coming_back(house: House, scenario: Scenario) -> frozenset[str]:
    """The keys of the mails that lines further down say have come back: such a mail was not delivered when it
    went. Which mails these are shows only when the lines are reached, and what is known of one may change
    which the next are: so they are found one by one. Empty where no flow asks what is delivered."""
    found: frozenset[str] = frozenset()
    while True:
        async with _begun(house, scenario, found) as (stage, progress):
            if not stage.loaded.hears_of_deliveries:
                return found
            for number, line in enumerate(scenario.lines):
                await _line(stage, line, number, progress)
                if stage.returned - found:
                    break
        if stage.returned <= found:
            return found
        found |= stage.returned


def _returns(scenario: Scenario) -> bool:
    return any(
        isinstance(line.does, Occurs) and line.does.event == "email_bounced" for line in scenario.lines
    )


async def _line(stage: Stage, line: Line, number: int, progress: _Progress) -> Miss | None:
    """Move the clock, and do or judge what the line says; None where all is well."""
    moment = await _moment(stage, line, progress)
    if moment < progress.now:
        return Miss(
            "The lines of a scenario stand in order of time.",
            "This line lies before the one above it. Write a later moment, or `after` and a duration.",
        )
    timed = line.at is not None or line.after is not None
    if isinstance(line.does, ACTS):
        try:
            await _act(stage, line, number, moment)
        except CannotHappen as fault:
            return Miss("This can happen.", str(fault))
        progress.since = moment
        if timed:
            progress.timed = moment
        progress.now = moment
        return _unwritten(await stage.journal(), progress)
    await stage.run_to(moment)
    progress.now = moment
    if timed:
        progress.since, progress.timed = progress.timed, moment
    entries = await stage.journal()
    faulty = _unwritten(entries, progress)
    if faulty is not None:
        return faulty
    judged = judge(line.does, await _facts(stage, entries, progress))
    progress.answered.update(judged.answers)
    return judged.miss


async def _act(stage: Stage, line: Line, number: int, moment: int) -> None:
    """What is due before this moment is done first; what is due at it comes behind the act."""
    assert isinstance(line.does, ACTS)
    if moment > stage.clock():
        await stage.run_to(moment - 1)
        stage.clock.set(moment)
    await perform(stage, line.does, number)
    await stage.run_to(moment)


async def _moment(stage: Stage, line: Line, progress: _Progress) -> int:
    zone = stage.zone_of(await stage.bundle())
    if line.at is not None:
        return calendar.instant(datetime.fromisoformat(line.at), zone)
    if line.after is not None:
        return calendar.add(progress.now, line.after, zone)
    return progress.now


async def _facts(stage: Stage, entries: list[Entry], progress: _Progress) -> Facts:
    bundle = await stage.bundle()
    return Facts(
        progress.now,
        progress.since,
        stage.zone_of(bundle),
        stage.house.settings.currency,
        entries,
        await stage.handed(),
        bundle,
        {graph.digest: graph for graph in stage.loaded.program.flows},
        frozenset(progress.answered),
    )


def _unwritten(entries: list[Entry], progress: _Progress) -> Miss | None:
    """A mail whose template failed, unless the scenario expects that."""
    fresh, progress.seen = entries[progress.seen :], len(entries)
    for entry in fresh:
        failed = entry.what == What.SKIPPED and entry.reason == Why.TEMPLATE_FAILED
        if not failed or entry.step in progress.faulty:
            continue
        return Miss("Every mail can be written.", f"The mail `{entry.step}` could not be: {entry.fault}.")
    return None


def _expected_faults(scenario: Scenario) -> frozenset[str]:
    skips = [line.does for line in scenario.lines if isinstance(line.does, ExpectSkipped)]
    return frozenset(skip.mail for skip in skips if skip.reason == Why.TEMPLATE_FAILED)


async def _failure(stage: Stage, line: Line, miss: Miss) -> Failure:
    bundle = await stage.bundle()
    zone = stage.zone_of(bundle)
    lines = tale(stage, await stage.journal(), await stage.system.store.history(), zone)
    return Failure(line.line, line.text, miss.expected, miss.came, zone.key, _sentences(lines, zone))


def _sentences(lines: list[tuple[int, str]], zone: ZoneInfo) -> tuple[Told, ...]:
    moments = [(datetime.fromtimestamp(at / 1000, zone), text) for at, text in lines]
    return tuple(Told(f"{moment:%Y-%m-%d}", f"{moment:%H:%M}", text) for moment, text in moments)


def _zone(house: House, scenario: Scenario) -> ZoneInfo:
    return zone_named(_written(scenario, "time_zone"), house.zone)


def _address(scenario: Scenario) -> str:
    return _written(scenario, "email") or _ADDRESS


def _written(scenario: Scenario, attribute: str) -> str | None:
    given = dict(scenario.profile.attributes).get(attribute)
    return given.value if isinstance(given, Text) else None


def _start(scenario: Scenario, zone: ZoneInfo) -> int:
    written = scenario.lines[0].at if scenario.lines else None
    return calendar.instant(datetime.fromisoformat(written or _BEGIN), zone)
