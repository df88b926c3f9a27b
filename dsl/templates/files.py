"""The files in `templates/`: which template and language each belongs to, its header and its body."""

import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath

from msgspec import Struct

from dsl.found.finding import Finding, Span
from dsl.found.source import Source, error, read_source, warning
from dsl.meaning.names import nearest

PROOF = "confirm"
"""The template of the mail that asks for the confirmation itself."""

NOTICE = "virta/held"
"""The template of the mail that tells somebody of a hold on their proof. It is ours in every project."""

NEW_ADDRESS, OLD_ADDRESS = "virta/new_address", "virta/old_address"
"""The same of the two mails of a change of address: one asks the new one, the other tells the old one."""

HEADER_KEYS = ("subject", "preheader", "from", "reply_to")
_LINE = re.compile(r"([A-Za-z_ -]+?)\s*:\s?(.*)$")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z]{2,8})*$")


class TemplateFile(Struct, frozen=True):
    """One file of a template. `path` is its name in the folder, as includes write it; `name` without language
    and ending; `kind` html, mjml or txt; partials (names that begin with `_`) have no header. `line` is that
    of the file on which the body begins, `header_lines` those of the header's entries."""

    path: str
    name: str
    language: str
    kind: str
    header: dict[str, str]
    body: str
    line: int = 1
    header_lines: dict[str, int] = {}

    @property
    def partial(self) -> bool:
        return is_partial(self.path)


@dataclass(frozen=True)
class Templates:
    """All files of the templates, by their path in the folder."""

    files: tuple[TemplateFile, ...] = ()
    sources: Mapping[str, Source] = field(default_factory=dict)

    @cached_property
    def names(self) -> frozenset[str]:
        """The names that a `send` can write."""
        return frozenset(self._by_name)

    def variants(self, name: str) -> tuple[TemplateFile, ...]:
        """The files of a template, by language and kind."""
        return self._by_name.get(name, ())

    def file(self, path: str, language: str = "") -> TemplateFile | None:
        """The file that `{% include %}` means by a path in a mail of a language."""
        return self._by_path.get(in_language(path, language, self._by_path))

    @cached_property
    def _by_name(self) -> dict[str, tuple[TemplateFile, ...]]:
        found: dict[str, list[TemplateFile]] = {}
        for file in self.files:
            if not file.partial:
                found.setdefault(file.name, []).append(file)
        return {name: tuple(files) for name, files in found.items()}

    @cached_property
    def _by_path(self) -> dict[str, TemplateFile]:
        return {file.path: file for file in self.files}


def in_language(path: str, language: str, known: Container[str]) -> str:
    """The path of what `{% include "_x.html" %}` brings into a mail of a language: `_x.lv.html` if that is
    known, else the path as it is."""
    stem, dot, ending = path.rpartition(".")
    spoken = f"{stem}.{language}{dot}{ending}"
    return spoken if spoken in known else path


def place_in(path: str, templates: Templates, line: int, *words: str) -> Span:
    """The place of the first of the words that stands in a line of a file, else the whole line."""
    source = templates.sources[path]
    text = source.lines[line - 1] if 0 < line <= len(source.lines) else ""
    for word in words:
        start = _whole_word(word, text)
        if start >= 0:
            return source.span(line, start + 1, start + len(word) + 1)
    return source.span(line, 1, max(len(text), 1) + 1)


def _whole_word(word: str, text: str) -> int:
    """Where the word stands by itself in a text, -1 if nowhere."""
    start = text.find(word)
    while start >= 0:
        before, behind = text[start - 1 : start], text[start + len(word) : start + len(word) + 1]
        if not (_in_word(before) or _in_word(behind)):
            return start
        start = text.find(word, start + 1)
    return -1


def _in_word(sign: str) -> bool:
    return sign.isalnum() or sign == "_"


def is_partial(path: str) -> bool:
    """Whether the file, or a folder above it, begins with `_`: a layout or a part, no mail of its own."""
    return path.startswith("_") or "/_" in path


