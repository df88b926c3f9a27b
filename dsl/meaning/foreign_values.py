"""Values as they are written elsewhere, where the language has another word for them."""

import re
from collections.abc import Sequence
from itertools import takewhile

from dsl.found.finding import Finding, Span
from dsl.found.source import error
from dsl.graph import Money
from dsl.nodes.terms import Comparison, Expression, Literal, Path
from dsl.read.signs import PATH

_UNKNOWN = "Write `is unknown`, or `is known` for the opposite."
_WEEKDAY = "Nothing asks for the day of the week; a flow waits for it: `wait until monday at 10:00`."
_DAY = "Write the date, as in `2026-12-24`, or `today`."
_MEANT = {
    **dict.fromkeys(("true", "yes", "on"), "Write `yes`."),
    **dict.fromkeys(("false", "no", "off"), "Write `no`."),
    **dict.fromkeys(("null", "none", "nil", "empty", "blank", "missing", "undefined", "unset"), _UNKNOWN),
    **dict.fromkeys("monday tuesday wednesday thursday friday saturday sunday weekend".split(), _WEEKDAY),
    **dict.fromkeys(("tomorrow", "yesterday"), _DAY),
}
_LITERAL = r'(?:"(?:\\.|[^"\\])*"|[0-9]+(?:\.[0-9]+)?(?: *[A-Z]{3}\b)?)'
_AGAIN = r"(?: *, *(?:or\b *)?| *\bor\b *)(?:is\b *)?"
_SEVERAL = re.compile(
    rf"(?P<path>{PATH}) +is +(?P<other>not +)?(?P<first>{_LITERAL})"
    rf"(?P<further>(?:{_AGAIN}(?:not +)?{_LITERAL})+)"
)


def meant_by(word: str) -> str:
    """What to write instead of a word that other languages have for a value; empty: it is none of them."""
    return _MEANT.get(word.casefold(), "")


def several_at(text: str, column: int) -> tuple[int, int, str] | None:
    """Where around `column` something `is "a" or is "b"`, and how that is asked in one list."""
    for found in _SEVERAL.finditer(text):
        if found.start() <= column < found.end():
            values = re.findall(_LITERAL, found["first"] + " " + found["further"])
            other = "not " if found["other"] else ""
            return found.start(), found.end(), f"{found['path']} {other}in [{', '.join(values)}]"
    return None


def alternatives(parts: Sequence[Expression]) -> tuple[list[Finding], list[Literal]]:
    """The findings for what `is "a" or "b"` among a condition's parts, and the values that they explain."""
    findings: list[Finding] = []
    explained: list[Literal] = []
    for at, part in enumerate(parts):
        match part:
            case Comparison("is" | "is not" as operator, Path() as path, Literal() as one, span) if (
                one.kind != "flag"
            ):
                literals = list(takewhile(lambda each: isinstance(each, Literal), parts[at + 1 :]))
                values = [each for each in literals if isinstance(each, Literal) and each.kind == one.kind]
                if not values:
                    continue
                end = values[-1].span
                whole = Span(span.file, span.line, span.column, end.end_line, end.end_column)
                shown = ", ".join(_written(each) for each in (one, *values))
                help = f"Write `{path.text} {'not ' if operator == 'is not' else ''}in [{shown}]`."
                findings.append(error("E111", whole, "What it may be stands in one list.", help))
                explained += values
    return findings, explained


def _written(literal: Literal) -> str:
    match literal.value:
        case str() as value if literal.kind == "text":
            return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
        case Money(amount, currency):
            return f"{amount} {currency}"
        case bool() as flag:
            return "yes" if flag else "no"
    return str(literal.value)
