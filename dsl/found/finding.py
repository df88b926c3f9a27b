"""What the compiler has to say about a text."""

from enum import StrEnum

from msgspec import Struct


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


class Span(Struct, frozen=True, order=True):
    """A place in a file. Lines and columns count from 1; the end column is the first one after the place."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int


class Finding(Struct, frozen=True):
    """One fault: a stable code, where it is, one sentence that states it, and what to write instead."""

    code: str
    severity: Severity
    span: Span
    message: str
    help: str = ""
