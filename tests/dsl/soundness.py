"""What holds of every report, whatever was compiled: places within files, sentences without words of Python
or of the parser."""

import re
from pathlib import Path

from dsl.compile import Compiled
from dsl.found.report import as_json, as_text, summary

GRAMMAR = (Path(__file__).parents[2] / "dsl" / "grammar.lark").read_text("utf-8")
_TOKENS = sorted({*re.findall(r"^(_?[A-Z][A-Z_]+)\b", GRAMMAR, re.MULTILINE), "_NL", "_INDENT", "_DEDENT"})
_PYTHON = re.compile(
    r"\b(None|NoneType|Traceback|\w*Exception|\w*Error|Decimal|tuple|dict|str|int|float|bool|object|lambda|self|"
    r"lark|Token|Tree|jinja|Undefined|kwargs|unhashable|iterable|subscriptable|codec|bytes|"
    rf"attribute error|\$END|{'|'.join(_TOKENS)})\b|￼|<class|0x[0-9a-f]{{6}}"
)
_QUOTED = re.compile(r"`[^`]*`|`.*`", re.DOTALL)


def first_python_word(told: str) -> str:
    """The first word of Python or of the parser outside backquotes; empty: there is none."""
    found = _PYTHON.search(_QUOTED.sub("", told))
    return found[0] if found else ""


def check_sound(found: Compiled) -> None:
    """Fails unless every finding has a place in its file, is told in plain words and can be printed; errors
    leave no program, and without errors there is one."""
    for finding in found.findings:
        span = finding.span
        lines = found.sources[span.file].lines
        assert 1 <= span.line <= span.end_line <= max(len(lines), 1), finding
        width = len(lines[span.line - 1]) if lines else 0
        end_width = len(lines[span.end_line - 1]) if lines else 0
        assert 1 <= span.column <= width + 1, finding
        assert 1 <= span.end_column <= end_width + 2, finding
        assert (span.line, span.column) < (span.end_line, span.end_column), finding
        assert finding.message.endswith((".", "…")), finding
        assert "\n" not in finding.message + finding.help, finding
        assert not first_python_word(f"{finding.message} {finding.help}"), finding
        assert "￼" not in finding.message + finding.help, finding
    assert (found.program is None) == bool(found.stopping)
    as_text(found.findings, found.sources, colour=True)
    as_json(found.findings)
    summary(found.findings)
