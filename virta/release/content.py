"""What a project's folder holds as the content of a release, and back."""

import getpass
import platform
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from msgspec.structs import replace

from consent.contract import Said
from consent.rules import lay_out
from dsl.compile import Compiled
from dsl.found.source import Source
from engine.store.releases import Backfill, Content, Kind, Release
from virta.project.wording import read_wording
from virta.release.policy import policy_of
from virta.settings import BrokenProject, Settings


def content_of(folder: Path, settings: Settings, compiled: Compiled) -> Content:
    """All that a sound project says. Raises `BrokenProject` for one with errors."""
    program = compiled.program
    if program is None:
        raise BrokenProject("The flows have errors; `virta check` shows them.")
    wording = read_wording(folder, settings.languages, program.topics, settings.purposes)
    return Content(
        program,
        compiled.templates,
        compiled.template_files,
        dict(compiled.codes),
        policy_of(program, compiled, settings, wording),
        {
            path: "\n".join(source.lines)
            for path, source in compiled.sources.items()
            if path.endswith(".flow")
        },
    )


def compiled_of(content: Content) -> Compiled:
    """The project of a release, as if it had been compiled just now without a finding."""
    return Compiled(
        (),
        content.program,
        content.templates,
        content.files,
        {path: Source(path, tuple(text.split("\n"))) for path, text in content.texts.items()},
        codes=content.codes,
    )


def draft(
    content: Content,
    kind: Kind,
    at: int,
    number: int = 0,
    backfills: tuple[Backfill, ...] = (),
    said: Mapping[str, Said] = MappingProxyType({}),
) -> Release:
    """A release of that content, not written down yet. One that a start makes carries nobody over."""
    carries = kind in ("apply", "back")
    made = Release(number, at, who(), kind, content, "", carries, backfills, dict(said))
    return replace(made, policy=lay_out(made.published).digest)


def who() -> str:
    """Who does this, as in `anna at shop1`."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a user without a name
        name = "somebody"
    return f"{name} at {platform.node()}"
