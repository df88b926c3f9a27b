"""Findings for people and for programs."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from dsl.found.finding import Finding, Severity
from dsl.found.source import Source

_COLOURS = {Severity.ERROR: "\x1b[1;31m", Severity.WARNING: "\x1b[1;33m"}
_WIDEST = 140
_KEPT = 20
_FEW = 5
_SHOWN = 5
_BOLD, _DIM, _PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"


def as_text(findings: Iterable[Finding], sources: Mapping[str, Source], colour: bool = False) -> str:
    """Each finding with its place, its line underlined, and the help; blocks parted by a blank line. What is
    told in the same words more than five times is told once, with the other places below."""
    alike: dict[tuple[str, str, str], list[Finding]] = {}
    blocks: list[tuple[Finding, list[Finding]]] = []
    listed = list(findings)
    for each in listed:
        alike.setdefault((each.code, each.message, each.help), []).append(each)
    for each in listed:
        same = alike[each.code, each.message, each.help]
        if len(same) <= _FEW:
            blocks.append((each, []))
        elif each is same[0]:
            blocks.append((each, same[1:]))
    return "\n".join(_block(each, sources.get(each.span.file), colour, more) for each, more in blocks)


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


def _block(finding: Finding, source: Source | None, colour: bool, more: Sequence[Finding]) -> str:
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
    if more:
        out.append(f"  {dim}and {len(more)} more: {_places(finding, more)}{plain}")
    return "\n".join(out) + "\n"


def _places(first: Finding, more: Sequence[Finding]) -> str:
    """Where else: the lines of the same file, then the lines of others, and how many are left out."""
    lines: dict[str, list[str]] = {}
    for each in more[:_SHOWN]:
        lines.setdefault(each.span.file, []).append(str(each.span.line))
    told = [
        (f"line{'s' if len(numbers) > 1 else ''} " if file == first.span.file else f"{file}:")
        + ", ".join(numbers)
        for file, numbers in lines.items()
    ]
    left = len(more) - _SHOWN
    return "; ".join(told) + (f" and {left} others" if left > 1 else " and one other" if left == 1 else "")


def _blank(text: str) -> str:
    """Blanks as wide as the text looks."""
    return "".join("\t" if sign == "\t" else " " * _width(sign) for sign in text)


def _width(text: str) -> int:
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1
        for sign in text
    )
