"""What is wrong with a line that the grammar refused, in a marketer's words."""

import re
from collections.abc import Sequence

from dsl.faults.closers import closer
from dsl.faults.heads import behind_a_step, flow_fault
from dsl.faults.mend import Mend
from dsl.faults.names import name_fault
from dsl.faults.nearmiss import near_miss
from dsl.found.finding import Finding
from dsl.found.source import error
from dsl.meaning.names import nearest
from dsl.read.layout import Chunk
from dsl.read.signs import HOLE, LETTER, NAME, SIGN
from dsl.read.words import DECLARATIONS, EXAMPLES, HEADS, STEPS, SYNONYMS

_SHOWN = 20
_WITH_TEXT = (
    "topic",
    "segment",
    "flow",
    "scenario",
    "consent",
    "subject",
    "from",
    "reply",
    "code",
    "codes",
    "url",
    "time",
    "add",
    "remove",
)
_NAMING = ("send", "flow topic", "wait for", "call", "emit", "unsubscribe", "start flow")
_OF_FLOWS = ("flow", "repeat", "block")
_OWN_EXAMPLES = {"split": ("keep", "adapt"), "coupon": ("code", "codes"), "webhook": ("url", "secret")}
_STARTS_FLOW = re.compile(r"start\b(?! +(on|every|at|by)\b)")
_LATE = ("else", "otherwise", "timeout", "after", "expired", "never")
"""How other tools call the arm of those for whom the time of a wait is over."""
_AS_NAMES = ("at", "time", "one", "else", "on", "until", "for", "from")
"""Words that begin lines and stand within others as well."""
_HEADS = ("topic", "start on", "enter", "leave on", "goal")
_STEPS = ("send", "wait", "wait for", "if", "split", "set", "finish")
"""The commonest."""
_TITLED = ("topic", "segment", "coupon", "webhook", "flow")
_TURNED = re.compile(rf'("(?:\\.|[^"\\])*") +({NAME}) *$')
_TWICE = re.compile(r'(?<![^\s([])("[^"]*"|[^\s",;￼]+) +(\1)(?![^\s,)\]])')
_OPEN_END = re.compile(r" *(,|\b(?:and|or|where|with)\b) *$")
_LATER = re.compile(r"(?:after|in) +(\d+ +(?:minute|hour|day|week|month|year)s?)\b")
_WORD = re.compile(NAME)


def diagnose(chunk: Chunk, index: int, column: int, place: str) -> tuple[Finding, Mend | None]:
    """The finding for a logical line that the grammar could not read from `column` on, and how to read it
    all the same (None: it cannot be mended). `place` says in what the line stands: declaration, flow, topic,
    fields, segment, coupon, webhook, limits, send, wait for, wait until, repeat, split or block (of any other
    step)."""
    logical = chunk.lines[index]
    words = logical.words
    first = _WORD.match(words)
    if place in ("block", "repeat") and first and first.group() in HEADS and not _STARTS_FLOW.match(words):
        return _head_below(chunk, index, first.group()), None
    if closed := closer(chunk, index):
        return closed, None
    if place in _OF_FLOWS and (foreign := flow_fault(chunk, index, column, place)):
        return foreign
    if place == "declaration" and column > logical.indent and (misnamed := name_fault(chunk, index)):
        return misnamed
    if lacking := _wrong_word(chunk, index, column):
        return lacking
    if miss := near_miss(logical.text, column, place):
        span = chunk.span(index, miss.start, miss.end)
        return error(miss.code, span, miss.message, miss.help), Mend(miss.start, miss.end, miss.instead)
    if place in _OF_FLOWS and first and first.group() == "else" and column <= logical.indent:
        span = chunk.span(index, logical.indent, logical.indent + 4)
        help = "Begin it at the depth of its `if`, right below the last step of that `if`."
        return error("E101", span, "No `if` stands right above this `else`.", help), None
    if place in ("flow", "block") and first and first.group() == "until" and column <= logical.indent:
        span = chunk.span(index, logical.indent, logical.indent + 5)
        help = "Write it as the last line below a `repeat`, or write `wait until …` to wait."
        return error("E101", span, "This `until` does not stand right below a `repeat`.", help), None
    if place in _OF_FLOWS and (winner := re.match(r"(keep +winner|adapt) +by\b", words)):
        span = chunk.span(index, logical.indent, logical.indent + winner.end())
        help = "Write it below the arms of a split, as its last line."
        return error("E101", span, "This line does not stand below a `split`.", help), None
    kind = _kind(words, place)
    if kind is None:
        begin = first.group() if first else words.replace(HOLE, " ").split(" ")[0][:_SHOWN] or words[:1]
        return _unknown_start(chunk, index, begin, place)
    if quoted := _quotes(chunk, index, column, kind):
        return quoted
    rest = logical.text[column:].rstrip(" ").replace(HOLE, "")
    if not rest.strip() and (broken := _broken_behind(chunk, index)):
        return broken
    if not rest.strip():
        end = len(logical.text)
        span = chunk.span(index, max(end - 1, 0), end)
        return error("E101", span, "This line ends too early.", f"Write it like {EXAMPLES[kind]}."), None
    span = chunk.span(index, column, column + len(rest))
    shown = rest if len(rest) <= 40 else rest[:39] + "…"
    return error(
        "E101", span, f"This line cannot be read from `{shown}` on.", f"Write it like {EXAMPLES[kind]}."
    ), None


