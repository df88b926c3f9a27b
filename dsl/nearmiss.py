"""Spellings that come from other places (a spreadsheet, a word processor, a programming language)."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from dsl.foreign_conditions import CONDITIONS
from dsl.foreign_numbers import LENGTHS, NUMBERS, Pattern, arm_of
from dsl.foreign_values import several_at
from dsl.signs import NAME, PATH, SIGN, STRING

_STRING = re.compile(STRING)
_COMMENT = re.compile(r"(?://|--|/\*)+ *([^\s*/][^*/]*)?(?:\*/)? *$")
_ABOVE = ("more", "greater", "higher", "larger", "bigger")
_BELOW = ("less", "lower", "smaller", "cheaper", "fewer")
_WORDS = {
    "=": "is",
    "==": "is",
    "===": "is",
    "!=": "is not",
    "<>": "is not",
    "≠": "is not",
    "&&": "and",
    "&": "and",
    "||": "or",
    "|": "or",
    "!": "not",
    "≥": ">=",
    "=>": ">=",
    "≤": "<=",
    "=<": "<=",
}


@dataclass(frozen=True, slots=True)
class NearMiss:
    """What stands in columns `start` to before `end` and what to write `instead`."""

    code: str
    start: int
    end: int
    message: str
    help: str
    instead: str


def near_miss(text: str, column: int, place: str) -> NearMiss | None:
    """The foreign spelling that stands at `column` of a line, if one does. `place` says in what the line
    stands, as in `dsl.faults.diagnose`."""
    words = text.strip()
    if place == "split" and (arm := arm_of(words)) not in ("", words):
        start = text.index(words)
        help = f"Write `{arm}`."
        message = "An arm begins with its share in percent."
        return NearMiss("E112", start, start + len(words), message, help, arm)
    if comment := _COMMENT.match(text, column):
        help = f"Write `# {(comment[1] or '…').strip()}`."
        return NearMiss("E111", column, comment.end(), "A comment begins with `#`.", help, "")
    if several := several_at(text, column):
        start, end, listed = several
        message = "What it may be stands in one list."
        return NearMiss("E111", start, end, message, f"Write `{listed}`.", listed)
    bare = _STRING.sub(lambda found: "\x00" * len(found.group()), text)
    for code, pattern, mend in _PATTERNS:
        for found in pattern.finditer(bare):
            if found.start() <= column < max(found.end(), found.start() + 1):
                message, instead = mend(found)
                if instead == found.group():
                    continue  # it is right here, and something else is not
                help = f"Write `{instead.strip()}`." if instead else "Leave it out."
                return NearMiss(code, found.start(), found.end(), message, help, instead)
    return None


def _operator(found: re.Match[str]) -> tuple[str, str]:
    word = _WORDS[found.group()]
    return f"`{found.group()}` is no sign of this language.", word + (" " if found.group() == "!" else "")


def _date(found: re.Match[str]) -> tuple[str, str]:
    day, month, year = found.groups()
    if int(month) > 12 >= int(day):
        day, month = month, day
    return "A date is written year first.", f"{year}-{month.zfill(2)}-{day.zfill(2)}"


def _time(found: re.Match[str]) -> tuple[str, str]:
    hour = int(found.group(1)) % 12 + (12 if found.group(3).lower() == "pm" else 0)
    return "A time is written with 24 hours.", f"{hour:02}:{found.group(2) or '00'}"


def _point_time(found: re.Match[str]) -> tuple[str, str]:
    return (
        "A time is written with a colon.",
        f"{found.group(1)} {found.group(2).zfill(2)}:{found.group(3) or '00'}",
    )


def _hyphen(found: re.Match[str]) -> tuple[str, str]:
    name = found.group().replace("-", "_")
    of_environment = found.string[: found.start()].rstrip().endswith("secret env")
    return "A name has no hyphen.", name.upper() if of_environment else name


def _quotes(found: re.Match[str]) -> tuple[str, str]:
    return "A text stands in straight double quotes.", f'"{found.group(1)}"'


def _count(found: re.Match[str]) -> tuple[str, str]:
    number = ("one", "two", "three", "four", "five").index(found.group(1)) + 1
    return "Numbers are written in digits.", f"at most {number}"


def _compared(found: re.Match[str]) -> tuple[str, str]:
    sign = ">" if found.group(2) in _ABOVE else "<"
    return "A comparison is written with its sign.", f"{found.group(1)} {sign} {found.group(3)}"


def _weekday(found: re.Match[str]) -> tuple[str, str]:
    at = " at" if found.group().endswith("at") else ""
    return "What comes again comes `every` so often.", f"start every {found.group(1)}{at}"


def _rounds(found: re.Match[str]) -> tuple[str, str]:
    return "Rounds are counted up to a number.", f"repeat up to {found.group(1)}"


def _span(found: re.Match[str]) -> tuple[str, str]:
    return "From one time `to` another.", f"{found.group(1)} to {found.group(2)}"


def _reordered(template: str, message: str) -> Callable[[re.Match[str]], tuple[str, str]]:
    """The words found, put in the order of `template`."""
    return lambda found: (message, found.expand(template))


def _plain(message: str, instead: str) -> Callable[[re.Match[str]], tuple[str, str]]:
    return lambda _: (message, instead)


_PATTERNS: tuple[Pattern, ...] = (
    ("E113", re.compile(r"(?<!\d)[“”„‟«»‘’‚']([^“”„‟«»‘’‚'\"\x00￼]*)[“”„‟«»‘’‚'\"]"), _quotes),
    *NUMBERS,
    ("E112", re.compile(r"\b(\d{1,2})[./](\d{1,2})[./](\d{4})\b"), _date),
    ("E112", re.compile(r"\b(\d{1,2})(?::(\d{2}))? ?(am|pm|AM|PM)\b"), _time),
    ("E112", re.compile(r"\b(at) +(\d{1,2})(?:[.](\d{2}))?(?![\d:.-])"), _point_time),
    *LENGTHS,
    *CONDITIONS,
    ("E111", re.compile(r"===?|!=|<>|=>|=<|&&?|\|\|?|[≠≥≤]|!|="), _operator),
    ("E111", re.compile(r":(?= |$)"), _plain("No colon stands here.", "")),
    ("E114", re.compile(rf"{NAME}(?:-{SIGN}+)+"), _hyphen),
    ("E111", re.compile(r"\bin +the +last\b"), _plain("`in the last` has a word too many.", "in last")),
    (
        "E111",
        re.compile(
            rf"({PATH}) +is +({'|'.join((*_ABOVE, *_BELOW))}) +than +((?:{SIGN}|\.)+(?: +[A-Z]{{3}}\b)?)"
        ),
        _compared,
    ),
    (
        "E111",
        re.compile(r"\bgreater +than\b|\bmore +than\b"),
        _plain("A comparison is written with its sign.", ">"),
    ),
    ("E111", re.compile(r"\bless +than\b"), _plain("A comparison is written with its sign.", "<")),
    ("E111", re.compile(r"\bleave +if\b"), _plain("A flow is left `when` something holds.", "leave when")),
    (
        "E111",
        re.compile(r"\brepeat +(\d+)"),
        _rounds,
    ),
    (
        "E111",
        re.compile(r"\bunsubscribe +(?!from\b)(?=\w)"),
        _plain("A word is missing.", "unsubscribe from "),
    ),
    ("E111", re.compile(r"\badd +(?=\x00)"), _plain("A word is missing.", "add tag ")),
    ("E111", re.compile(r"\bremove +(?=\x00)"), _plain("A word is missing.", "remove tag ")),
    ("E111", re.compile(r"\bat +most +(one|two|three|four|five)\b"), _count),
    (
        "E111",
        re.compile(r"(?:(?<=email )|(?<=emails ))an? +(day|week|month)\b"),
        _reordered(r"per \1", "A limit is counted `per` something."),
    ),
    ("E111", re.compile(r"\bquiet +from\b"), _plain("`quiet from` has a word too many.", "quiet")),
    ("E111", re.compile(r"\bvalid +for\b"), _plain("`valid for` has a word too many.", "valid")),
    ("E111", re.compile(r"(\d\d?:\d\d) *[-–] *(\d\d?:\d\d)"), _span),
    ("E111", re.compile(r"(?<![, ]) +else +wait\b"), _plain("A comma is missing.", ", else wait")),
    ("E111", re.compile(r"\belse +wait +(?!up\b)"), _plain("A wait is `up to` a time.", "else wait up to ")),
    (
        "E111",
        re.compile(r",? +or +wait\b( +up +to\b)?"),
        _plain("Say what `else` to do.", ", else wait up to"),
    ),
    (
        "E111",
        re.compile(r"\bstart +(?:daily|each +day)\b"),
        _plain("What comes again comes `every` so often.", "start every day"),
    ),
    (
        "E111",
        re.compile(r"\bstart +(?:weekly|(?:every|each) +week)( +on)?\b(?! +[a-z]+day)"),
        _plain("A week has seven days; say on which.", "start every monday"),
    ),
    (
        "E111",
        re.compile(r"\bstart +(?:weekly|every +week|each +week)? *(?:on|each) +([a-z]+day)s?(?: +at)?\b"),
        _weekday,
    ),
    (
        "E111",
        re.compile(r"\bstart +monthly\b"),
        _plain("A month has many days; say on which.", "start every month on day 1"),
    ),
    (
        "E111",
        re.compile(r"\bevery +month +on +(?:the +)?(\d\d?)(?:st|nd|rd|th|\.)?(?= |$)"),
        _reordered(r"every month on day \1", "The day of a month is told by its number."),
    ),
    (
        "E111",
        re.compile(r"\bstart +at +(\d\d?:\d\d) +every +([a-z]+)\b"),
        _reordered(r"start every \2 at \1", "The day comes before the time."),
    ),
    (
        "E111",
        re.compile(r"\bstart +(?:on|at) +(\d{4}-\d\d-\d\d)(?: +at)? +(\d\d?:\d\d)"),
        _reordered(r"start at \1 \2", "The moment of a start stands behind `at`."),
    ),
    (
        "E111",
        re.compile(rf"\bstart +on +date +(\d+ +[a-z]+) +(before|after) +(contact\.{NAME})( +every +year\b)?"),
        _reordered(r"start on date \3\4 \1 \2", "The date comes before the time from it."),
    ),
    (
        "E466",
        re.compile(r"\bstart +(?:on|at) +(\d{4}-\d\d-\d\d)(?! *[\d:])"),
        _reordered(r"start at \1 09:00", "This start does not say at what time of the day."),
    ),
    (
        "E111",
        re.compile(r"\bstart +(?:manually|(?:by|via|through|on) +(?:the +)?(?:api|API|hand|demand))\b"),
        _plain("What others ask for comes by request.", "start by request"),
    ),
    (
        "E111",
        re.compile(r"\btime *zone +(?:of +the +|is +|of +)?contact(?:'s)?\b"),
        _plain("The clock is that `of` the contact.", "time zone of contact"),
    ),
    (
        "E112",
        re.compile(r"\b(holdout) +(\d+(?:\.\d+)?)(?![\d.]| *%)(?: +percent\b)?"),
        _reordered(r"\1 \2%", "A share is told in percent."),
    ),
    (
        "E111",
        re.compile(r"\b(?:hold +out|control +group|control)\b(?= +\d)"),
        _plain("Who takes no step is held out.", "holdout"),
    ),
    (
        "E111",
        re.compile(r"\bwait +(?:for|until) +(?:the +)?best +(?:time|hour|moment)\b"),
        _plain("The best time is waited `for`.", "wait for best time"),
    ),
    (
        "E111",
        re.compile(r"\b(?:(?:keep|pick|choose|select) +(?:the +)?)?(?:winner|best) +(?:by|on)\b"),
        _plain("The winner is kept.", "keep winner by"),
    ),
    (
        "E111",
        re.compile(r"\b(?:optimi[sz]e|learn|bandit|adapt) +(?:by|for|on|to)\b"),
        _plain("The shares adapt.", "adapt by"),
    ),
    (
        "E111",
        re.compile(r"\bafter +(\d+)(?: +(?:people|users|customers|subscribers|recipients|e?mails))"),
        _reordered(r"after \1 contacts", "People are called contacts."),
    ),
    (
        "E111",
        re.compile(r"\bsecret +\x00+"),
        _plain("The key itself does not stand here.", "secret env CRM_SECRET"),
    ),
    (
        "E111",
        re.compile(r"\bsecret +(?!env )(?:key +|variable +|env\.)?(\w+)"),
        _reordered(r"secret env \1", "The key is named by its environment variable."),
    ),
    (
        "E111",
        re.compile(r"\bcodes? +(?:(?:from|in|of) +)?(?:file +)?(?=\x00)"),
        _plain("Listed codes come `from` a file.", "codes from "),
    ),
    (
        "E111",
        re.compile(r"\b(emails?) +(?:in|every|within|each) +(?=\d|day|week|month)"),
        _reordered(r"\1 per ", "A limit is counted `per` something."),
    ),
    ("E111", re.compile(r"\bequals\b"), _plain("`equals` is no word of this language.", "is")),
)
