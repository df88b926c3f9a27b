"""A file as rows: each line of code in canonical words at its depth, each comment in its place."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from dsl.format.breaks import STEP, Lines, add_broken, joined
from dsl.format.spelling import Word, words_of
from dsl.found.source import Source
from dsl.read.layout import Chunk, Logical, code_end, lay_out
from dsl.read.parser import read
from dsl.read.tree import Token, Tree

_APART = frozenset(("flow", "scenario"))
"""Declarations that stand between blank lines; others may stand close together."""
_FIELDS = frozenset(("field", "record_field"))
"""Lines whose second word stands in a column with that of its neighbours."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the canonical text. `column` is where its comment stood in the file (from 0), 0 behind a line
    that is broken anew; a `hanging` comment goes on with the one at the end of the line above. `apart`: a
    blank line comes before it."""

    indent: int
    code: str
    comment: str
    column: int
    hanging: bool = False
    apart: bool = False


@dataclass(frozen=True, slots=True)
class _Line:
    """A logical line with its rows. `indents` are those of the open blocks in the file, the last its own;
    `first` and `last` are its lines there. `opens` a declaration of the kind `head`, or is none."""

    rows: list[Row]
    indents: tuple[int, ...]
    first: int
    last: int
    head: str

    @property
    def depth(self) -> int:
        return len(self.indents) - 1


def page(source: Source) -> list[Row]:
    """The rows of a file that has no faults."""
    chunks, _ = lay_out(source)
    rows: list[Row] = []
    above: _Line | None = None
    kind = ""
    for line in (line for chunk in chunks for line in _lines(chunk)):
        between, apart = _between(source, above, line)
        first, *others = line.rows
        between.append(replace(first, apart=apart))
        if line.head:
            if above and _APART & {kind, line.head} and not any(row.apart for row in between):
                _set_apart(between)
            kind = line.head
        rows += [*between, *others]
        above = line
    rows += _between(source, above, None)[0]
    if rows:
        rows[0] = replace(rows[0], apart=False)
    return rows


def _set_apart(rows: list[Row]) -> None:
    """Put a blank line above a declaration, the last row, and the comments that stand right above it."""
    place = len(rows) - 1
    while place and not rows[place - 1].indent and not rows[place - 1].hanging:
        place -= 1
    rows[place] = replace(rows[place], apart=True)


def _lines(chunk: Chunk) -> Iterator[_Line]:
    found = read(chunk.text)
    assert found is not None, "what has faults is not formatted"
    tree, tokens = found
    tokens_of: dict[int, list[Token]] = {}
    for token in tokens:
        tokens_of.setdefault(token.line - 1, []).append(token)
    negatives = frozenset(
        (token.line, token.column)
        for part in tree.subtrees()
        if part.data == "negative"
        for token in part.children
        if isinstance(token, Token)
    )
    columns = _columns(chunk, tree)
    indents: tuple[int, ...] = ()
    for index, logical in enumerate(chunk.lines):
        indents = (*(each for each in indents if each < logical.indent), logical.indent)
        places = [logical.place(token.column - 1)[0] for token in tokens_of[index]]
        minus = frozenset(column for line, column in negatives if line == index + 1 and column)
        words = words_of(tokens_of[index], places, minus)
        opens = index + 1 < len(chunk.lines) and chunk.lines[index + 1].indent > logical.indent
        rows = list(_rows(chunk.source, logical, words, len(indents) - 1, opens, columns.get(index, 0)))
        lines = [line for _, line, _ in logical.pieces]
        yield _Line(rows, indents, min(lines), max(lines), words[0].text if not index else "")


def _rows(
    source: Source, logical: Logical, words: list[Word], depth: int, opens: bool, column: int
) -> Iterator[Row]:
    """The rows of a logical line: broken where its author broke it, and where it is too long. What is below a
    line that opens a block is indented further than that block."""
    indent = depth * STEP
    further = indent + STEP * (2 if opens else 1)
    lines = [line for _, line, _ in logical.pieces]
    done: Lines = []
    for number in range(min(lines), max(lines) + 1):
        comment, at = _comment(source, number)
        own = [word for word in words if word.line == number]
        if not own:
            if comment:
                yield Row(further, "", comment, at)
            continue
        before = len(done)
        add_broken(own, indent, further, done)
        *pieces, (margin, last) = done[before:]
        for each, piece in pieces:
            yield Row(each, joined(piece), "", 0)
        code = joined(last)
        if column and not before:
            code = last[0].text.ljust(column) + joined(last[1:])
        yield Row(margin, code, comment, 0 if pieces else at)


def _columns(chunk: Chunk, tree: Tree) -> dict[int, int]:
    """For each line of a field, how far its type stands from where its name begins: as in the file if all of
    the block have it in one column, else two blanks behind the longest name."""
    found: dict[int, int] = {}
    for block in tree.subtrees():
        fields = [each for each in block.children if isinstance(each, Tree) and each.data in _FIELDS]
        names = {_index(name): name for each in fields if isinstance(name := each.children[0], Token)}
        gaps = {_gap(chunk.lines[index], name) for index, name in names.items()}
        if names:
            column = gaps.pop() if len(gaps) == 1 else max(len(name.text) for name in names.values()) + 2
            found |= dict.fromkeys(names, column)
    return found


def _index(token: Token) -> int:
    return token.line - 1


def _gap(logical: Logical, name: Token) -> int:
    rest = logical.words[len(name.text) :]
    return len(name.text) + len(rest) - len(rest.lstrip(" "))


def _between(source: Source, above: _Line | None, below: _Line | None) -> tuple[list[Row], bool]:
    """The comments between two lines, and whether a blank line stands before the second."""
    rows: list[Row] = []
    apart = False
    low = below.depth if below else 0
    high = max(above.depth, low) if above else low
    hangs = _comment(source, above.last) if above else ("", 0)
    for number in range(above.last + 1 if above else 1, below.first if below else len(source.lines) + 1):
        comment, column = _comment(source, number)
        if not comment:
            apart, hangs = True, ("", 0)
            continue
        hanging = bool(hangs[0]) and hangs[1] == column
        if not hanging:
            hangs = ("", 0)
            high = _level(source.lines[number - 1][:column], above, low, high)
        rows.append(Row(high * STEP, "", comment, column, hanging, apart))
        apart = False
    return rows, apart


def _level(margin: str, above: _Line | None, low: int, high: int) -> int:
    """How deep a comment stands: as deep as the block that its margin reaches, of those that are open."""
    if above is None or low >= above.depth:
        return low
    width = len(margin.expandtabs(STEP))
    return max((each for each in range(low, high + 1) if above.indents[each] <= width), default=low)


def _comment(source: Source, number: int) -> tuple[str, int]:
    """The comment of a line (from 1) of the file and its column; empty if it has none."""
    line = source.lines[number - 1]
    column = code_end(line)
    return line[column:].rstrip(), column