def _broken_behind(chunk: Chunk, index: int) -> tuple[Finding, Mend] | None:
    """A line that breaks behind the word in front of which it may break; what was to follow is left out."""
    logical = chunk.lines[index]
    found = _OPEN_END.search(logical.text)
    following = chunk.lines[index + 1] if index + 1 < len(chunk.lines) else None
    if found is None or following is None or following.indent <= logical.indent:
        return None
    del chunk.lines[index + 1]
    word = found[1]
    span = chunk.span(index, found.start(1), found.end(1))
    help = (
        "Write the rest behind it; a line may break within `[ ]` and in front of `with`."
        if word == ","
        else f"Begin the next line with `{word}`."
    )
    finding = error("E101", span, f"This line breaks behind its `{word}`.", help)
    return finding, Mend(found.start(), len(logical.text), "")


def word_twice(chunk: Chunk, index: int, column: int) -> tuple[Finding, Mend] | None:
    """The finding for a word that stands twice in a row, at or before the place where reading ended."""
    found = [each for each in _TWICE.finditer(chunk.lines[index].text) if each.start() <= column]
    if not found:
        return None
    word, again = found[-1][1], found[-1].start(2)
    span = chunk.span(index, again, found[-1].end())
    finding = error("E111", span, f"`{word}` stands here twice.", "Leave one of them out.")
    return finding, Mend(found[-1].start(), found[-1].end(), word)


