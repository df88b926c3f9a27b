"""What is wrong with a line of a scenario that the grammar refused, in a marketer's words."""

import re

from dsl.faults.mend import Mend
from dsl.faults.nearmiss import near_miss
from dsl.found.finding import Finding
from dsl.found.source import error
from dsl.meaning.names import nearest
from dsl.read.layout import Chunk
from dsl.read.signs import HOLE, LETTER, NAME
from dsl.read.words import SCENES

PLACES = ("scenario", "person", "mail")
"""In what a line stands: the scenario itself, its `contact` block, or below `expect send`."""

EXAMPLES = {
    "flow": "`flow abandoned_cart`",
    "contact": '`contact`, with indented lines such as `first_name "Anna"` and `agreed to news`',
    "choose": "`choose discount of incentive`",
    "at": "`at 2026-03-02 10:00 order_placed with total 49.90 EUR`",
    "after": "`after 1 hour expect send reminder` or `after 2 days opens reminder`",
    "opens": "`opens reminder`",
    "clicks": '`clicks reminder` or `clicks reminder link "https://kafija.example/offer"`',
    "withdraws": "`withdraws news`",
    "set": '`set contact.city to "Riga"`',
    "start": "`start flow welcome`",
    "event": '`order_placed with total 49.90 EUR, items [(sku "a1", quantity 2)]` or '
    "`order_placed late by 2 days`",
    "expect": "`expect send reminder`, `expect no send`, `expect 2 emails`, `expect left` or "
    '`expect contact.city is "Riga"`',
    "expect skipped": "`expect skipped reminder because topic_cap`",
    "expect arm": "`expect arm discount of incentive`",
    "expect in": "`expect in reminder`",
    "expect finished": "`expect finished` or `expect finished as bought`",
    "expect send": '`expect send reminder`, with lines such as `subject contains "Anna"` indented below',
    "person line": '`first_name "Anna"`, `agreed to news` or `tagged "friend"`',
    "mail line": '`subject contains "Anna"` or `text contains "https://kafija.example"`',
}
"""A line of each kind as it should read."""

SYNONYMS = {
    **dict.fromkeys(("then", "should", "expects", "expected", "assert", "verify", "check"), "expect"),
    **dict.fromkeys(("send", "sends", "mail", "email", "gets", "receives"), "expect send"),
    **dict.fromkeys(("wait", "waits", "later", "sleep", "in"), "after"),
    **dict.fromkeys(("on", "when", "given"), "at"),
    **dict.fromkeys(("open", "opened"), "opens"),
    **dict.fromkeys(("click", "clicked"), "clicks"),
    **dict.fromkeys(("withdraw", "unsubscribe", "unsubscribes"), "withdraws"),
    **dict.fromkeys(("person", "profile", "customer", "who"), "contact"),
    **dict.fromkeys(("pick", "select", "take"), "choose"),
}
"""Words that other tools have for the lines of a scenario."""

_TIME = re.compile(r"(at +\d+-\d+-\d+ +\d+:\d+|after( +\d+ *[a-z]+)+?(?=,| +(?!\d)|$)) *")
_WORD = re.compile(NAME)
_DOUBLED = re.compile(r"(then|and|should) +(?=expect\b|at\b|after\b)")
_LENGTH = r"\d+ *(?:minute|hour|day|week|month|year)s?\b"
_LATER = re.compile(rf"({_LENGTH}(?: +{_LENGTH})*) +later\b")
_TURNED = re.compile(rf"(expect .+?) +(after +{_LENGTH}(?: +{_LENGTH})*|at +\d+-\d+-\d+ +\d+:\d+)")
_EXPECTED = (
    (
        re.compile(rf"expect +(?:not +(?:to +)?sends?|no +(?:e?mail|sends?|message)) +(?={LETTER})"),
        "expect no send ",
    ),
    (
        re.compile(rf"expect +(?:an? +)?(?:to +send|e?mail|sends|sending|message) +(?={LETTER})"),
        "expect send ",
    ),
)
_JOINED = re.compile(
    r"(?:subscribe[sd]?|agree[sd]?|sign(?:s|ed)? +up|opts +in|joins)(?: +(?:to|for))?"
    rf'(?! +(?:with|late|to|for)\b) +"?({NAME})"? *$'
)
_PARTED = re.compile(rf'unsubscribe[sd]? +from +"?({NAME})"? *$')
_TOPICS = (
    (_JOINED, 'subscribed with topic "{}"', "This event says of which topic with a value."),
    (_PARTED, "withdraws {}", "A withdrawal has another word."),
)
_NOT = re.compile(r"expect +not +(?=(?:in|left|finished|arm|skipped|\d+ +(?:e?mails?))\b)")
NOT_EXPECTED = "An expectation says what is so; only mails are expected not to come."
"""What is wrong with `expect not left`."""
_VALUE = re.compile(rf'{NAME} +(?:"|\d|\[|yes\b|no\b)')
_SIGN = re.compile(r"(==?|:|is\b|to\b) *")


