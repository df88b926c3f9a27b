"""Blocks of lines that stand too deep or not deep enough, or are not there: how reading goes on."""

import re

from dsl.faults.scenarios import wrong_opener
from dsl.found.finding import Finding
from dsl.found.source import error
from dsl.read.layout import Chunk, Logical
from dsl.read.signs import HOLE, NAME
from dsl.read.words import STEPS

_WORD = re.compile(NAME)
_WINNER = re.compile(r"keep\b|adapt\b")
_OPENS = re.compile(r"(if|else|split|repeat|on)\b")
_BELOW_SEND = ("subject", "from", "reply", "topic")
_SHOWN = 40
"""So many signs of another line are quoted."""


def opens(words: str) -> bool:
    """Whether a line has a block below it whatever it says."""
    return _OPENS.match(words) is not None


def parent(chunk: Chunk, index: int) -> Logical:
    """The line in whose block a line stands that is not at the left edge."""
    depth = chunk.lines[index].indent
    above = (chunk.lines[at] for at in range(index - 1, -1, -1) if chunk.lines[at].indent < depth)
    return next(above, chunk.lines[0])  # which stands too deep itself where what it stood in cannot be read


def place_of(chunk: Chunk, index: int) -> str:
    """In what a line stands; see `diagnose`."""
    if index == 0 or not chunk.lines[index].indent:
        return "declaration"
    head = (_WORD.match(chunk.lines[0].text) or [""])[0]
    if head in ("contact", "event"):
        return "fields"
    if head in ("topic", "segment", "coupon", "webhook", "limits"):
        return head
    outer = parent(chunk, index)
    if head == "scenario":
        return "scenario" if outer is chunk.lines[0] else "person" if outer.words == "contact" else "mail"
    if outer is chunk.lines[0]:
        return "flow"
    words = outer.words
    above = re.match(r"(send|split|repeat|wait +(?:for|until))\b", words)
    return " ".join(above.group(1).split()) if above else "block"


def open_block(chunk: Chunk, index: int, findings: list[Finding]) -> bool:
    """Make a line of a scenario what its block shows it to be; False: it is none, or begins as it should."""
    meant = wrong_opener(chunk, index) if place_of(chunk, index) == "scenario" else None
    if meant is None:
        return False
    finding, words = meant
    logical = chunk.lines[index]
    if not logical.holed:
        findings.append(finding)
    logical.holed = True
    logical.replace(logical.indent, len(logical.text), words)
    return True


def outdent(chunk: Chunk, index: int, findings: list[Finding]) -> bool:
    logical, above = chunk.lines[index], chunk.lines[index - 1]
    deep = logical.indent
    if _WINNER.match(above.words) and place_of(chunk, index - 1) == "split":
        above = parent(chunk, index - 1)
    place = place_of(chunk, index - 1)
    if not logical.holed and not chunk.lines[index - 1].holed:
        findings.append(
            error(
                "E103",
                chunk.whole(index),
                "This line is indented, but the line above it takes no lines below it.",
                "Begin it with `and` or `or`." if place == "segment" else _depth(above),
            )
        )
    end = _end(chunk, index, deep)
    if above.indent == 0 or place in ("scenario", "segment"):  # they would begin lines of another kind
        del chunk.lines[index:end]
        if place == "scenario":
            line, column = above.place(above.indent)
            pieces = [(0, line, column - 1)]
            chunk.lines.insert(index, Logical(" " * above.indent + HOLE, pieces, holed=True))
        return True
    if opens(logical.words) and index + 1 < end and chunk.lines[index + 1].indent == deep:
        end = index + 1  # what stands beside it is its block
    logical.holed = True
    _shift(chunk, index, end, above.indent - deep)
    return True


def beside_arms(chunk: Chunk, index: int, findings: list[Finding]) -> bool:
    """Bring steps that stand among the arms of a split behind it; False: this line is meant for an arm."""
    logical, split = chunk.lines[index], parent(chunk, index)
    first = logical.words.split(" ")[0]
    if first not in STEPS:
        return False
    if not logical.holed:
        findings.append(
            error(
                "E102",
                chunk.span(index, logical.indent, logical.indent + len(first)),
                f"`{first}` cannot stand here, among the arms of a split.",
                f"{_depth(split).rstrip('.')}, or indent it below an arm.",
            )
        )
    end = _end(chunk, index, logical.indent)
    deep, run = logical.indent, chunk.lines[index:end]
    arms = any(line.indent == deep and line.words[:1].isdigit() for line in run)
    for line in run[:1] if arms else run:
        if arms:
            line.replace(deep, len(line.text), HOLE)
            line.holed = True
        else:
            line.reindent(line.indent - deep + split.indent)
    return True


