"""The one entry to the language: a project's files in, findings and a program out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from dsl.checks import ALL, OF_PROGRAMS
from dsl.draft import Draft
from dsl.faults.lost import lost_names
from dsl.found.finding import Finding
from dsl.found.source import Source, read_source
from dsl.graph import Program
from dsl.graph.scenario import Scenario
from dsl.lower.program import lower
from dsl.meaning.schema import collect
from dsl.nodes.flows import Declaration
from dsl.nodes.schema import CodesFrom
from dsl.parse import parse_source
from dsl.read.code_lists import listed_codes
from dsl.scenarios.check import check_scenarios
from dsl.scenarios.lower import lower_scenarios
from dsl.scenarios.places import faulty, stopping
from dsl.templates.facts import Template, template_facts
from dsl.templates.files import TemplateFile, read_templates

_KEPT = 1024
"""Texts of files that are kept as they were read."""


@dataclass(frozen=True, slots=True)
class Project:
    """Everything that compiling depends on. Paths are relative to the project's folder, with `/`;
    `languages[0]` is the default language; `today` is the date in the project's time zone; `team` are the
    addresses that `tell` may write to, `purposes` what people are asked beside the topics (None: not known,
    and not checked); `lists` are its `.csv` files, such as those of a coupon's codes; `words` are
    `virta.toml`, in which the purposes stand, and `words/LANG.toml` (None: not known, and not checked)."""

    files: tuple[tuple[str, bytes], ...]
    templates: tuple[tuple[str, bytes], ...]
    languages: tuple[str, ...]
    currency: str
    time_zone: str
    today: date
    team: tuple[str, ...] | None = None
    purposes: tuple[str, ...] | None = None
    lists: tuple[tuple[str, bytes], ...] = ()
    words: tuple[tuple[str, bytes], ...] | None = None


@dataclass(frozen=True, slots=True)
class Compiled:
    """`program` is None where there are `stopping` errors: all errors but those within scenarios. `scenarios`
    are those without an error, if there is a program to test. `templates` are all templates of the project
    with their facts, `template_files` the files to render them from, layouts and parts included, MJML laid
    out; `sources` are the texts that findings point into, by path; `codes` are the listed codes of those
    coupons that have a list, in its order."""

    findings: tuple[Finding, ...]
    program: Program | None
    templates: tuple[Template, ...]
    template_files: tuple[TemplateFile, ...]
    sources: Mapping[str, Source]
    stopping: tuple[Finding, ...] = ()
    scenarios: tuple[Scenario, ...] = ()
    codes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Texts:
    """A project as it was read: what its texts say, the `.flow` files among them by path, and what reading
    them found."""

    draft: Draft
    sources: Mapping[str, Source]
    findings: tuple[Finding, ...]

    @property
    def template_sources(self) -> dict[str, Source]:
        """The files of the templates, by path."""
        return {source.path: source for source in self.draft.templates.sources.values()}


def compile_project(project: Project) -> Compiled:
    """Read, check and lower a whole project. Findings come in the order of files and lines."""
    return compile_texts(read_texts(project))


def read_texts(project: Project) -> Texts:
    """Read all texts of a project."""
    declarations: list[Declaration] = []
    findings: list[Finding] = []
    sources: dict[str, Source] = {}
    for path, data in sorted(project.files):
        source, read, found = _read_file(path, data, project.currency)
        sources[path] = source
        declarations.extend(read)
        findings.extend(found)
    templates, faults = read_templates(project.templates, project.languages)
    findings.extend(faults)
    names, faults = collect(declarations, templates.names)
    findings.extend(faults)
    draft = Draft(
        tuple(declarations),
        names,
        templates,
        project.languages,
        project.currency,
        project.today,
        project.team,
        project.purposes,
        dict(project.lists),
        None if project.words is None else dict(project.words),
    )
    return Texts(draft, sources, tuple(findings))


@lru_cache(_KEPT)
def _read_file(
    path: str, data: bytes, currency: str
) -> tuple[Source, tuple[Declaration, ...], tuple[Finding, ...]]:
    """A file's text, what it declares, and its faults. Kept, since an editor asks again at each key, and one
    file of many has changed."""
    source, faults = read_source(path, data)
    declarations, found = parse_source(source, currency)
    return source, tuple(declarations), (*faults, *found)


def compile_texts(texts: Texts) -> Compiled:
    """Check and lower a project that was read. Findings come in the order of files and lines."""
    draft, sources = texts.draft, texts.sources
    findings = list(texts.findings)
    for check in (*ALL, check_scenarios):
        findings.extend(check(draft))
    lost = lost_names(texts.findings, sources)
    findings = [each for each in findings if not lost.explains(each, sources)]
    ordered = _ordered(findings)
    errors = stopping(ordered, sources)
    program = None if errors else lower(draft)
    if program is not None:
        found = [finding for check in OF_PROGRAMS for finding in check(draft, program)]
        ordered = _ordered([*ordered, *found])
    return Compiled(
        ordered,
        program,
        template_facts(draft.readings),
        draft.readings.rendered(),
        {**sources, **texts.template_sources, **_beside(ordered, draft)},
        errors,
        () if errors else lower_scenarios(draft, faulty(ordered, sources)),
        {} if errors else _codes(draft),
    )


def _ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(set(findings), key=lambda each: (each.span, each.code, each.message)))


def _beside(findings: Iterable[Finding], draft: Draft) -> dict[str, Source]:
    """The texts of those lists and files of words into which findings point."""
    known = {**draft.lists, **(draft.words or {})}
    paths = {finding.span.file for finding in findings} & known.keys()
    return {path: read_source(path, known[path])[0] for path in paths}


def _codes(draft: Draft) -> dict[str, tuple[str, ...]]:
    """The codes of coupons that have a list. Only for projects without errors."""
    lists = {each.name.text: each.codes[0] for each in draft.coupons}
    return {
        name: tuple(code.text for code in listed_codes(draft.lists[codes.file.value]))
        for name, codes in lists.items()
        if isinstance(codes, CodesFrom)
    }
