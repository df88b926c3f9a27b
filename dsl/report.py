"""Findings for people and for programs."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from dsl.finding import Finding, Severity
from dsl.source import Source

_COLOURS = {Severity.ERROR: "\x1b[1;31m", Severity.WARNING: "\x1b[1;33m"}
_WIDEST = 140
_KEPT = 20
_BOLD, _DIM, _PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"


def as_text(findings: Iterable[Finding], sources: Mapping[str, Source], colour: bool = False) -> str:
    """Each finding with its place, its line underlined, and the help; blocks parted by a blank line."""
    return "\n".join(_block(finding, sources.get(finding.span.file), colour) for finding in findings)


def as_json(findings: Iterable[Finding]) -> bytes:
    """`{"findings": [{"code", "severity", "file", "line", "column", "end_line", "end_column", "message",
    "help"}]}`, lines and columns from 1, the end exclusive."""
    rows = [
        {
            "code": each.code,
            "severity": each.severity.value,
            "file": each.span.file,
            "line": each.span.line,
            "column": each.span.column,
            "end_line": each.span.end_line,
            "end_column": each.span.end_column,
            "message": each.message,
            "help": each.help,
        }
        for each in findings
    ]
    return msgspec.json.format(msgspec.json.encode({"findings": rows}), indent=2)


def summary(findings: Sequence[Finding]) -> str:
    """How many errors and warnings there are, in words."""
    errors = sum(each.severity is Severity.ERROR for each in findings)
    warnings = len(findings) - errors
    parts = [_count(errors, "error"), _count(warnings, "warning")]
    files = len({each.span.file for each in findings})
    return f"{' and '.join(part for part in parts if part)} in {_count(files, 'file')}."


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'s' if number != 1 else ''}" if number else ""


def _block(finding: Finding, source: Source | None, colour: bool) -> str:
    span = finding.span
    paint, bold, dim, plain = (_COLOURS[finding.severity], _BOLD, _DIM, _PLAIN) if colour else ("",) * 4
    out = [f"{paint}{finding.severity.value} {finding.code}{plain} {span.file}:{span.line}:{span.column}"]
    out.append(f"  {bold}{finding.message}{plain}")
    if source and span.line <= len(source.lines):
        line = source.lines[span.line - 1]
        end = span.end_column if span.end_line == span.line else len(line) + 1
        number = f"{span.line:>5}"
        before, within = line[: span.column - 1], line[span.column - 1 : end - 1][:_WIDEST]
        after = line[span.column - 1 + len(within) :]
        if len(before) + len(within) > _WIDEST and len(before) > _KEPT:
            before = "…" + before[-_KEPT:]
        line = before + within + after[: max(_WIDEST - len(before + within), 0)]
        out.append(f"{dim}{number} |{plain} {line}")
        out.append(f"{dim}      |{plain} {_blank(before)}{paint}{'^' * max(_width(within), 1)}{plain}")
    if finding.help:
        out.append(f"  {finding.help}")
    return "\n".join(out) + "\n"


def _blank(text: str) -> str:
    """Blanks as wide as the text looks."""
    return "".join("\t" if sign == "\t" else " " * _width(sign) for sign in text)


def _width(text: str) -> int:
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1
        for sign in text
    )