def fill_block(chunk: Chunk, index: int, findings: list[Finding]) -> bool:
    """Put a hole below an opener that has nothing below it, or the line that stands beside it."""
    opener = chunk.lines[index]
    if _beside(chunk, index):
        lost = chunk.lines[index + 1]
        if not lost.holed:
            message = f"This line is not indented below {_quoted(opener)}."
            help = f"Indent it by {opener.indent + 4} blanks."
            findings.append(error("E103", chunk.whole(index + 1), message, help))
        lost.reindent(opener.indent + 4)
        lost.moved = True
        return True
    if not opener.holed:
        findings.append(
            error(
                "E108",
                chunk.whole(index),
                f"Nothing stands below {_quoted(opener)}.",
                "Write at least one line below it, indented by 4 blanks more.",
            )
        )
    line, column = opener.place(max(len(opener.text) - 1, 0))
    chunk.lines.insert(
        index + 1, Logical(" " * (opener.indent + 4) + HOLE, [(0, line, column - 1)], holed=True)
    )
    return True


def _beside(chunk: Chunk, index: int) -> bool:
    """Whether the line below an opener is the first one of its block, and lost its depth."""
    depth = chunk.lines[index].indent
    if index + 2 >= len(chunk.lines) or chunk.lines[index + 1].indent != depth:
        return False
    line, behind = chunk.lines[index + 1 : index + 3]
    first = behind.words.split(" ")[0]
    return behind.indent > depth and not opens(line.words) and first not in _BELOW_SEND


def behind_a_line(chunk: Chunk, index: int, place: str, findings: list[Finding]) -> bool:
    """Bring steps that stand below a `send` or beside the arms of a wait behind it; False: this is none."""
    logical = chunk.lines[index]
    first = logical.words.split(" ")[0]
    if place not in ("send", "wait for", "wait until") or first not in STEPS:
        return False
    if first == "else" and place != "send":  # it means the arm of those who wait in vain
        return False
    if not logical.holed:
        span = chunk.span(index, logical.indent, logical.indent + len(first))
        findings.append(error("E102", span, f"`{first}` cannot stand here.", _depth(parent(chunk, index))))
    end = _end(chunk, index, logical.indent)
    following = (at for at in range(index, end) if _arm(chunk.lines[at], logical.indent))
    _shift(chunk, index, next(following, end), parent(chunk, index).indent - logical.indent)
    logical.holed = True
    return True


def follows_a_fault(chunk: Chunk, index: int) -> bool:
    """Whether an `else` misses an `if` above it that could not be read, or whose lines were moved."""
    logical = chunk.lines[index]
    if not re.match(r"else\b", logical.words):
        return False
    above = next((each for each in reversed(chunk.lines[:index]) if each.indent <= logical.indent), logical)
    begun = above.words.split(" ")[0]
    return above.moved or (above.holed and (begun in ("if", "else") or begun not in STEPS))


def _depth(above: Logical) -> str:
    """The help to begin at the depth of a line, whose own words may not have been read."""
    shown = "the line above" if HOLE in above.words else _quoted(above)
    return f"Begin it at the depth of {shown}."


def _quoted(line: Logical) -> str:
    words = line.words
    return f"`{words}`" if len(words) <= _SHOWN else f"`{words[: _SHOWN - 1].rstrip()}…`"


def _arm(line: Logical, depth: int) -> bool:
    return line.indent == depth and re.match(r"on\b", line.words) is not None


def _end(chunk: Chunk, index: int, depth: int) -> int:
    """Where the lines from `index` on end that stand at a depth or deeper."""
    end = index
    while end < len(chunk.lines) and chunk.lines[end].indent >= depth:
        end += 1
    return end


def _shift(chunk: Chunk, index: int, end: int, columns: int) -> None:
    for line in chunk.lines[index:end]:
        line.reindent(line.indent + columns)
        line.moved = True
