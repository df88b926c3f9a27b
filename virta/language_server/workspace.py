"""What an editor works on: its unsaved texts, and the projects on disk below them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

from dsl.compile import Project
from dsl.found.finding import Finding
from virta.language_server.settings_faults import SETTINGS, settings_finding
from virta.language_server.snapshot import Snapshot
from virta.project.folder import TEMPLATE_ENDINGS, file_bytes, read_project
from virta.settings import BrokenProject, Controller, Sender, Settings, settings_in

_PLAIN = Settings(
    name="project",
    sender=Sender(name="", address="", imprint=""),
    controller=Controller(name="", address="", contact=""),
)
"""By what a project is read whose virta.toml never could be."""


class Workspace:
    """Holds the texts that are open in the editor, by path, and what was read from the disk. `today` gives
    the date in a time zone."""

    def __init__(self, today: Callable[[str], date]) -> None:
        self._today = today
        self._open: dict[Path, str] = {}
        self._read: dict[Path, tuple[tuple[int, int], bytes]] = {}
        self._settings: dict[Path, Settings] = {}
        self._latest: dict[Path, Snapshot] = {}

    def set_text(self, path: Path, text: str) -> None:
        """An editor shows this text for a file, saved or not."""
        self._open[path] = text

    def close(self, path: Path) -> None:
        """What is on the disk counts again."""
        self._open.pop(path, None)

    def open_text(self, path: Path) -> str | None:
        """The text that an editor shows for a file; None if it is not open."""
        return self._open.get(path)

    def folder_of(self, path: Path) -> Path | None:
        """The project in which a file stands: the nearest folder above it with a virta.toml."""
        for folder in path.parents:
            if folder / SETTINGS in self._open or (folder / SETTINGS).is_file():
                return folder
        return None

    def snapshot(self, folder: Path) -> Snapshot:
        """The project as it is now; the same one again if nothing has changed. Raises `BrokenProject` if a
        file of it cannot be read."""
        path = folder / SETTINGS
        text = self._bytes(path).decode("utf-8", "replace")
        faults: tuple[Finding, ...] = ()
        try:
            self._settings[folder] = settings_in(text.removeprefix("\ufeff"), path)
        except BrokenProject as fault:
            faults = (settings_finding(str(fault), path, text),)
        settings = self._settings.get(folder, _PLAIN)
        project = self._with_open(folder, read_project(folder, settings, self._date(settings), self._bytes))
        made = Snapshot(folder, project, text, faults)
        if made != self._latest.get(folder):
            self._latest[folder] = made
        return self._latest[folder]

    def _date(self, settings: Settings) -> date:
        return self._today(settings.time_zone)

    def _bytes(self, path: Path) -> bytes:
        """A file's bytes, as the editor has them, or else as they are on the disk."""
        if (text := self._open.get(path)) is not None:
            return text.encode("utf-8", "replace")
        try:
            found = path.stat()
        except OSError:
            return file_bytes(path)
        mark = (found.st_mtime_ns, found.st_size)
        kept = self._read.get(path)
        if kept is None or kept[0] != mark:
            kept = self._read[path] = (mark, file_bytes(path))
        return kept[1]

    def _with_open(self, folder: Path, project: Project) -> Project:
        """The project with those open files that are not on the disk yet."""
        known = {path for path, _ in (*project.files, *project.templates)}
        files, templates = list(project.files), list(project.templates)
        for path, text in self._open.items():
            if self.folder_of(path) != folder:
                continue
            file = path.relative_to(folder).as_posix()
            new = (file, text.encode("utf-8", "replace"))
            if file in known or any(part.startswith(".") for part in Path(file).parts):
                continue
            if path.suffix == ".flow":
                files.append(new)
            elif file.startswith("templates/") and path.suffix in TEMPLATE_ENDINGS:
                templates.append(new)
        if len(files) == len(project.files) and len(templates) == len(project.templates):
            return project
        return replace(project, files=tuple(files), templates=tuple(templates))
