"""The coffee shop's project, compiled once and ready to run, and its letters."""

from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from pathlib import Path

from dsl.compile import Compiled, Project, compile_project
from engine.core.loaded import Loaded
from engine.mail.letters import Letters
from engine.mail.measured import Marks
from virta.settings import Settings, read_settings
from virta.wiring import letters_of

KAFIJA = Path(__file__).parents[2] / "examples" / "kafija"
LANGUAGES = ("en", "lv", "fi", "uz")
MARKS = Marks("https://mail.kafija.example", b"a key for tests")


@lru_cache(maxsize=1)
def settings() -> Settings:
    """What virta.toml says."""
    return read_settings(KAFIJA)


@lru_cache(maxsize=1)
def compiled() -> Compiled:
    """All flows and templates, with whatever the compiler has to say of them."""

    def read(paths: Iterable[Path]) -> tuple[tuple[str, bytes], ...]:
        return tuple((path.relative_to(KAFIJA).as_posix(), path.read_bytes()) for path in sorted(paths))

    found = settings()
    return compile_project(
        Project(
            files=read(KAFIJA.rglob("*.flow")),
            templates=read((KAFIJA / "templates").iterdir()),
            languages=found.languages,
            currency=found.currency,
            time_zone=found.time_zone,
            today=date(2026, 3, 1),
        )
    )


@lru_cache(maxsize=1)
def loaded() -> Loaded:
    """The flows, ready to run."""
    program = compiled().program
    assert program is not None
    return Loaded(program, (), settings().time_zone, b"a key for tests", settings().currency)


@lru_cache(maxsize=1)
def letters() -> Letters:
    """The templates, ready to be written."""
    return letters_of(compiled(), settings(), MARKS)