def _wrong_word(chunk: Chunk, index: int, column: int) -> tuple[Finding, Mend] | None:
    """A `set`, a `start on` or a `send` that lacks one of its words, or has words that belong elsewhere."""
    logical = chunk.lines[index]
    words = logical.words
    if words.startswith("send ") and (timed := re.match(r"at +(\d\d?:\d\d)\b", logical.text[column:])):
        span = chunk.span(index, column, column + timed.end())
        help = f"Write `wait until {timed.group(1)}` above."
        return error("E111", span, "A `send` has no time of its own.", help), Mend(
            column, column + timed.end(), ""
        )
    if words.startswith("send ") and (later := _LATER.match(logical.text, column)):
        span = chunk.span(index, column, later.end())
        help = f"Write `wait {later[1]}` above."
        return error("E111", span, "A `send` has no time of its own.", help), Mend(column, later.end(), "")
    if given := re.match(r"(send|emit|call) .*?\bwith\b", words):
        rest = logical.text[column:]
        if column > logical.indent + given.end() and (sign := re.match(r"(:?=|:|is\b|to\b) *", rest)):
            span = chunk.span(index, column, column + len(sign.group().rstrip()))
            help = "Leave out what stands between them."
            return error("E111", span, "A value stands right behind its name.", help), Mend(
                column, column + sign.end(), ""
            )
        if linked := re.search(rf"\b{NAME} +(is|to) +$", logical.text[:column]):
            span = chunk.span(index, linked.start(1), linked.end(1))
            help = "Leave out what stands between them."
            return error("E111", span, "A value stands right behind its name.", help), Mend(
                linked.start(1), column, ""
            )
        if joined := re.match(rf"and +(?={LETTER})", rest):
            start = len(logical.text[:column].rstrip())
            span = chunk.span(index, column, column + 3)
            mend = Mend(start, column + joined.end(), ", ")
            return error("E111", span, "Several values are parted by commas.", "Write `,`."), mend
    if found := re.match(r"set +tag\b(?! +to\b)", words):
        start = logical.indent
        span = chunk.span(index, start, start + found.end())
        mend = Mend(start, start + found.end(), "add tag")
        return error("E111", span, "A tag is added, not set.", "Write `add tag`."), mend
    if words.startswith("set ") and re.match(r'"|\d', logical.text[column:]) and " to " not in words:
        span = chunk.span(index, column, column + 1)
        return error("E111", span, "A word is missing before this value.", "Write `to`."), Mend(
            column, column, "to "
        )
    if words.startswith("set ") and (sign := re.match(r":?=+|is\b", logical.text[column:])):
        end = column + sign.end()
        finding = error(
            "E111", chunk.span(index, column, end), "An attribute is set with a word.", "Write `to`."
        )
        return finding, Mend(column, end, "to")
    if dated := re.match(rf"start +on +(?=contact\.|{NAME} +every +year\b)", words):
        at = logical.indent + dated.end()
        span = chunk.span(index, logical.indent, at)
        help = "Write `start on date`, as in `start on date contact.birthday every year at 09:00`."
        return error("E101", span, "A start on a date has the word `date` before it.", help), Mend(
            at, at, "date "
        )
    return None


def _quotes(chunk: Chunk, index: int, column: int, kind: str) -> tuple[Finding, Mend] | None:
    """A name in quotes, or a text without them, where the line asks for the other."""
    text = chunk.lines[index].text
    rest = text[column:]
    if (turned := _TURNED.match(rest)) and kind in _TITLED:
        span = chunk.span(index, column, column + turned.end())
        right = f"{turned[2]} {turned[1]}"
        finding = error("E111", span, "The name stands in front of the title.", f"Write `{right}`.")
        return finding, Mend(column, column + turned.end(), right)
    if (named := re.match(rf'"({NAME})"', rest)) and not text[:column].endswith(" not "):
        span = chunk.span(index, column, column + named.end())
        finding = error("E118", span, "A name stands without quotes.", f"Write `{named.group(1)}`.")
        return finding, Mend(column, column + named.end(), named.group(1))
    if kind in _NAMING and (parted := re.match(rf'"({NAME}(?:[ -]+{SIGN}+)+)"', rest)):
        name = re.sub(r"[ -]+", "_", parted[1])
        span = chunk.span(index, column, column + parted.end())
        finding = error("E118", span, "A name stands without quotes, in one word.", f"Write `{name}`.")
        return finding, Mend(column, column + parted.end(), HOLE)
    words = rest.rstrip(" ")
    if kind in _WITH_TEXT and words and '"' not in words and HOLE not in words and "\\" not in words:
        span = chunk.span(index, column, column + len(words))
        finding = error("E113", span, "A text stands in straight double quotes.", f'Write `"{words}"`.')
        return finding, Mend(column, column + len(words), f'"{words}"')
    return None


def _kind(words: str, place: str) -> str | None:
    """Which example a line is measured by, told from its first words."""
    first = (_WORD.match(words) or [""])[0]
    if place == "fields":
        return "field"
    if place == "segment":
        return "condition"
    if place in ("split", "coupon", "webhook"):
        return first if first in _OWN_EXAMPLES[place] else "arm" if place == "split" else f"{place} line"
    if first == "topic" and place != "declaration":
        return "flow topic"
    if opener := re.match(r"(wait) +(for +best +time|for|until)\b|(start) +(every|at|flow)\b", words):
        return " ".join(part for group in opener.groups() if group for part in group.split())
    if place in ("block", "repeat") and first == "start":
        return "start flow"
    known = {
        "declaration": DECLARATIONS,
        "flow": (*HEADS, *STEPS),
        "repeat": STEPS,
        "block": STEPS,
        "topic": ("for", "consent", "at"),
        "limits": ("at", "quiet"),
        "send": ("subject", "from", "reply", "topic"),
        "wait for": ("on",),
        "wait until": ("on",),
    }[place]
    return first if first in known else None


