"""The one entry to the language: a project's files in, findings and a program out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from dsl.checks import ALL, OF_PROGRAMS
from dsl.code_lists import listed_codes
from dsl.draft import Draft
from dsl.finding import Finding
from dsl.graph import Program
from dsl.graph.scenario import Scenario
from dsl.lower import lower
from dsl.nodes import Declaration
from dsl.parse import parse_source
from dsl.scenarios.check import check_scenarios
from dsl.scenarios.lower import lower_scenarios
from dsl.scenarios.places import faulty, stopping
from dsl.schema import collect
from dsl.schema_nodes import CodesFrom
from dsl.source import Source, read_source
from dsl.template_facts import Template, template_facts
from dsl.template_files import TemplateFile, read_templates


@dataclass(frozen=True, slots=True)
class Project:
    """Everything that compiling depends on. Paths are relative to the project's folder, with `/`;
    `languages[0]` is the default language; `today` is the date in the project's time zone; `team` are the
    addresses that `tell` may write to, `purposes` what people are asked beside the topics (None: not known,
    and not checked); `lists` are its `.csv` files, such as those of a coupon's codes."""

    files: tuple[tuple[str, bytes], ...]
    templates: tuple[tuple[str, bytes], ...]
    languages: tuple[str, ...]
    currency: str
    time_zone: str
    today: date
    team: tuple[str, ...] | None = None
    purposes: tuple[str, ...] | None = None
    lists: tuple[tuple[str, bytes], ...] = ()


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


def compile_project(project: Project) -> Compiled:
    """Read, check and lower a whole project. Findings come in the order of files and lines."""
    declarations: list[Declaration] = []
    findings: list[Finding] = []
    sources: dict[str, Source] = {}
    for path, data in sorted(project.files):
        source, faults = read_source(path, data)
        findings.extend(faults)
        sources[path] = source
        read, faults = parse_source(source, project.currency)
        declarations.extend(read)
        findings.extend(faults)
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
    )
    for check in (*ALL, check_scenarios):
        findings.extend(check(draft))
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
        {
            **sources,
            **{source.path: source for source in templates.sources.values()},
            **_lists(ordered, draft),
        },
        errors,
        () if errors else lower_scenarios(draft, faulty(ordered, sources)),
        {} if errors else _codes(draft),
    )


def _ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(set(findings), key=lambda each: (each.span, each.code, each.message)))


def _lists(findings: Iterable[Finding], draft: Draft) -> dict[str, Source]:
    """The texts of those lists into which findings point."""
    paths = {finding.span.file for finding in findings} & draft.lists.keys()
    return {path: read_source(path, draft.lists[path])[0] for path in paths}


def _codes(draft: Draft) -> dict[str, tuple[str, ...]]:
    """The codes of coupons that have a list. Only for projects without errors."""
    lists = {each.name.text: each.codes[0] for each in draft.coupons}
    return {
        name: tuple(code.text for code in listed_codes(draft.lists[codes.file.value]))
        for name, codes in lists.items()
        if isinstance(codes, CodesFrom)
    }