def diagnose_scene(chunk: Chunk, index: int, column: int, place: str) -> tuple[Finding, Mend | None]:
    """The finding for a logical line that the grammar could not read from `column` on, and how to read it all
    the same. `place` is one of `PLACES`."""
    logical = chunk.lines[index]
    if found := (_of_scenario if place == "scenario" else _of_block)(chunk, index, column):
        return found
    if miss := near_miss(logical.text, column, place):
        span = chunk.span(index, miss.start, miss.end)
        return error(miss.code, span, miss.message, miss.help), Mend(miss.start, miss.end, miss.instead)
    example = EXAMPLES[_kind(logical.words, place)]
    rest = logical.text[column:].rstrip(" ").replace(HOLE, "")
    if not rest.strip():
        end = len(logical.text)
        span = chunk.span(index, max(end - 1, 0), end)
        if logical.words.endswith(","):
            help = "Write the rest behind it; a line may break within `[ ]` and in front of `with`."
            return error("E101", span, "This line ends with a comma.", help), None
        return error("E101", span, "This line ends too early.", f"Write it like {example}."), None
    shown = rest if len(rest) <= 40 else rest[:39] + "…"
    span = chunk.span(index, column, column + len(rest))
    return error(
        "E101", span, f"This line cannot be read from `{shown}` on.", f"Write it like {example}."
    ), None


def expect_instead(step: str) -> str:
    """The help for whoever expects that something is not so; `step` is one of the flow."""
    return f"Say what is so instead, as in `expect in {step}` or `expect finished`."


def opener(chunk: Chunk, index: int) -> str:
    """How a line of a scenario reads that has the block below it that this one has; a hole if it is one that
    never has a block."""
    words = chunk.lines[index].words
    if len(words.split()) > 2 and not re.search(r"\bexpects?\b", words):
        return HOLE
    about_a_mail = re.match(r"(subject|text|body)\b", chunk.lines[index + 1].words)
    return f"expect send {HOLE}" if about_a_mail else "contact"


def wrong_opener(chunk: Chunk, index: int) -> tuple[Finding, str] | None:
    """The finding for a line with a block below it that is no line with a block, and how to read it; None for
    one that begins as lines of a scenario do."""
    logical = chunk.lines[index]
    start = logical.indent + _prefix(logical.words)
    first = (_WORD.match(logical.text, start) or [""])[0]
    meant = opener(chunk, index)
    if not first or first in SCENES or meant == HOLE:
        return None
    kind = "expect send" if meant.startswith("expect") else "contact"
    span = chunk.span(index, start, start + len(first))
    message = f"`{first}` begins no line with lines below it."
    return error("E102", span, message, f"Write `{kind}`, as in {EXAMPLES[kind]}."), meant


def _kind(words: str, place: str) -> str:
    """Which example a line is measured by."""
    if place != "scenario":
        return f"{place} line"
    behind = words[_prefix(words) :] or words
    first = (_WORD.match(behind) or [""])[0]
    if first == "expect":
        second = " ".join(behind.split()[:2])
        return second if second in EXAMPLES else "expect"
    return first if first in EXAMPLES else "event"


def _prefix(words: str) -> int:
    """How long the time is that stands in front of a line."""
    found = _TIME.match(words)
    return found.end() if found else 0


