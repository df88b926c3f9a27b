"""From the bytes of a file to its canonical text, or to the findings that stand in the way."""

from dataclasses import dataclass

from dsl.format.meaning import comments, meaning
from dsl.format.page import page
from dsl.format.shown import shown
from dsl.found.finding import Finding, Severity
from dsl.found.source import read_source
from dsl.parse import parse_source

_MENDED = frozenset(("E106", "E107"))
"""Faults that the canonical form does not have: special blanks and tabs."""


@dataclass(frozen=True, slots=True)
class Formatted:
    """The canonical text. With an error among the `findings` the text is the one that came, with U+FFFD for
    each byte that is no text."""

    text: str
    findings: tuple[Finding, ...]


class FormattingFault(Exception):
    """The canonical text would not say the same as the one that came: a defect of the formatter."""


def format_source(path: str, data: bytes, currency: str) -> Formatted:
    """The canonical form of a file. `path` stands in the findings, `currency` is the project's.

    The text has LF line ends, is in NFC and without a byte order mark; it is read again and compared with
    what came before it is given out. Raises `FormattingFault` if they differ.
    """
    source, faults = read_source(path, data)
    declarations, found = parse_source(source, currency)
    findings = tuple(each for each in (*faults, *found) if each.code not in _MENDED)
    if any(each.severity is Severity.ERROR for each in findings):
        return Formatted(data.decode("utf-8", "replace"), findings)
    text = shown(page(source))
    again, faults = read_source(path, text.encode())
    repeated, found = parse_source(again, currency)
    if faults or found:
        raise FormattingFault(f"Its formatted text could not be read: {(*faults, *found)[0].message}")
    if meaning(tuple(declarations)) != meaning(tuple(repeated)):
        raise FormattingFault("Its formatted text would mean something else.")
    if comments(source) != comments(again):
        raise FormattingFault("Its formatted text would lack a comment.")
    return Formatted(text, findings)
