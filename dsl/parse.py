"""From text to declarations. A line that cannot be read is reported, mended or taken out, and the declaration
tried again, so that one fault hides no other."""

import re
from collections.abc import Iterator
from itertools import pairwise, zip_longest

from lark import UnexpectedCharacters, UnexpectedInput, UnexpectedToken
from lark.indenter import DedentError
from lark.parsers.lalr_parser_state import ParserState

from dsl.faults.arms import arms_beside
from dsl.faults.blocks import (
    behind_a_line,
    beside_arms,
    fill_block,
    follows_a_fault,
    open_block,
    opens,
    outdent,
    place_of,
)
from dsl.faults.diagnosis import diagnose, word_twice
from dsl.faults.scenarios import PLACES, diagnose_scene, opener
from dsl.found.finding import Finding, Span
from dsl.found.source import Source, error
from dsl.nodes.flows import Declaration
from dsl.read.build import build
from dsl.read.layout import Chunk, Logical, lay_out
from dsl.read.parser import DECLARATION, parser, read
from dsl.read.signs import HOLE, NAME
from dsl.read.strays import astray
from dsl.read.tree import Tree
from dsl.read.words import DECLARATIONS

_MOST_FAULTS = 40
_MOST_MENDS = 6
_LAYOUT_TOKENS = ("_NL", "_INDENT", "_DEDENT", "$END")
_SPELLING = ("E111", "E112", "E113", "E114", "E118")
_WORD = re.compile(NAME)


def parse_source(source: Source, currency: str) -> tuple[list[Declaration], list[Finding]]:
    """The declarations of a file and its faults of layout and syntax. `currency` is the project's."""
    chunks, findings = lay_out(source)
    declarations: list[Declaration] = []
    for chunk, below in zip_longest(chunks, chunks[1:]):
        if below is not None and _stands_twice(chunk, below, findings):
            continue
        tree = _read(chunk, findings)
        if tree is not None:
            declaration = build(tree, chunk, currency, findings)
            if declaration is not None:
                declarations.append(declaration)
    return declarations, _told_once(findings, source)


def _told_once(findings: list[Finding], source: Source) -> list[Finding]:
    """The findings without those of special blanks before a line whose depth is wrong with them."""
    wrong = {each.span.line for each in findings if each.code == "E103"}

    def before(span: Span) -> bool:
        return span.line in wrong and not source.lines[span.line - 1][: span.column].strip()

    return [each for each in findings if each.code != "E106" or not before(each.span)]


def _stands_twice(chunk: Chunk, below: Chunk, findings: list[Finding]) -> bool:
    """Whether a declaration is nothing but a first line that stands there again below; it is told."""
    if len(chunk.lines) > 1 or chunk.lines[0].words != below.lines[0].words or len(below.lines) < 2:
        return False
    findings.append(error("E206", below.whole(0), "This line stands here twice.", "Delete one of the two."))
    return True


def mend(chunk: Chunk) -> bool:
    """Change the lines of a declaration so that the grammar can read them; no: nothing of it can be read."""
    return _read(chunk, []) is not None


def _read(chunk: Chunk, findings: list[Finding]) -> Tree | None:
    """The tree of a declaration, mended where it must be. Flows and scenarios may be long, and are mended
    piece by piece, since each mend is tried by reading again."""
    found = read(chunk.text)
    if found is not None:
        return found[0]
    if chunk.lines[0].words.startswith(("flow", "scenario")):
        mended = chunk.lines[:1]
        for piece in _pieces(chunk):
            if _mended(piece, findings) is None and len(piece.lines) > 1:
                return None
            mended += piece.lines[1:]
        chunk.lines = mended
    return _mended(chunk, findings)


def _pieces(chunk: Chunk) -> Iterator[Chunk]:
    """The first line of a declaration with each line right below it and what belongs to that."""
    head, *lines = chunk.lines
    depth = lines[0].indent if lines else 0
    begins = [
        at for at, line in enumerate(lines) if line.indent <= depth and (not at or not _joined(lines, at))
    ]
    for start, end in pairwise([*begins, len(lines)]):
        yield Chunk(chunk.source, [head, *lines[start:end]], lines[:start])


def _joined(lines: list[Logical], at: int) -> bool:
    """Whether a line belongs to the one above it at its depth: an `else`, an arm, or what lacks its own."""
    above = lines[at - 1]
    lacking = above.indent == lines[at].indent and opens(above.words)
    return lacking or re.match(r"(else|on)\b", lines[at].words) is not None


def _mended(chunk: Chunk, findings: list[Finding]) -> Tree | None:
    mends: dict[int, int] = {}
    for _ in range(_MOST_FAULTS):
        found = read(chunk.text)
        if found is not None:
            return found[0]
        try:
            parser().parse(chunk.text, start=DECLARATION)
        except UnexpectedInput as fault:
            if not _mend(chunk, fault, findings, mends):
                return None
        except DedentError:
            findings.append(
                error(
                    "E103",
                    chunk.whole(0),
                    "The indentation below this line cannot be followed.",
                    "Indent each block by 4 blanks.",
                )
            )
            return None
    findings.append(
        error(
            "E117",
            chunk.whole(1),
            "There are too many faults from here on to read further.",
            "Mend those that are shown and check again.",
        )
    )
    return None