def _of_scenario(chunk: Chunk, index: int, column: int) -> tuple[Finding, Mend | None] | None:
    logical = chunk.lines[index]
    words, indent = logical.words, logical.indent
    start = indent + _prefix(words)
    if start > indent and not logical.text[start:].strip():
        return _alone(chunk, index, words), None
    if waits := re.fullmatch(rf"(?:wait|sleep|pause) +({_LENGTH}(?: +{_LENGTH})*)", words):
        return _alone(chunk, index, f"after {waits.group(1)}"), None
    behind = logical.text[start:]
    if later := _LATER.match(words):
        return _instead(
            chunk,
            index,
            (indent, indent + later.end()),
            "E111",
            "A time stands behind its word.",
            f"after {later.group(1)}",
        )
    if start == indent and (turned := _TURNED.fullmatch(words)):
        message = "The time stands in front of what is expected."
        whole = (indent, indent + len(words))
        return _instead(chunk, index, whole, "E111", message, f"{turned[2]} {turned[1]}")
    if comma := re.match(r", *", behind):
        return _leave_out(chunk, index, start, start + len(comma.group()), "No comma stands here.")
    if doubled := _DOUBLED.match(behind):
        message = f"`{doubled.group(1)}` begins no line of a scenario."
        return _leave_out(chunk, index, start, start + doubled.end(), message)
    for pattern, right, message in _TOPICS:
        if found := pattern.match(behind):
            place = (start, start + found.end())
            return _instead(chunk, index, place, "E111", message, right.format(found[1]))
    if negated := _NOT.match(behind):
        place = (start, start + negated.end())
        return _instead(chunk, index, place, "E111", NOT_EXPECTED, "expect ", expect_instead("reminder"))
    for pattern, right in _EXPECTED:
        if found := pattern.match(behind):
            place = (start, start + found.end())
            return _instead(chunk, index, place, "E111", "This expectation has other words.", right)
    first = (_WORD.match(behind) or [""])[0]
    if first not in SCENES and column > start and (close := _meant(first, behind)):
        message = f"`{first}` begins no line of a scenario."
        help = f"Write `{close}`, as in {EXAMPLES[close]}."
        return _instead(chunk, index, (start, start + len(first)), "E102", message, close, help)
    if first and first not in SCENES and _VALUE.match(logical.text[column:]) and " with " not in behind:
        finding = error(
            "E111",
            chunk.span(index, column, column + 1),
            "A word is missing before what the event holds.",
            "Write `with`.",
        )
        return finding, Mend(column, column, "with ")
    if not first and column <= start:
        shown = behind.split(" ")[0][:20]
        span = chunk.span(index, start, start + max(len(shown), 1))
        listed = ", ".join(f"`{each}`" for each in SCENES)
        help = f"A line here begins with an event, or with one of {listed}."
        return error("E102", span, f"`{shown}` begins no line of a scenario.", help), None
    return _sign(chunk, index, column) if " with " in behind else None


def _meant(first: str, behind: str) -> str | None:
    """The word of a scenario that somebody meant who wrote `first`; events may be called anything."""
    if close := SYNONYMS.get(first.casefold()):
        return close
    return nearest(first, SCENES) if not re.match(rf"{NAME} +(late|with)\b", behind) else None


def _of_block(chunk: Chunk, index: int, column: int) -> tuple[Finding, Mend | None] | None:
    """A line about the contact, or about the words of a mail."""
    logical = chunk.lines[index]
    words, indent = logical.words, logical.indent
    agreed = re.match(r"(agrees|agreed|consented|consents|subscribed|subscribes)( +to)?\b", words)
    if agreed and agreed.group() != "agreed to":
        place = (indent, indent + agreed.end())
        return _instead(chunk, index, place, "E111", "An agreement has other words.", "agreed to ")
    if tag := re.match(r'has +tag +(?=")', words):
        place = (indent, indent + tag.end())
        return _instead(chunk, index, place, "E111", "A tag is told in one word.", "tagged ")
    return _sign(chunk, index, column)


def _sign(chunk: Chunk, index: int, column: int) -> tuple[Finding, Mend | None] | None:
    """A sign or word between a name and its value."""
    text = chunk.lines[index].text
    before = re.search(r"\b(is|to) +$", text[:column])
    sign = _SIGN.match(text, column)
    if before or sign:
        start, end = before.span() if before else (column, sign.end() if sign else column)
        return _leave_out(chunk, index, start, end, "A value stands right behind its name.")
    return None


def _alone(chunk: Chunk, index: int, time: str) -> Finding:
    return error(
        "E601",
        chunk.whole(index),
        "This line sets the time, and nothing happens in it.",
        f"Write `{time}` in front of the line below, on the same line.",
    )


def _instead(
    chunk: Chunk, index: int, place: tuple[int, int], code: str, message: str, right: str, help: str = ""
) -> tuple[Finding, Mend]:
    span = chunk.span(index, place[0], place[0] + len(chunk.lines[index].text[slice(*place)].rstrip(" ")))
    return error(code, span, message, help or f"Write `{right.strip()}`."), Mend(*place, right)


def _leave_out(chunk: Chunk, index: int, start: int, end: int, message: str) -> tuple[Finding, Mend]:
    finding = error("E111", chunk.span(index, start, max(end - 1, start + 1)), message, "Leave it out.")
    return finding, Mend(start, end, "")
