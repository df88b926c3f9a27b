"""Lines as the parser wants them: cut into declarations, continued lines joined, comments taken out.

Each logical line remembers where its columns stand in the file, so that it may be mended and tried again.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from dsl.found.finding import Finding, Span
from dsl.found.source import Source, error
from dsl.read.belonging import belongs_above, declares
from dsl.read.signs import HOLE, STRING, readable

_STRING = re.compile(STRING)
_STRING_OR_TAB = re.compile(rf"{STRING}|\t")
_BRACKET = re.compile(r"[()\[\]]")
_CODE = re.compile(rf'(?>[^"#]++|{STRING}|")*+')
_CONTINUES = re.compile(r"(and|or|where|with)\b")
_BLANKS = re.compile(r"[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_UNSEEN = re.compile(r"[\u200b-\u200d\u2060\ufeff]")
_INDENT = 4
_DEEPEST = 40
_LONGEST = 4000


@dataclass(slots=True)
class Logical:
    """One line of the parser's text. `pieces` are (column in the text, line, column in the file) from which
    on columns run alike; columns count from 0 here. `holed`: a fault of it was told; `moved`: it was brought
    to another depth for one."""

    text: str
    pieces: list[tuple[int, int, int]]
    holed: bool = False
    moved: bool = False

    @property
    def indent(self) -> int:
        return len(self.text) - len(self.text.lstrip(" "))

    @property
    def words(self) -> str:
        return self.text.strip(" ")

    def place(self, column: int) -> tuple[int, int]:
        """Line and column in the file (from 1) of a column (from 0) of the text."""
        at = self.pieces[0]
        for piece in self.pieces:
            if piece[0] > column:
                break
            at = piece
        return at[1], at[2] + max(column - at[0], 0) + 1

    def replace(self, start: int, end: int, new: str) -> None:
        """Put `new` in place of the columns from `start` to before `end`; it stands where `start` did."""
        shift = len(new) - (end - start)
        line, column = self.place(end)
        kept = [piece for piece in self.pieces if piece[0] <= start]
        later = [(c + shift, ln, col) for c, ln, col in self.pieces if c > end]
        self.pieces = [*kept, (end + shift, line, column - 1), *later]
        self.text = self.text[:start] + new + self.text[end:]

    def reindent(self, indent: int) -> None:
        """Move the line to another depth."""
        self.replace(0, self.indent, " " * indent)


@dataclass(slots=True)
class Chunk:
    """The lines of one declaration, or of a piece of it: then `above` are those between its first line and
    the piece."""

    source: Source
    lines: list[Logical] = field(default_factory=list)
    above: list[Logical] = field(default_factory=list)

    @property
    def text(self) -> str:
        return readable("".join(line.text + "\n" for line in self.lines))

    def span(self, index: int, column: int, end_column: int) -> Span:
        """The place in the file of some columns (from 0, end exclusive) of a logical line."""
        logical = self.lines[index]
        if len(logical.pieces) == 1:
            (begin, line, first), *_ = logical.pieces
            shift = first - begin + 1
            end = end_column if end_column > column else column + 1
            return Span(self.source.path, line, column + shift, line, end + shift)
        line, start = logical.place(column)
        last, end = logical.place(max(end_column - 1, column))
        if last != line:
            return Span(self.source.path, line, start, last, end + 1)
        return self.source.span(line, start, end + 1)

    def whole(self, index: int) -> Span:
        """The place in the file of a whole logical line, without its indentation."""
        logical = self.lines[index]
        return self.span(index, logical.indent, len(logical.text.rstrip(" ")))


def lay_out(source: Source) -> tuple[list[Chunk], list[Finding]]:
    """The declarations of a file, each with its logical lines, and the faults of the layout."""
    layout = _Layout(source)
    for number, line in enumerate(source.lines, start=1):
        layout.take(number, line)
    layout.close()
    return layout.chunks, [*layout.findings, *_tabs(source)]


def code_end(line: str, start: int = 0) -> int:
    """The column (from 0) at which the comment of a line begins; the line's length if it has none. `start` is
    a column outside of quotes."""
    found = _CODE.match(line, start)
    return found.end() if found else start


class _Layout:
    """Takes the lines of a file one after the other."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.chunks: list[Chunk] = []
        self.findings: list[Finding] = []
        self.stack: list[int] = [0]
        self.brackets: list[tuple[str, Span]] = []
        self.orphan = False
        self.outside = False

    def take(self, number: int, line: str) -> None:
        logical = self._clean(number, line)
        if not logical.words:
            return
        if self._continues(number, logical):
            return
        self._close_brackets()
        if logical.indent and self.chunks and declares(self.chunks[-1].lines[0].words, logical.words):
            message = "A declaration is indented here."
            self._report("E103", number, logical, message, "Begin it at the left edge.")
            logical.reindent(0)
        if logical.indent == 0 and self._outside(number, logical):
            self.outside = True
        elif logical.indent == 0:
            self.chunks.append(Chunk(self.source))
            self.stack = [0]
            self.orphan = self.outside = False
        elif not self.chunks:
            if not self.orphan:
                self._report(
                    "E103",
                    number,
                    logical,
                    "This line is indented, but nothing stands above it.",
                    "Begin it at the left edge.",
                )
            self.orphan = True
            return
        else:
            self.outside = False
        self._settle(number, logical)
        self.chunks[-1].lines.append(logical)
        self._count_brackets(number, logical, 0)

    def close(self) -> None:
        """The file is over."""
        self._close_brackets()

    def _outside(self, number: int, logical: Logical) -> bool:
        """Whether a line at the left edge belongs to the declaration above, to which it is moved."""
        if not (self.chunks and belongs_above(self.chunks[-1].lines[0].words, logical.words)):
            return False
        depth = self.stack[1] if len(self.stack) > 1 else _INDENT
        help = f"Indent it by {depth} blanks."
        if not self.outside:
            self._report("E103", number, logical, "This line is not indented below its declaration.", help)
        logical.reindent(depth)
        return True

    def _continues(self, number: int, logical: Logical) -> bool:
        if not self.chunks or not self.chunks[-1].lines:
            return False
        if not self.brackets and not _CONTINUES.match(logical.words):
            return False
        before = self.chunks[-1].lines[-1]
        deeper = logical.indent > before.indent
        if self.brackets and not deeper:
            return False
        if not deeper:
            word = logical.words.split(" ")[0]
            self._report(
                "E103",
                number,
                logical,
                f"A line that begins with `{word}` goes on with the line above.",
                "Indent it further than the line above.",
            )
        if len(before.text) + len(logical.words) > _LONGEST:
            self._report(
                "E104", number, logical, "This line is too long to read.", "Write it as several conditions."
            )
            return True
        offset = len(before.text) + 1
        indent = logical.indent
        before.text = f"{before.text} {logical.words}"
        before.pieces.extend(
            (offset + max(column - indent, 0), line, col + max(indent - column, 0))
            for column, line, col in logical.pieces
            if column >= indent or column == max(c for c, _, _ in logical.pieces if c <= indent)
        )
        before.holed = before.holed or logical.holed
        self._count_brackets(number, before, offset)
        return True

    def _clean(self, number: int, line: str) -> Logical:
        """The line without comment, with blanks for blanks, and its columns."""
        margin = len(line) - len(line.lstrip(" \t"))
        width = len(line[:margin].expandtabs(_INDENT))
        body = line[margin : code_end(line, margin)] if "#" in line else line[margin:]
        if "\t" in body:
            body = _STRING_OR_TAB.sub(lambda found: " " if found.group() == "\t" else found.group(), body)
        logical = Logical(" " * width + body.rstrip(" "), [(0, number, 0)])
        if width != margin:
            logical.pieces.append((width, number, margin))
        if number in self.source.damaged:
            logical.holed = True
            logical.text = logical.text.replace("\ufffd", " ")
        self._unfit(number, line, logical)
        return logical

    def _unfit(self, number: int, line: str, logical: Logical) -> None:
        """Report blanks that are none, lines that are too long and quotes that do not close."""
        bare = _without_texts(logical.text)
        if not bare.isascii():
            bare = self._without_odd_blanks(number, logical, bare)
        if len(logical.text) > _LONGEST:
            self._report(
                "E104", number, logical, "This line is too long to read.", "Break it into several lines."
            )
            logical.text = logical.text[: logical.indent] + HOLE
            logical.holed = True
        quote = bare.find('"')
        if quote >= 0 and number not in self.source.damaged:
            start = logical.place(quote)[1]
            self.findings.append(
                error(
                    "E105",
                    self.source.span(number, start, len(line) + 1),
                    "This text is not closed.",
                    f'Write `{logical.text[quote:].strip()[:60]}"`.',
                )
            )
            logical.replace(quote, len(logical.text), f'"{HOLE}"')
            logical.holed = True

    def _without_odd_blanks(self, number: int, logical: Logical, bare: str) -> str:
        """Report blanks that are none, and take them out of the line; `bare` is the line without texts, which
        comes back without them too."""
        if found := _BLANKS.search(bare):
            start = logical.place(found.start())[1]
            self.findings.append(
                error(
                    "E106",
                    self.source.span(number, start, start + 1),
                    "This blank is a special one (a no-break space, for instance).",
                    "Write an ordinary blank.",
                )
            )
            shown = _BLANKS.sub(" ", bare)
            logical.text = "".join(
                " " if bare[i] != shown[i] else sign for i, sign in enumerate(logical.text)
            ).rstrip(" ")
        for found in reversed(list(_UNSEEN.finditer(bare))):
            start = logical.place(found.start())[1]
            span = self.source.span(number, start, start + 1)
            message = "There is a sign without width here (a byte order mark, for instance)."
            self.findings.append(error("E106", span, message, "Delete it."))
            logical.replace(found.start(), found.end(), "")
        return _UNSEEN.sub("", bare)

    def _settle(self, number: int, logical: Logical) -> None:
        """Bring the line to a depth that exists; report one that does not."""
        indent = logical.indent
        while self.stack[-1] > indent:
            above = self.stack.pop()
            if self.stack[-1] < indent:
                outer = self.stack[-1]
                if self._first_too_deep(above, indent):
                    break
                known = above if not outer or above - indent <= indent - outer else outer
                self._report(
                    "E103",
                    number,
                    logical,
                    "This line is indented to a depth where no line above begins.",
                    f"Indent it by {known} blanks.",
                )
                logical.reindent(known)
                indent = known
                if known == above:
                    self.stack.append(above)
                break
        if indent > self.stack[-1]:
            if len(self.stack) > _DEEPEST:
                self._report(
                    "E104", number, logical, "Steps are nested too deeply here.", "Make two flows of it."
                )
                logical.reindent(self.stack[-1])
            else:
                self.stack.append(indent)

    def _first_too_deep(self, above: int, indent: int) -> bool:
        """Whether only the first line of a block stands deeper than the others, to which it is brought."""
        lines = self.chunks[-1].lines
        begun = next(at for at in range(len(lines), 0, -1) if lines[at - 1].indent < above)
        if len(lines) - begun != 1 or above - lines[begun - 1].indent == _INDENT:
            return False
        first = lines[begun]
        line, column = first.place(first.indent)
        self.findings.append(
            error(
                "E103",
                self.source.span(line, column, column + len(first.words)),
                "This line is indented deeper than the line below it.",
                f"Indent it by {indent} blanks.",
            )
        )
        first.reindent(indent)
        self.stack.append(indent)
        return True

    def _count_brackets(self, number: int, logical: Logical, start: int) -> None:
        if not (self.brackets or "(" in logical.text or "[" in logical.text):
            return
        for found in _BRACKET.finditer(_without_texts(logical.text), start):
            sign, column = found.group(), found.start()
            if sign in "([":
                line, col = logical.place(column)
                self.brackets.append((sign, self.source.span(line, col, col + 1)))
                if len(self.brackets) == _DEEPEST:
                    self._report(
                        "E104",
                        number,
                        logical,
                        "Brackets are nested too deeply here.",
                        "Write it as several conditions.",
                    )
                    logical.replace(logical.indent, len(logical.text), HOLE)
                    logical.holed = True
                    self.brackets.clear()
                    return
            elif self.brackets:
                self.brackets.pop()

    def _close_brackets(self) -> None:
        if self.brackets:
            sign, span = self.brackets[0]
            self.findings.append(
                error(
                    "E105",
                    span,
                    f"This `{sign}` is not closed.",
                    f"Write `{')' if sign == '(' else ']'}` where it ends; lines within it are indented.",
                )
            )
            self.chunks[-1].lines[-1].holed = True
            self.brackets.clear()

    def _report(self, code: str, number: int, logical: Logical, message: str, help: str) -> None:
        start = logical.place(logical.indent)[1]
        end = start + len(logical.words)
        self.findings.append(error(code, self.source.span(number, start, end), message, help))


def _without_texts(text: str) -> str:
    """The text with a sign without meaning for each one in quotes."""
    return _STRING.sub(lambda found: "_" * len(found.group()), text) if '"' in text else text


def _tabs(source: Source) -> Iterable[Finding]:
    """One finding for all tabs of a file: whoever has one has many."""
    at = [
        n
        for n, line in enumerate(source.lines, start=1)
        if "\t" in line and "\t" in _STRING.sub("", line).split("#")[0]
    ]
    if at:
        column = source.lines[at[0] - 1].index("\t") + 1
        more = f" {len(at)} lines of this file have tabs." if len(at) > 1 else ""
        yield error(
            "E107",
            source.span(at[0], column, column + 1),
            f"There is a tab here.{more}",
            "Write 4 blanks for each tab.",
        )
