"""A file as text: lines, places in them, and what is wrong with its bytes."""

import re
import unicodedata

from msgspec import Struct

from dsl.found.finding import Finding, Severity, Span

_TURNING = "\u202a-\u202e\u2066-\u2069"
_FORBIDDEN = re.compile(rf"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufffc{_TURNING}]")


class Source(Struct, frozen=True):
    """A file's lines without their ends, in NFC. `damaged` are lines already reported as unreadable."""

    path: str
    lines: tuple[str, ...]
    damaged: frozenset[int] = frozenset()

    def span(self, line: int, column: int, end_column: int) -> Span:
        """A place within one line, counted from 1, kept within the file and at least one column wide."""
        line = min(max(line, 1), max(len(self.lines), 1))
        width = len(self.lines[line - 1]) if self.lines else 0
        column = min(max(column, 1), width + 1)
        return Span(self.path, line, column, line, min(max(end_column, column + 1), max(width, column) + 1))


def error(code: str, span: Span, message: str, help: str = "") -> Finding:
    """A finding that stops the project from running."""
    return Finding(code, Severity.ERROR, span, _one_line(message), _one_line(help))


def warning(code: str, span: Span, message: str, help: str = "") -> Finding:
    """A finding that the project can live with."""
    return Finding(code, Severity.WARNING, span, _one_line(message), _one_line(help))


def _one_line(text: str) -> str:
    """A name or a word of a template may run over several lines; what is said of it does not."""
    return " ".join(text.split()) if "\n" in text else text


def read_source(path: str, data: bytes) -> tuple[Source, list[Finding]]:
    """The text of a file, and findings for bytes that are no text. A byte order mark is dropped, line ends
    may be LF or CR LF, letters are put in NFC."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Source(path, ()), [
            error(
                "E109",
                Span(path, 1, 1, 1, 2),
                "This file is not saved as UTF-8.",
                "Save it again and choose the encoding UTF-8.",
            )
        ]
    if (sound := _sound(data)) is not None:
        return Source(path, sound), []
    lines: list[str] = []
    damaged: dict[int, Finding] = {}
    rows = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    for number, row in enumerate(rows[:-1] if rows[-1] == b"" else rows, start=1):
        line, fault = _line(path, number, row.removesuffix(b"\r"))
        lines.append(line)
        if fault:
            damaged[number] = fault
    return Source(path, tuple(lines), frozenset(damaged)), list(damaged.values())


def _sound(data: bytes) -> tuple[str, ...] | None:
    """The lines of a file that has no fault, all at once. None: look at each."""
    try:
        text = unicodedata.normalize("NFC", data.removeprefix(b"\xef\xbb\xbf").decode("utf-8"))
    except UnicodeDecodeError:
        return None
    if _FORBIDDEN.search(text):  # also a carriage return, of which most are no faults
        return None
    lines = text.split("\n")
    return tuple(lines[:-1] if lines[-1] == "" else lines)


def _line(path: str, number: int, row: bytes) -> tuple[str, Finding | None]:
    try:
        line = unicodedata.normalize("NFC", row.decode("utf-8"))
    except UnicodeDecodeError as fault:
        before = unicodedata.normalize("NFC", row[: fault.start].decode("utf-8"))
        line = unicodedata.normalize("NFC", row.decode("utf-8", "replace"))
        span = Span(path, number, len(before) + 1, number, len(before) + 2)
        return _FORBIDDEN.sub("\ufffd", line), error(
            "E109",
            span,
            "This character is not saved as UTF-8.",
            "Save the file again and choose the encoding UTF-8.",
        )
    if found := _FORBIDDEN.search(line):
        span = Span(path, number, found.start() + 1, number, found.start() + 2)
        message = "There is an invisible control character here."
        if re.match(f"[{_TURNING}]", found.group()):
            message = "An invisible character here turns what follows, so that it reads otherwise than it is."
        return _FORBIDDEN.sub("\ufffd", line), error(
            "E116", span, message, "Delete it and write the line again."
        )
    return line, None