def read_templates(
    given: Iterable[tuple[str, bytes]], languages: tuple[str, ...]
) -> tuple[Templates, list[Finding]]:
    """The templates among the files; paths are relative to the project, as in `templates/welcome.html`."""
    files: list[TemplateFile] = []
    sources: dict[str, Source] = {}
    findings: list[Finding] = []
    for path, data in sorted(given):
        short = path.removeprefix("templates/")
        ending = PurePosixPath(short).suffix
        if ending not in (".html", ".mjml", ".txt"):
            continue
        source, faults = read_source(path, data)
        sources[short] = source
        findings.extend(faults)
        name, language, extra = _named(short, source, languages)
        findings.extend(extra)
        header, lines, first, faults = ({}, {}, 1, []) if is_partial(short) else _header(source)
        findings.extend(faults)
        body = "".join(line + "\n" for line in source.lines[first - 1 :])
        files.append(TemplateFile(short, name, language, ending[1:], header, body, first, lines))
    return Templates(tuple(files), sources), findings


def _named(short: str, source: Source, languages: tuple[str, ...]) -> tuple[str, str, list[Finding]]:
    stem = str(PurePosixPath(short).with_suffix(""))
    head, dot, last = stem.rpartition(".")
    if is_partial(short) or not dot:
        return stem, languages[0], []
    if last in languages:
        return head, last, []
    head, language, ending = in_no_language(short, languages)
    if not language:
        return stem, languages[0], []
    return head, language, [unused(source.span(1, 1, 2), head, language, ending, languages)]


def in_no_language(path: str, languages: tuple[str, ...]) -> tuple[str, str, str]:
    """`hello.fi.html` as `hello`, `fi` and `.html` in a project that does not have that language. The
    language is empty for any other file."""
    ending = PurePosixPath(path).suffix
    head, _, last = path.removesuffix(ending).rpartition(".")
    return head, last if head and last not in languages and _LANGUAGE.match(last) else "", ending


def unused(place: Span, head: str, language: str, ending: str, languages: tuple[str, ...]) -> Finding:
    """What to say of a file that nobody's mail is made from."""
    close = nearest(language, languages)
    return warning(
        "W206",
        place,
        f"No mail uses this file: the project does not have the language `{language}`.",
        f"Name the file `{head}.{close}{ending}`."
        if close
        else f'Add "{language}" to `languages` in virta.toml.',
    )


def _header(source: Source) -> tuple[dict[str, str], dict[str, int], int, list[Finding]]:
    """The header's entries and their lines, the line on which the body begins, and faults."""
    header: dict[str, str] = {}
    places: dict[str, int] = {}
    findings: list[Finding] = []
    lines = source.lines
    if not lines or lines[0].rstrip() != "---":
        help = "Begin the file with `---`, `subject: …`, `---`."
        return (
            {},
            {},
            1,
            [error("E506", source.span(1, 1, 4), "This template has no header with a subject.", help)],
        )
    for number, line in enumerate(lines[1:], start=2):
        if line.rstrip() == "---":
            if not header.get("subject") and not findings:
                findings.append(
                    error(
                        "E506",
                        source.span(1, 1, 4),
                        "This template has no subject.",
                        "Write `subject: …` below the `---`.",
                    )
                )
            return header, places, number + 1, findings
        if not line.strip():
            continue
        findings.extend(_entry(source, number, line, header, places))
    help = "Write `---` below its last line."
    return {}, {}, 2, [error("E506", source.span(1, 1, 4), "The header is not closed.", help)]


def _entry(
    source: Source, number: int, line: str, header: dict[str, str], places: dict[str, int]
) -> Iterable[Finding]:
    found = _LINE.match(line)
    if found is None:
        yield error(
            "E506",
            source.span(number, 1, len(line) + 1),
            "This line of the header has no `name: text`.",
            "Write it like `subject: Welcome`.",
        )
        return
    key, text = found.groups()
    if key not in HEADER_KEYS:
        close = nearest(key.replace("-", "_").replace(" ", "_"), HEADER_KEYS)
        known = ", ".join(f"`{each}`" for each in HEADER_KEYS)
        yield error(
            "E506",
            source.span(number, 1, len(key) + 1),
            f"A header has no `{key}`.",
            f"Write `{close}`." if close else f"It has {known}.",
        )
    elif key in header:
        yield error(
            "E506",
            source.span(number, 1, len(key) + 1),
            f"The header has `{key}` twice.",
            "Delete one of the two lines.",
        )
    else:
        header[key], places[key] = text.strip(), number
