"""Spellings that come from other places (a spreadsheet, a word processor, a programming language)."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from dsl.layout import STRING

_STRING = re.compile(STRING)
_SIGNS = {"€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY"}
_UNITS = {"m": "minute", "h": "hour", "d": "day", "w": "week", "mo": "month", "y": "year"}
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


def near_miss(text: str, column: int) -> NearMiss | None:
    """The foreign spelling that stands at `column` of a line, if one does."""
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


def _comma(found: re.Match[str]) -> tuple[str, str]:
    return "A number has a point, not a comma.", found.group().replace(",", ".")


def _digits(found: re.Match[str]) -> tuple[str, str]:
    instead = "".join(str(int(sign)) if sign.isdecimal() else sign for sign in found.group())
    return "Numbers are written with the digits 0 to 9.", instead


def _sign(found: re.Match[str]) -> tuple[str, str]:
    number = (found.group(2) or found.group(3)).replace(",", ".")
    sign = found.group(1) or found.group(4)
    return "An amount is written with its three-letter currency behind it.", f"{number} {_SIGNS[sign]}"


def _currency(found: re.Match[str]) -> tuple[str, str]:
    word = found.group(2).upper()
    return (
        "A currency is written in three capital letters.",
        f"{found.group(1)} {'EUR' if word[:3] == 'EUR' else word}",
    )


def _date(found: re.Match[str]) -> tuple[str, str]:
    day, month, year = found.group(1), found.group(2), found.group(3)
    return "A date is written year first.", f"{year}-{month.zfill(2)}-{day.zfill(2)}"


def _time(found: re.Match[str]) -> tuple[str, str]:
    hour = int(found.group(1)) % 12 + (12 if found.group(3).lower() == "pm" else 0)
    return "A time is written with 24 hours.", f"{hour:02}:{found.group(2) or '00'}"


def _point_time(found: re.Match[str]) -> tuple[str, str]:
    return (
        "A time is written with a colon.",
        f"{found.group(1)} {found.group(2).zfill(2)}:{found.group(3) or '00'}",
    )


def _unit(found: re.Match[str]) -> tuple[str, str]:
    unit = _UNITS[found.group(2)[0] if found.group(2)[:2] != "mo" else "mo"]
    plural = "" if found.group(1) == "1" else "s"
    return "A length of time is written with whole words.", f"{found.group(1)} {unit}{plural}"


def _hyphen(found: re.Match[str]) -> tuple[str, str]:
    return "A name has no hyphen.", found.group().replace("-", "_")


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


def _per(found: re.Match[str]) -> tuple[str, str]:
    return "A limit is counted `per` something.", f"per {found.group(1)}"


def _span(found: re.Match[str]) -> tuple[str, str]:
    return "From one time `to` another.", f"{found.group(1)} to {found.group(2)}"


def _share(found: re.Match[str]) -> tuple[str, str]:
    return "A share stands in arms, holdouts and coupons only.", f"{Decimal(found.group(1)) / 100:f}"


def _reordered(template: str, message: str) -> Callable[[re.Match[str]], tuple[str, str]]:
    """The words found, put in the order of `template`."""
    return lambda found: (message, found.expand(template))


def _plain(message: str, instead: str) -> Callable[[re.Match[str]], tuple[str, str]]:
    return lambda _: (message, instead)


_PATTERNS: tuple[tuple[str, re.Pattern[str], Callable[[re.Match[str]], tuple[str, str]]], ...] = (
    ("E113", re.compile(r"[“”„‟«»‘’‚']([^“”„‟«»‘’‚'\"\x00￼]*)[“”„‟«»‘’‚'\"]"), _quotes),
    ("E112", re.compile(r"(?:\d+-\d+-\d+ +)?(?:\d+[.:,-])*\d*[^\W\D0-9]\d*(?:[.:,-]\d+)*"), _digits),
    ("E112", re.compile(r"([€$£¥]) *(\d+(?:[.,]\d+)?)()()"), _sign),
    ("E112", re.compile(r"()()(\d+(?:[.,]\d+)?) *([€$£¥])"), _sign),
    ("E112", re.compile(r"\b(\d{1,2})[./](\d{1,2})[./](\d{4})\b"), _date),
    ("E112", re.compile(r"\b(\d{1,2})(?::(\d{2}))? ?(am|pm|AM|PM)\b"), _time),
    ("E112", re.compile(r"\b(at) +(\d{1,2})(?:[.](\d{2}))?(?![\d:.-])"), _point_time),
    ("E112", re.compile(r"\b\d+,\d+\b"), _comma),
    ("E112", re.compile(r"\b(\d+(?:\.\d+)?) *%"), _share),
    ("E112", re.compile(r"\b(\d+(?:\.\d+)?) *((?:eur|usd|gbp|sek|uzs|euros?|Euros?)\b)"), _currency),
    ("E112", re.compile(r"\b(\d+) *(mins?|hrs?|h|m|d|wks?|w|mos?|yrs?|y)\b"), _unit),
    ("E111", re.compile(r"===?|!=|<>|=>|=<|&&?|\|\|?|[≠≥≤]|!|="), _operator),
    ("E111", re.compile(r":(?= |$)"), _plain("No colon stands here.", "")),
    ("E114", re.compile(r"[^\W\d]\w*(?:-\w+)+"), _hyphen),
    ("E111", re.compile(r"\bin +the +last\b"), _plain("`in the last` has a word too many.", "in last")),
    (
        "E111",
        re.compile(rf"([\w.]+) +is +({'|'.join((*_ABOVE, *_BELOW))}) +than +([\w.]+(?: +[A-Z]{{3}}\b)?)"),
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
    ("E111", re.compile(r"\ba +(day|week|month)\b"), _per),
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
        re.compile(r"\bstart +on +date +(\d+ +[a-z]+) +(before|after) +(contact\.\w+)( +every +year\b)?"),
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
