"""Spellings that come from other places (a spreadsheet, a word processor, a programming language)."""

import re
from dataclasses import dataclass

from dsl.faults.foreign_conditions import CONDITIONS
from dsl.faults.foreign_lines import LINES
from dsl.faults.foreign_numbers import LENGTHS, NUMBERS, Pattern, arm_of, said
from dsl.meaning.foreign_values import several_at
from dsl.read.signs import NAME, PATH, SIGN, STRING

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
    stands, as in `dsl.faults.diagnosis.diagnose`."""
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


_PATTERNS: tuple[Pattern, ...] = (
    ("E113", re.compile(r"(?<!\d)[“”„‟«»‘’‚']([^“”„‟«»‘’‚'\"\x00￼]*)[“”„‟«»‘’‚'\"]"), _quotes),
    *NUMBERS,
    ("E112", re.compile(r"\b(\d{1,2})[./](\d{1,2})[./](\d{4})\b"), _date),
    ("E112", re.compile(r"\b(\d{1,2})(?::(\d{2}))? ?(am|pm|AM|PM)\b"), _time),
    ("E112", re.compile(r"\b(at) +(\d{1,2})(?:[.](\d{2}))?(?![\d:.-])"), _point_time),
    *LENGTHS,
    *CONDITIONS,
    ("E111", re.compile(r"===?|!=|<>|=>|=<|&&?|\|\|?|[≠≥≤]|!|="), _operator),
    ("E111", re.compile(r":(?= |$)"), said("", "No colon stands here.")),
    ("E114", re.compile(rf"{NAME}(?:-{SIGN}+)+"), _hyphen),
    (
        "E111",
        re.compile(
            rf"({PATH}) +is +({'|'.join((*_ABOVE, *_BELOW))}) +than +((?:{SIGN}|\.)+(?: +[A-Z]{{3}}\b)?)"
        ),
        _compared,
    ),
    ("E111", re.compile(r"\bat +most +(one|two|three|four|five)\b"), _count),
    *LINES,
    (
        "E466",
        re.compile(r"\bstart +(?:on|at) +(\d{4}-\d\d-\d\d)(?! *[\d:])"),
        said(r"start at \1 09:00", "This start does not say at what time of the day."),
    ),
    (
        "E112",
        re.compile(r"\b(holdout) +(\d+(?:\.\d+)?)(?![\d.]| *%)(?: +percent\b)?"),
        said(r"\1 \2%", "A share is told in percent."),
    ),
)
