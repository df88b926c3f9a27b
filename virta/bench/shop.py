"""A project to measure on: compiled from texts, and opened in a folder that is thrown away."""

import os
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

from consent.keys import Keys
from dsl.compile import Compiled, Project, compile_project
from engine.calls.recorder import Recorder
from virta.garbage import settled
from virta.keys import ProjectKeys
from virta.settings import Controller, Sender, Settings
from virta.smtp_settings import Smtp
from virta.wiring import System, World, open_system, wall_clock

PROOF = (
    '---\nsubject: Confirm\n---\n<p>{{ wording }} <a href="{{ links.confirm }}">yes</a>'
    ' <a href="{{ links.refuse }}">no</a></p>\n'
)


def compiled(flow: str, templates: Mapping[str, str] = {}) -> Compiled:
    """A file of flows, and templates by name."""
    files = {**templates, "confirm": PROOF}
    found = compile_project(
        Project(
            (("shop.flow", flow.encode()),),
            tuple((f"templates/{name}.html", text.encode()) for name, text in files.items()),
            ("en",),
            "EUR",
            "UTC",
            date(2026, 1, 1),
        )
    )
    assert found.program is not None, [finding.message for finding in found.findings]
    return found


async def opened(
    folder: Path,
    project: Compiled,
    clock: Callable[[], int] = wall_clock,
    mail_server: str = "smtp://127.0.0.1:2525",
    *,
    world: World | None = None,
    keys: ProjectKeys | None = None,
) -> System:
    """The project with all that runs it; its stores sync every commit. `clock` gives ms UTC. Another `world`
    brings its own clock; with the same `keys` it may be opened again in the same folder."""
    settings = Settings(
        name="bench",
        sender=Sender(name="Bench", address="bench@shop.example", imprint="Example Street 1"),
        controller=Controller(name="Bench", address="Example Street 1", contact="bench@shop.example"),
        smtp=Smtp(url=mail_server),
    )
    keys = keys or ProjectKeys(Keys.random(os.urandom), os.urandom(32))
    system = await open_system(folder, settings, project, keys, world or World(Recorder(), clock))
    settled()  # as `virta serve` does
    return system
