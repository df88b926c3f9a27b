"""A release that takes the place of the one that runs, while it runs."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import structlog

from consent.app.pace import Pace
from engine.mail.letters import LetterFault
from engine.returns.at_once import Delivers
from engine.store.releases import Release
from virta.consent_door import admission_of
from virta.mailing import letters_of
from virta.release.choosing import newest
from virta.release.content import compiled_of
from virta.release.refusing import refuse
from virta.settings import BrokenProject, Settings
from virta.webhooks import post_of
from virta.wiring import System, World

log = structlog.get_logger("virta")

_LOOK = 1.0  # seconds between looks for a newer release


def world_of(
    release: Release, settings: Settings, clock: Callable[[], int], delivers: Delivers | None
) -> World:
    """What the system of a release takes from outside itself. Raises `BrokenProject`."""
    post = post_of(release.content.program.webhooks, settings)
    return World(
        post,
        clock,
        delivers=delivers,
        apart=True,
        admission=admission_of(settings),
        pace=Pace(secrets.token_bytes),
    )


class Coming:
    """Watches for a newer release than the one that runs: `release` is it, once it has come and can run here,
    and `world` is its."""

    def __init__(self, folder: Path, settings: Settings, world: World) -> None:
        self.release: Release | None = None
        self.world = world
        self._folder = folder
        self._settings = settings

    async def watch(self, system: System, stop: asyncio.Event) -> None:
        """Set `stop` when there is one. One that cannot run here, for want of a secret perhaps, is told of in
        the log and to whoever applied it, and leaves the present one alone. Raises `StoreFault`."""
        assert system.release is not None
        known = system.release.number
        while self.release is None:
            await asyncio.sleep(_LOOK)
            last = await system.store.last_release()
            if last > known:
                known = last
                why = self._take(stop)
                if why:
                    log.error("a new release cannot run here, and the one that runs goes on", why=why)
                    await refuse(system.store, known, why, self.world.clock())

    def _take(self, stop: asyncio.Event) -> str:
        """Why it cannot run here; empty: it can."""
        try:
            found = newest(self._folder, self._settings)
            assert found is not None
            self.world = replace(self.world, post=post_of(found.content.program.webhooks, self._settings))
            letters_of(compiled_of(found.content), self._settings)
        except (BrokenProject, LetterFault) as fault:
            return str(fault)
        self.release = found
        stop.set()
        return ""
