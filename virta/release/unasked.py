"""Applying without a question, for whoever tries things out: `virta serve --apply`."""

from pathlib import Path

import structlog

from consent.contract import Said
from dsl.compile import Compiled
from virta.project.folder import unsound
from virta.release.applying import Refused, check, said_before, write
from virta.release.choosing import newest
from virta.release.content import content_of, who
from virta.release.planning import plan_release
from virta.settings import BrokenProject, Settings
from virta.telling.live import store_of

log = structlog.get_logger("virta")


def apply_unasked(folder: Path, settings: Settings, compiled: Compiled, now: int) -> None:
    """Make what stands in the folder the newest release, if it is not. Raises `BrokenProject`: in production,
    for flows with errors, and for what reaches very many people."""
    if settings.environment == "production":
        raise BrokenProject("--apply asks nobody; in production write `virta apply`, and look at its plan.")
    if compiled.stopping or compiled.program is None:
        raise unsound(folder, compiled)
    if newest(folder, settings) is None:
        return  # the first start makes release 1 of it anyway
    planned = plan_release(folder, settings, content_of(folder, settings, compiled), now)
    if not planned.plan.changed:
        return
    try:
        check(planned, None, None)
        said = {each.topic: Said("material", who(), "unasked") for each in planned.plan.reworded}
        said |= said_before(planned, None, ())
        made = write(store_of(folder, settings), planned, "apply", now, said)
    except Refused as refusal:
        raise BrokenProject(f"{refusal} `virta apply` shows the plan.") from None
    log.info("what stands in the folder is a new release", release=made.number)