def _mend(chunk: Chunk, fault: UnexpectedInput, findings: list[Finding], mends: dict[int, int]) -> bool:
    """Report the fault and change the chunk so that reading gets further; False: nothing is left to read."""
    index, column, token = _where(chunk, fault)
    if token == "_INDENT":
        return open_block(chunk, index, findings) or outdent(chunk, index + 1, findings)
    if "_INDENT" in (wanted := _wanted(fault)) and wanted <= {"_INDENT", "_NL"}:
        return fill_block(chunk, index if token in _LAYOUT_TOKENS else index - 1, findings)
    logical = chunk.lines[index]
    place = place_of(chunk, index)
    if place == "split" and beside_arms(chunk, index, findings):
        return True
    if place in _OF_FLOWS and arms_beside(chunk, index, findings):
        return True
    if astray(chunk, index, place, findings) or behind_a_line(chunk, index, place, findings):
        return True
    logical.holed = logical.holed or follows_a_fault(chunk, index)
    reader = diagnose_scene if place in PLACES else diagnose
    finding, mend = word_twice(chunk, index, column) or reader(chunk, index, column, place)
    mended = mends.get(id(logical), 0)
    if not logical.holed or (mended and finding.code in _SPELLING):
        findings.append(finding)
    logical.holed = True
    mends[id(logical)] = mended + 1
    if mend and mended < _MOST_MENDS:
        logical.replace(mend.start, mend.end, mend.new)
        return True
    return _take_out(chunk, index, place, cannot_stand=column <= logical.indent)


def _wanted(fault: UnexpectedInput) -> set[str]:
    """The kinds of words that the grammar would have taken: not what the lexer would, which never makes
    indents and takes line ends everywhere."""
    state = fault.state
    if isinstance(state, ParserState):
        return {word for word in state.parse_conf.states[state.position] if word.isupper()}
    assert isinstance(fault, UnexpectedCharacters)
    return set(fault.allowed or ())


def _where(chunk: Chunk, fault: UnexpectedInput) -> tuple[int, int, str]:
    """Logical line and column of a fault, from 0, and the kind of what stands there."""
    if isinstance(fault, UnexpectedToken):
        index = min(max((fault.token.line or 1) - 1, 0), len(chunk.lines) - 1)
        if fault.token.type in _LAYOUT_TOKENS:
            return index, len(chunk.lines[index].text), fault.token.type
        return index, (fault.token.column or 1) - 1, fault.token.type
    assert isinstance(fault, UnexpectedCharacters)
    return min(fault.line - 1, len(chunk.lines) - 1), fault.column - 1, ""


_OF_FLOWS = ("flow", "repeat", "block")
_OPENERS = (
    (re.compile(r"else +if\b"), f"else if {HOLE}"),
    (re.compile(r"else\b"), "else"),
    (re.compile(r"if\b"), f"if {HOLE}"),
    (re.compile(r"split\b"), f"split {HOLE}"),
    (re.compile(r"wait +for\b"), f"wait for {HOLE}"),
    (re.compile(r"wait +until\b"), f"wait until {HOLE}"),
    (re.compile(r"repeat\b"), "repeat up to 1 times"),
    (re.compile(r"on\b"), f"on {HOLE}"),
    (re.compile(r"send\b"), f"send {HOLE}"),
)
_BLOCKS = (
    (re.compile(r"on +(?:met|timeout)\b"), f"wait until {HOLE}"),
    (re.compile(r"on\b"), f"wait for {HOLE}"),
    (re.compile(r"\d+(?:\.\d+)? *%"), f"split {HOLE}"),
)
"""What opens a block, told by its first line."""


def _else_below(chunk: Chunk, index: int) -> bool:
    depth = chunk.lines[index].indent
    beside = next((line for line in chunk.lines[index + 1 :] if line.indent <= depth), None)
    return beside is not None and beside.indent == depth and beside.words.startswith("else")


def _take_out(chunk: Chunk, index: int, place: str, cannot_stand: bool) -> bool:
    """Put a hole where the line stood; what is indented below it is read on."""
    logical = chunk.lines[index]
    block = index + 1 < len(chunk.lines) and chunk.lines[index + 1].indent > logical.indent
    new = HOLE
    if place == "declaration":
        head = (_WORD.match(logical.text) or [""])[0]
        if head not in DECLARATIONS:
            return False
        new = head if head in ("contact", "limits") else f"{head} {HOLE}"
        if not block and head != "use":
            return False
    elif block and place == "scenario":
        new = opener(chunk, index)
    elif block and place != "split":
        fitting = next((hole for pattern, hole in _OPENERS if pattern.match(logical.words)), "")
        if cannot_stand and place in _OF_FLOWS:
            fitting = f"if {HOLE}"
        if place in _OF_FLOWS:
            below = chunk.lines[index + 1].words
            fitting = next((hole for pattern, hole in _BLOCKS if pattern.match(below)), fitting)
        if fitting == "else" and _else_below(chunk, index):
            fitting = f"else if {HOLE}"
        new = fitting or (f"if {HOLE}" if place in _OF_FLOWS else HOLE)
    if logical.words == new:
        if index == 0:
            return False
        end = index + 1
        while end < len(chunk.lines) and chunk.lines[end].indent > logical.indent:
            end += 1
        if block:  # what it opened fits nothing: give up those lines, keep the hole
            del chunk.lines[index + 1 : end]
            logical.replace(logical.indent, len(logical.text), HOLE)
            return True
        del chunk.lines[index:end]
        return len(chunk.lines) > 1
    logical.replace(logical.indent, len(logical.text), new)
    return True
