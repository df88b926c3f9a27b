"""What stands before a place in a file, and what the grammar would take there: for editors."""

import re
from dataclasses import dataclass

from lark import UnexpectedInput
from lark.indenter import DedentError
from lark.parsers.lalr_interactive_parser import InteractiveParser

from dsl.found.source import Source
from dsl.parse import mend
from dsl.read.layout import Chunk, Logical, code_end, lay_out
from dsl.read.parser import DECLARATION, parser
from dsl.read.signs import HOLE, NAME, STRING, goes_on

_LAYOUT = frozenset(("_NL", "_INDENT", "_DEDENT", "$END"))
_NAME = "x"
_STRING = re.compile(STRING)
_OPENING = re.compile(rf"({NAME})(?: +({NAME}))?")


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the line: its `kind` is the name of a terminal of the grammar. It begins at a column of the
    file (from 1) on `line`; `choices` are the terminals that could stand in its place."""

    kind: str
    text: str
    line: int
    column: int
    choices: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Before:
    """`head` begins the declaration, `name` is its name (empty: none, or unknown); `above` are the lines on
    which this one hangs, outermost first, without the declaration itself; `opens`: this one is it. `words`
    are those of the line before the place; `choices` what could come next. `typed` is the part of a word that
    stands right before the place, `column` (from 1) where it begins. `quoted`: the place is within a text."""

    head: str
    name: str
    above: tuple[str, ...]
    words: tuple[Word, ...]
    choices: frozenset[str]
    typed: str
    column: int
    quoted: bool = False
    opens: bool = False


def before(source: Source, line: int, column: int) -> Before | None:
    """What stands before a line and column (from 1) of a file, however faulty; None within a comment, and
    where nothing can be made of the lines above."""
    lines = list(source.lines[:line])
    lines += [""] * (line - len(lines))
    text = lines[-1][: column - 1]
    if code_end(text) < len(text):
        return None
    start = _quote(text)
    quoted = start >= 0
    if not quoted:
        start = len(text)
        while start and goes_on(text[start - 1]):
            start -= 1
    typed = text[start + quoted :]
    lines[-1] = text[:start] + HOLE
    chunks, _ = lay_out(Source(source.path, tuple(lines)))
    if not chunks or not chunks[-1].lines:
        return None
    found = _read(chunks[-1])
    if found is None:
        return None
    words, choices = found
    head, name = _opening(chunks[-1])
    opens = len(chunks[-1].lines) == 1
    return Before(head, name, _above(chunks[-1]), words, choices, typed, start + 1, quoted, opens)


def _quote(text: str) -> int:
    """Where the quote stands that the text leaves open, from 0; -1: it leaves none."""
    position = text.find('"')
    while position >= 0 and (closed := _STRING.match(text, position)):
        position = text.find('"', closed.end())
    return position


def _read(chunk: Chunk) -> tuple[tuple[Word, ...], frozenset[str]] | None:
    """The words of the last line up to the hole at its end, and the terminals that could stand there."""
    last = chunk.lines[-1]
    written = Logical(last.text, list(last.pieces))
    last.replace(last.indent, len(last.text), HOLE)
    if len(chunk.lines) > 1 and not (mend(chunk) and any(each is last for each in chunk.lines)):
        return None
    index = next(place for place, each in enumerate(chunk.lines) if each is last)
    del chunk.lines[index + 1 :]
    last.text = " " * last.indent + written.words[:-1] + _NAME  # some words ask for a name behind them
    shift = written.indent - last.indent
    end = index + 1, len(last.text)
    words: list[Word] = []
    reading = parser().parse_interactive(chunk.text, start=DECLARATION)
    try:
        for token in reading.iter_parse():
            if token.type in _LAYOUT or token.line != end[0]:
                continue
            choices = _choices(reading)
            if (token.line, token.column) == end:
                return tuple(words), choices
            line, column = written.place((token.column or 1) - 1 + shift)
            words.append(Word(token.type, str(token), line, column, choices))
    except (UnexpectedInput, DedentError) as fault:
        if (getattr(fault, "line", 0), getattr(fault, "column", 0)) == end:
            return tuple(words), _choices(reading)
    return tuple(words), frozenset()


def _choices(reading: InteractiveParser) -> frozenset[str]:
    return frozenset(reading.accepts()) - _LAYOUT  # type: ignore[no-untyped-call]


def _opening(chunk: Chunk) -> tuple[str, str]:
    """The word that begins a declaration, and its name."""
    found = _OPENING.match(chunk.lines[0].text)
    return (found[1], found[2] or "") if found else ("", "")


def _above(chunk: Chunk) -> tuple[str, ...]:
    """The words of the lines on which the last one hangs, but for the declaration's."""
    found: list[str] = []
    depth = chunk.lines[-1].indent
    for logical in reversed(chunk.lines[1:-1]):
        if logical.indent < depth:
            found.insert(0, logical.words)
            depth = logical.indent
    return tuple(found)
