"""Numbers, amounts, shares and lengths of time as they are written elsewhere."""

import re
import unicodedata
from collections.abc import Callable
from decimal import Decimal

from dsl.read.literals import in_smaller_units
from dsl.read.signs import NAME, SIGN

Reading = Callable[[re.Match[str]], tuple[str, str]]
"""From what was found to what is wrong with it and what to write instead."""
Pattern = tuple[str, re.Pattern[str], Reading]
"""A finding's code, what it looks like, and how it is read."""


def said(template: str, message: str) -> Reading:
    """What is wrong, and the `template` to write instead, with what was found in its groups."""
    return lambda found: (message, found.expand(template))


_SIGNS = {"€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY"}
_SHORT = {"m": "minute", "h": "hour", "d": "day", "w": "week", "mo": "month", "y": "year"}
_COUNTED = tuple("one two three four five six seven eight nine ten eleven twelve".split())
_UNIT = r"(?:minute|hour|day|week|month|year)"
_IN_DIGITS = "Numbers are written with the digits 0 to 9."
_MARKS = r"[,.'’ \u00a0\u202f]"
_THOUSANDS = re.compile(rf"([1-9]\d{{0,2}}(?:({_MARKS})\d{{3}})(?:\2\d{{3}})*)([.,]\d+)?")
_AMOUNT = rf"(?:[1-9]\d{{0,2}}(?:{_MARKS}\d{{3}})+(?!\d)(?:[.,]\d+)?|\d+(?:[.,]\d+)?)"


def _plain(written: str, money: bool = False) -> str:
    """A number without marks between its thousands and with a point before its decimals. `money`: it has no
    thousandths."""
    found = _THOUSANDS.fullmatch(written)
    if found is None or (found[2] == "." and not (found[3] or money or found[1].count(".") > 1)):
        return written.replace(",", ".")
    return "".join(re.findall(r"\d", found[1])) + (found[3] or "").replace(",", ".")


def _digits(found: re.Match[str]) -> tuple[str, str]:
    instead = "".join(str(int(sign)) if sign.isdecimal() else sign for sign in found.group())
    return _IN_DIGITS, instead


def _counting(found: re.Match[str]) -> tuple[str, str]:
    part = Decimal(f"{unicodedata.numeric(found.group(2)):.2f}").normalize()
    number = f"{Decimal(found.group(1) or 0) + part:f}"
    if found.group(3) and "." in number:
        return _IN_DIGITS, in_smaller_units(number, found.group(3))
    return _IN_DIGITS, number + found.group()[found.end(2) - found.start() :]


def _raised(found: re.Match[str]) -> tuple[str, str]:
    return "A name has letters, digits and `_`.", unicodedata.normalize("NFKC", found.group())


def _comma(found: re.Match[str]) -> tuple[str, str]:
    instead = _plain(found.group())
    if instead == found.group().replace(",", "."):
        return "A number has a point, not a comma.", instead
    return "A number has no marks between its thousands.", instead


def _sign(found: re.Match[str]) -> tuple[str, str]:
    number = _plain(found.group(2) or found.group(3), money=True)
    sign = found.group(1) or found.group(4)
    return (
        "An amount is written with its three-letter currency behind it.",
        f"{number} {_SIGNS.get(sign, sign)}",
    )


def _currency(found: re.Match[str]) -> tuple[str, str]:
    word = found.group(2).upper()
    return (
        "A currency is written in three capital letters.",
        f"{found.group(1)} {'EUR' if word[:3] == 'EUR' else word}",
    )


def _share(found: re.Match[str]) -> tuple[str, str]:
    return "A share stands in arms, holdouts and coupons only.", f"{Decimal(found.group(1)) / 100:f}"


def _unit(found: re.Match[str]) -> tuple[str, str]:
    unit = _SHORT[found.group(2)[0] if found.group(2)[:2] != "mo" else "mo"]
    plural = "" if found.group(1) == "1" else "s"
    return "A length of time is written with whole words.", f"{found.group(1)} {unit}{plural}"


