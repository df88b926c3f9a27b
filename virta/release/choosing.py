"""Which release a start runs, and what is to be said of it."""

from pathlib import Path

import structlog

from dsl.compile import Compiled
from engine.insight.records import open_records
from engine.store.database import StoreFault, exists
from engine.store.releases import Release
from virta.project.folder import unsound
from virta.release.content import content_of, draft
from virta.settings import BrokenProject, Settings
from virta.telling.live import store_of

log = structlog.get_logger("virta")


def newest(folder: Path, settings: Settings) -> Release | None:
    """The release that runs; None: nothing has run here yet. Raises `BrokenProject`."""
    database = store_of(folder, settings)
    try:
        if not exists(database):
            return None
        with open_records(database) as records:
            return records.release()
    except StoreFault as fault:
        raise BrokenProject(str(fault)) from None


def to_run(folder: Path, settings: Settings, compiled: Compiled, now: int) -> Release:
    """The newest release; before the first, what stands in the folder, not written down yet (number 0).
    Raises `BrokenProject` for a first one with errors."""
    runs = newest(folder, settings)
    if runs is not None:
        return runs
    if compiled.stopping or compiled.program is None:
        raise unsound(folder, compiled)
    return draft(content_of(folder, settings, compiled), "first", now)


def tell(folder: Path, settings: Settings, compiled: Compiled, runs: Release) -> None:
    """Say in the log which release runs, and whether the folder holds something else; where mails go to the
    team alone, that too."""
    if not runs.number:
        log.info("what stands in the folder is the first release")
    elif compiled.program is None:
        log.warning("what stands in the folder has errors, and the last release runs", release=runs.number)
    elif content_of(folder, settings, compiled).digest != runs.content.digest:
        log.warning(
            "what stands in the folder is not what runs",
            release=runs.number,
            see="virta plan",
            then="virta apply",
        )
    else:
        log.info("what stands in the folder is what runs", release=runs.number)
    if settings.environment == "staging":
        log.warning("this is staging: mails go to the team alone", team=len(settings.team))
