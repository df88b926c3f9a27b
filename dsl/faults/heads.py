"""Lines of a flow as other tools have them: exits, filters, several events in one line, conditions."""

import re

from dsl.faults.mend import Mend
from dsl.found.finding import Finding
from dsl.found.source import error
from dsl.read.layout import Chunk
from dsl.read.signs import HOLE, LETTER, NAME
from dsl.read.words import STEPS

_ENDS = r"(?:exit|stop|end|quit|cancel|abort)"
_MOVED = re.compile(rf"(?:leave|{_ENDS}) +(?:on|when|if) +(joining|entering|leaving) +segment +(?={LETTER})")
_EXIT = re.compile(rf"{_ENDS} +(on|when|if)\b(?= +{LETTER})")
_EVENT_ALONE = re.compile(rf" +{NAME}( +where\b.*)?$")
_SEVERAL = re.compile(r"(start|leave) +on +|goal +")
_FURTHER = re.compile(rf" *(?:,|\b(?:or|and|if|when)\b)(?: +(?:start +|leave +)?on\b)? +(?={LETTER})")
_FILTER = re.compile(r"(filter|only|unless|condition|conditions|audience|having|match|given)\b")
_IF = re.compile(r"(if|when|unless)\b")
_EVENT = re.compile(rf"(?:joining +segment +|leaving +segment +)?{NAME}(?: +(?:where|within)\b.*)? *$")
_STARTED = re.compile(r"start +(when|if|as soon as) +(?=\S)")
_HEAD_START = re.compile(r"start +(on|every|at|by|when|if|as)\b")
_WITHIN = re.compile(r" +within\b.*$")


def flow_fault(chunk: Chunk, index: int, column: int, place: str) -> tuple[Finding, Mend | None] | None:
    """The finding for a line of a flow (`place` is flow, repeat or block) that other tools write so, and how
    to read it; None for any other line."""
    logical = chunk.lines[index]
    words, indent = logical.words, logical.indent
    in_head = place == "flow" and not behind_a_step(chunk, index)
    if in_head and (found := _left(chunk, index) or _started(chunk, index)):
        return found
    if several := _SEVERAL.match(words):
        return _several(chunk, index, column, several)
    if conditioned := re.match(rf"({_ENDS}) +(?:if|when|unless)\b", words):
        span = chunk.span(index, indent, indent + len(conditioned[1]))
        help = "Write `if` and the condition, and `finish` indented below it."
        return error("E102", span, f"`{conditioned[1]}` begins no step of a flow.", help), None
    if words.split(" ")[0] in STEPS and (sign := _IF.match(logical.text, column)) and column > indent:
        span = chunk.span(index, column, sign.end())
        message = f"A step has no `{sign[0]}` of its own."
        help = "Write `if` and the condition in a line above, and this step indented below it."
        return error("E101", span, message, help), Mend(
            len(logical.text[:column].rstrip()), len(logical.text), ""
        )
    if (filtered := _FILTER.match(words)) and column <= indent:
        span = chunk.span(index, indent, indent + filtered.end())
        help = (
            "Write the condition behind the start, as in `start on order_placed where total > 50 EUR`, "
            "or as a step, as in `if any order_placed`."
        )
        return error("E102", span, f"`{filtered[0]}` begins no header line or step of a flow.", help), None
    return None


def _started(chunk: Chunk, index: int) -> tuple[Finding, Mend | None] | None:
    """A start `when` something is so, which is an event, a segment or a date; conditions start nothing."""
    logical = chunk.lines[index]
    begun = _STARTED.match(logical.words)
    if begun is None:
        return None
    rest = logical.words[begun.end() :]
    end = logical.indent + begun.end()
    message = f"A flow does not start `{begun[1]}`."
    if in_segment := re.match(rf"in +segment +(?={LETTER})", rest):
        end += in_segment.end()
        right = "start on joining segment"
    elif re.match(rf"contact\.{NAME} +every +year\b", rest):
        right = "start on date"
    elif _EVENT.match(rest):
        right = "start on"
    else:
        span = chunk.span(index, logical.indent, end - 1)
        help = "Put the condition into a segment, and write `start on joining segment NAME`."
        return error("E111", span, message, help), Mend(logical.indent, len(logical.text), f"start on {HOLE}")
    span = chunk.span(index, logical.indent, len(logical.text[:end].rstrip()))
    return error("E111", span, message, f"Write `{right}`."), Mend(logical.indent, end, f"{right} ")


def _left(chunk: Chunk, index: int) -> tuple[Finding, Mend] | None:
    """How a flow is left, in other words."""
    logical = chunk.lines[index]
    words, indent = logical.words, logical.indent
    if moved := _MOVED.match(words):
        right = f"leave when {'not ' if moved[1] == 'leaving' else ''}in segment "
        segment = words[moved.end() :].split(" ")[0]
        message = "A flow is left on an event, or when something holds; a segment is asked for."
        help = f"Write `{right}{segment}`."
    elif ended := _EXIT.match(words):
        event = ended[1] == "on" or _EVENT_ALONE.match(words, ended.end())
        right = "leave on" if event else "leave when"
        moved = ended
        message = f"`{words.split(' ')[0]}` begins no header line of a flow."
        help = f"Write `{right}`, as in `{right} {'order_placed' if event else 'in segment vip'}`."
    else:
        return None
    end = indent + moved.end()
    span = chunk.span(index, indent, len(logical.text[:end].rstrip()))
    return error("E111", span, message, help), Mend(indent, end, right)


def _several(chunk: Chunk, index: int, column: int, begun: re.Match[str]) -> tuple[Finding, Mend] | None:
    """A start, an exit or a goal that names a second event."""
    logical = chunk.lines[index]
    text, indent = logical.text, logical.indent
    further = next(
        (
            found
            for found in _FURTHER.finditer(text, indent + begun.end())
            if found.start() <= column <= found.end()
        ),
        None,
    )
    if further is None or HOLE in text[further.end() :]:
        return None
    if not _EVENT.match(text, further.end()):
        start = further.start() + len(further[0]) - len(further[0].lstrip())
        span = chunk.span(index, start, start + len(further[0].strip()))
        mend = Mend(start, further.end(), "where ")
        return error("E111", span, "The condition of an event stands behind `where`.", "Write `where`."), mend
    within = _WITHIN.search(text, further.end())
    end = within.start() if within else len(text.rstrip())
    span = chunk.span(index, further.start() + len(further[0]) - len(further[0].lstrip()), end)
    if begun[1] is None:
        help = "Write one of them, as in `goal order_placed within 14 days`."
        finding = error("E101", span, "A goal is one event.", help)
    else:
        help = f"Write a second line: `{begun[1]} on {text[further.end() : end]}`."
        finding = error("E101", span, "One line names one event.", help)
    return finding, Mend(further.start(), end, "")


def behind_a_step(chunk: Chunk, index: int) -> bool:
    """Whether a step of the flow stands above a line at its depth."""
    depth = chunk.lines[index].indent
    above = (line.words for line in [*chunk.above, *chunk.lines[1:index]] if line.indent == depth)
    return any(words.split(" ")[0] in STEPS and not _HEAD_START.match(words) for words in above)