def _large_unit(found: re.Match[str]) -> tuple[str, str]:
    return "A length of time is written in small letters.", found.group().lower()


def _fraction(found: re.Match[str]) -> tuple[str, str]:
    digits = f"{found.group(1)}.{found.group(2)}"
    return "A length of time is a whole number.", in_smaller_units(digits, found.group(3).removesuffix("s"))


def _joined(found: re.Match[str]) -> tuple[str, str]:
    return "The parts of a length of time stand side by side.", f"{found.group(1)} {found.group(2)}"


def _counted(found: re.Match[str]) -> tuple[str, str]:
    number = _COUNTED.index(found.group(1)) + 1
    return "Numbers are written in digits.", f"{number} {found.group(2)}"


def _single(found: re.Match[str]) -> tuple[str, str]:
    return "A length of time begins with a number.", f"1 {found.group(1)}"


NUMBERS: tuple[Pattern, ...] = (
    ("E114", re.compile(rf"(?![²³¹⁰-₉①-⑳])[^\W\d]{SIGN}*[²³¹⁰-₉①-⑳]{SIGN}*"), _raised),
    ("E112", re.compile(rf"(?:(\d+)(?=[¼-¾⅐-⅞]))?([¼-¾⅐-⅞①-⑳❶-➓])(?: *({_UNIT})s?\b)?"), _counting),
    ("E112", re.compile(r"(?:\d+-\d+-\d+ +)?(?:\d+[.:,-])*\d*[^\W\D0-9]\d*(?:[.:,-]\d+)*"), _digits),
    ("E112", re.compile(rf"([€$£¥]|\b(?!AND|NOT)[A-Z]{{3}}\b) *({_AMOUNT})(?![\w:-])()()"), _sign),
    ("E112", re.compile(rf"(?<![\d.,])()()({_AMOUNT}) *([€$£¥])"), _sign),
)
"""Signs that count, numbers of other scripts, and amounts with their currency's sign."""

LENGTHS: tuple[Pattern, ...] = (
    ("E115", re.compile(rf"(?<![\w.,])(\d+),(\d+) *({_UNIT}s?)\b"), _fraction),
    ("E112", re.compile(rf"(?<![\w.,])(\d+ *{_UNIT}s?) *(?:\band\b|[,&+]) *(\d+ *{_UNIT}s?)\b"), _joined),
    ("E112", re.compile(rf"(?<![\d.,]){_AMOUNT}"), _comma),
    ("E112", re.compile(r"\b(\d+(?:\.\d+)?) *%"), _share),
    ("E112", re.compile(r"\b(\d+(?:\.\d+)?) *((?:eur|usd|gbp|sek|uzs|euros?|Euros?)\b)"), _currency),
    ("E112", re.compile(r"\b(\d+) *(mins?|hrs?|h|m|d|wks?|w|mos?|yrs?|y)\b"), _unit),
    ("E112", re.compile(rf"\b\d+ *(?i:{_UNIT}s?)\b"), _large_unit),
    ("E112", re.compile(rf"\b({'|'.join(_COUNTED)}) +({_UNIT}s?|emails?)\b"), _counted),
    ("E112", re.compile(rf"(?<!email )(?<!emails )\ban? +({_UNIT})\b"), _single),
)
"""Decimals, thousands and percent, and lengths of time."""

_ARM = re.compile(rf"(\d+(?:\.\d+)?) *(?:percent\b|pct\b)? *:? *({NAME}) *:?")
_ARM_BEHIND = re.compile(rf"({NAME}) *:? *(\d+(?:\.\d+)?) *(?:percent|pct|%)? *:?")


def arm_of(words: str) -> str:
    """The arm of a split that a line means whose share has no `%` or stands behind its name; empty: none."""
    if found := _ARM.fullmatch(words):
        share, name = found.groups()
    elif found := _ARM_BEHIND.fullmatch(words):
        name, share = found.groups()
    else:
        return ""
    return f"{share}% {name}"
