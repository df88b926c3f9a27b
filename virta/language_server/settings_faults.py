"""What is wrong with a virta.toml, as findings with a place."""

import re
from pathlib import Path

from dsl.found.finding import Finding, Span
from dsl.found.source import error

SETTINGS = "virta.toml"
CODE = "virta.toml"
"""Stands where other findings have their code."""

_AT = re.compile(r" \(at line (\d+), column (\d+)\)")
_AT_END = " (at end of document)"
_NAMED = re.compile(r"`(?:\[+)?([A-Za-z_][\w.]*)(?:\]+)?`|\[([a-z_][\w.]*)\]")


def settings_finding(message: str, path: Path, text: str) -> Finding:
    """The finding for a virta.toml that cannot be used; `message` is that of the `BrokenProject`."""
    told = message.removeprefix(f"{path}: ").replace(f"{path} ", "This file ", 1)
    told = told[:1].upper() + told[1:]
    lines = text.split("\n")
    if at := _AT.search(told):
        line = min(int(at[1]), len(lines))
        return _finding(lines, line, int(at[2]), _AT.sub("", told))
    if _AT_END in told:
        last = max((number for number, line in enumerate(lines, start=1) if line.strip()), default=1)
        return _finding(lines, last, 1, told.replace(_AT_END, ""))
    for found in _NAMED.finditer(told):
        line = _line_of(found[1] or found[2], lines) or _line_with(f'"{found[1]}"', lines)
        if line:
            return _finding(lines, line, 1, told)
    return _finding(lines, 1, 1, told)


def _finding(lines: list[str], line: int, column: int, message: str) -> Finding:
    end = len(lines[line - 1].rstrip("\r")) + 1
    column = min(column, end)
    return error(CODE, Span(SETTINGS, line, column, line, max(end, column + 1)), message)


def _line_with(value: str, lines: list[str]) -> int:
    """The first line (from 1) on which a value stands; 0: none."""
    return next((number for number, line in enumerate(lines, start=1) if value in line), 0)


def _line_of(name: str, lines: list[str]) -> int:
    """The line (from 1) on which a setting such as `sender.name` stands, or the table that it belongs in; 0:
    nowhere."""
    *tables, key = name.split(".")
    within: list[str] = []
    fallback = 0
    for number, line in enumerate(lines, start=1):
        if header := re.match(r"\s*\[+\s*([\w.]+)\s*\]+", line):
            within = header[1].split(".")
            if within == [*tables, key]:
                return number
            fallback = number if within == tables else fallback
        elif within == tables and re.match(rf"\s*{re.escape(key)}\s*=", line):
            return number
    return fallback
