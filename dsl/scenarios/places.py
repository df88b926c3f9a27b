"""Which lines of a file belong to scenarios: a fault in a test must not stop a shop."""

import re
from collections.abc import Iterable, Mapping

from dsl.found.finding import Finding, Severity
from dsl.found.source import Source
from dsl.read.signs import NAME
from dsl.read.words import DECLARATIONS

FOLDER = "scenarios/"
_WORD = re.compile(NAME)
_GOES_ON = re.compile(r"[\s#]|(and|or|where|with)\b")


def stopping(findings: Iterable[Finding], sources: Mapping[str, Source]) -> tuple[Finding, ...]:
    """The errors that keep a project from running: all but those within scenarios."""
    tests = {path: scenario_lines(source) for path, source in sources.items()}
    return tuple(
        each
        for each in findings
        if each.severity is Severity.ERROR
        and not all(_within(line, tests.get(each.span.file, ())) for line in _lines(each, sources))
    )


def faulty(findings: Iterable[Finding], sources: Mapping[str, Source]) -> frozenset[tuple[str, int]]:
    """Where scenarios begin (file and line) in whose lines an error stands."""
    errors: dict[str, list[int]] = {}
    for each in findings:
        if each.severity is Severity.ERROR:
            errors.setdefault(each.span.file, []).extend(_lines(each, sources))
    return frozenset(
        (path, lines.start)
        for path, at in errors.items()
        if path in sources
        for lines in scenario_lines(sources[path])
        if any(line in lines for line in at)
    )


def _lines(finding: Finding, sources: Mapping[str, Source]) -> list[int]:
    """The lines that a finding is about: all tabs of a file are reported at the first."""
    source = sources.get(finding.span.file)
    if finding.code == "E107" and source:
        return [number for number, line in enumerate(source.lines, start=1) if "\t" in line]
    return [finding.span.line]


def _within(line: int, tests: tuple[range, ...]) -> bool:
    return any(line in each for each in tests)


def scenario_lines(source: Source) -> tuple[range, ...]:
    """The lines of a file (from 1) that declare scenarios; below `scenarios/` all that declare nothing else,
    with the lines above the first declaration."""
    tests = source.path.startswith(FOLDER)
    found: list[range] = []
    start, scenario = 1, tests
    for number, line in enumerate(source.lines, start=1):
        if not line or _GOES_ON.match(line):
            continue
        found.extend([range(start, number)] if scenario and number > start else [])
        word = (_WORD.match(line) or [""])[0]
        start, scenario = number, word == "scenario" or (tests and word not in DECLARATIONS)
    found.extend([range(start, max(len(source.lines), 1) + 1)] if scenario else [])
    return tuple(found)
