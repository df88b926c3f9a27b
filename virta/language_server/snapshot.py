"""A project at one moment: the files on disk with the editor's unsaved texts laid over them."""

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from dsl.compile import Compiled, Project, Texts, compile_texts, read_texts
from dsl.draft import Draft
from dsl.found.finding import Finding
from virta.language_server.mentions import Index, index_of
from virta.language_server.positions import Text


@dataclass(frozen=True)
class Snapshot:
    """`folder` holds virta.toml. `faults` are the findings of virta.toml itself; while there are some, the
    project is read by the settings that it had before."""

    folder: Path
    project: Project
    settings_text: str
    faults: tuple[Finding, ...]

    @cached_property
    def texts(self) -> Texts:
        """What the files say."""
        return read_texts(self.project)

    @property
    def draft(self) -> Draft:
        """What the files declare."""
        return self.texts.draft

    @cached_property
    def compiled(self) -> Compiled:
        """What `virta check` finds, and the program."""
        return compile_texts(self.texts)

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, those of virta.toml first."""
        return (*self.faults, *self.compiled.findings)

    @cached_property
    def index(self) -> Index:
        """Where the files speak of what they declare."""
        return index_of(self.texts)

    def text(self, file: str) -> Text:
        """The text of a file of the project, by its path in the folder."""
        found = self._texts.get(file)
        if found is None:
            found = self._texts[file] = Text(self._data.get(file, b"").decode("utf-8", "replace"))
        return found

    def has(self, file: str) -> bool:
        """Whether the project has a file."""
        return file in self._data

    def lines(self, file: str) -> tuple[str, ...]:
        """The lines of a file as the language reads them."""
        source = self.texts.sources.get(file) or self.texts.template_sources.get(file)
        return source.lines if source else ()

    def with_text(self, file: str, text: str) -> "Snapshot":
        """The same project with another text in one `.flow` file."""
        files = tuple((path, text.encode() if path == file else data) for path, data in self.project.files)
        return Snapshot(self.folder, replace(self.project, files=files), self.settings_text, self.faults)

    @cached_property
    def _data(self) -> dict[str, bytes]:
        project = self.project
        settings = ("virta.toml", self.settings_text.encode("utf-8", "replace"))
        return dict((*project.files, *project.templates, *project.lists, *(project.words or ()), settings))

    @cached_property
    def _texts(self) -> dict[str, Text]:
        return {}