def _head_below(chunk: Chunk, index: int, word: str) -> Finding:
    start = chunk.lines[index].indent
    span = chunk.span(index, start, start + len(word))
    help = "Move it above the first step of the flow."
    return error("E407", span, f"A header line such as `{word}` stands behind a step.", help)


def _unknown_start(chunk: Chunk, index: int, word: str, place: str) -> tuple[Finding, Mend | None]:
    logical = chunk.lines[index]
    span = chunk.span(index, logical.indent, logical.indent + max(len(word), 1))
    words, what = {
        "declaration": (DECLARATIONS, "declaration"),
        "flow": (tuple(dict.fromkeys((*HEADS, *STEPS))), "header line or step of a flow"),
        "repeat": (STEPS, "step of a flow"),
        "block": (STEPS, "step of a flow"),
        "limits": (("at", "quiet"), "line of the limits"),
        "topic": (("for", "consent", "at"), "line of a topic"),
        "send": (("subject", "from", "reply", "topic"), "line below a `send`"),
        "wait for": (("on",), "line below a `wait for`"),
        "wait until": (("on",), "line below a `wait until`"),
    }[place]
    if place in ("wait for", "wait until") and word in _LATE:
        mend = Mend(logical.indent, logical.indent + len(word), "on timeout")
        return error("E102", span, f"`{word}` begins no {what}.", "Write `on timeout`."), mend
    if word in (*HEADS, *STEPS, "on"):
        message = f"`{word}` cannot stand here."
        if place in ("send", "wait for", "wait until"):
            help = "Begin it at the depth of the line above."
            return error("E102", span, message, help), None
        if word == "on" and place in _OF_FLOWS:
            head = place == "flow" and not behind_a_step(chunk, index)
            help = (
                "Begin it with `start on` or `leave on`."
                if head
                else "Write it indented below a `wait for` or `wait until`."
            )
            return error("E102", span, message, help), None
    else:
        message = f"`{word}` begins no {what}."
    turned = re.match(rf"{NAME} +({NAME})", logical.words)
    if turned and turned[1] in words and turned[1] not in _AS_NAMES:
        right = f"{turned[1]} {word}"
        mend = Mend(logical.indent, logical.indent + turned.end(), right)
        span = chunk.span(index, logical.indent, logical.indent + turned.end())
        return error("E111", span, "These two words are turned.", f"Write `{right}`."), mend
    close = SYNONYMS.get(word.casefold()) if place in (*_OF_FLOWS, "limits") else None
    if close and close.split(" ")[0] not in words:
        close = None
    close = close or nearest(word, words)
    if close and close != word:
        kind = close if close in EXAMPLES else close.split(" ")[0]
        if kind == "topic" and place != "declaration":
            kind = "flow topic"
        example = EXAMPLES[kind]
        mend = Mend(logical.indent, logical.indent + len(word), close)
        return error("E102", span, message, f"Write `{close}`, as in {example}."), mend
    return error("E102", span, message, _begins_with(words, place)), None


def _begins_with(words: Sequence[str], place: str) -> str:
    """The words with which a line may begin: all if they are few, else the commonest."""
    if place == "flow":
        return (
            f"Begin it with a word of the head, such as {_listed(_HEADS)}, or of a step: {_listed(_STEPS)}."
        )
    if words is STEPS:
        return f"Begin it with the word of a step, such as {_listed(_STEPS)}."
    return f"A line here begins with {_listed(words)}."


def _listed(words: Sequence[str]) -> str:
    *others, last = (f"`{each}`" for each in words)
    return f"{', '.join(others)} or {last}" if others else last
