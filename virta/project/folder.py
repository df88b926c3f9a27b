"""A project's folder: its settings, its texts, and what they compile to."""

import contextlib
import gc
import os
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from dsl.compile import Compiled, Project, compile_project
from dsl.read import parser
from dsl.read.spoken import SETTINGS
from virta.project.parser_tables import warm_up
from virta.settings import BrokenProject, Settings, read_settings

TEMPLATE_ENDINGS = (".html", ".txt", ".mjml")


def load_project(folder: Path) -> tuple[Settings, Compiled]:
    """Read and compile the project in `folder`. Raises `BrokenProject`; faults in its texts are findings."""
    if not folder.is_dir():
        raise BrokenProject(f"There is no folder {folder}.")
    settings = read_settings(folder.resolve())  # so that its faults name the folder, and not `.`
    today = datetime.now(ZoneInfo(settings.time_zone)).date()
    if not parser.stands():
        warm_up()
    with _no_collecting():
        return settings, compile_project(read_project(folder, settings, today))


@contextlib.contextmanager
def _no_collecting() -> Iterator[None]:
    """Compiling makes many objects, and nearly all of them stay: looking for garbage among them again and
    again takes a tenth of the time and finds none."""
    active = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if active:
            gc.enable()


def load_sound_project(folder: Path) -> tuple[Settings, Compiled]:
    """The same, for commands that run it: a project whose texts have errors, be it not in scenarios, raises
    `BrokenProject` too."""
    settings, compiled = load_project(folder)
    if compiled.stopping:
        raise unsound(folder, compiled)
    return settings, compiled


def unsound(folder: Path, compiled: Compiled) -> BrokenProject:
    """What to say of a project with errors that was to run."""
    errors = len(compiled.stopping)
    count = "an error" if errors == 1 else f"{errors} errors"
    return BrokenProject(
        f"The flows and templates in {folder} have {count}, and nothing was started. "
        f"`virta check {folder}` shows what to mend."
    )


def read_project(
    folder: Path, settings: Settings, today: date, read: Callable[[Path], bytes] | None = None
) -> Project:
    """The texts of a project: every `.flow` file, everything under `templates/`, every `.csv` file, and the
    words of its other languages. Hidden folders are passed over; `read` gives the bytes of a file, as
    `file_bytes` does. Raises `BrokenProject` for a file that cannot be read."""
    read = read or file_bytes
    files = list(_files(folder))
    words = ((SETTINGS, folder / SETTINGS), *_files(folder / "words", "words/"))
    return Project(
        tuple((name, read(path)) for name, path in files if path.suffix == ".flow"),
        template_files(folder, read),
        settings.languages,
        settings.currency,
        settings.time_zone,
        today,
        settings.team,
        tuple(settings.purposes),
        tuple((name, read(path)) for name, path in files if path.suffix == ".csv"),
        tuple((name, read(path)) for name, path in words if path.suffix == ".toml"),
    )


def template_files(
    folder: Path, read: Callable[[Path], bytes] | None = None
) -> tuple[tuple[str, bytes], ...]:
    """Every template of a project, by its way from the folder. Raises `BrokenProject`."""
    read = read or file_bytes
    found = _files(folder / "templates", "templates/")
    return tuple((name, read(path)) for name, path in found if path.suffix in TEMPLATE_ENDINGS)


def flow_files(folder: Path) -> list[Path]:
    """Every `.flow` file of a folder, in the order of names; hidden folders are passed over. Raises
    `BrokenProject` for a folder that cannot be read."""
    return [path for _, path in _files(folder) if path.suffix == ".flow"]


def _files(folder: Path, above: str = "") -> Iterator[tuple[str, Path]]:
    """The files below a folder, in the order of their names, each with its way from there, behind `above`;
    links to folders are not followed."""
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except FileNotFoundError:
        return
    except OSError as fault:
        raise BrokenProject(f"The folder {folder} cannot be read: {fault.strerror}.") from None
    for entry in entries:
        if entry.name.startswith("."):
            continue
        path = folder / entry.name
        if entry.is_dir(follow_symlinks=False):
            yield from _files(path, f"{above}{entry.name}/")
        elif entry.is_file(follow_symlinks=False) or path.is_file():
            yield f"{above}{entry.name}", path


def file_bytes(path: Path) -> bytes:
    """What a file holds. Raises `BrokenProject` if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as fault:
        raise BrokenProject(f"The file {path} cannot be read: {fault.strerror}.") from None
