"""Numbers, amounts, times and texts: from their spelling to their value, or to what is wrong with it."""

import re
from datetime import date
from decimal import Decimal
from functools import cache

from dsl.graph import Duration, Money

_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?) *([a-z]+)")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_DIGITS = 15
_SECONDS = {"minute": 60, "hour": 3600}
_DAYS = {"day": 1, "week": 7}
_MONTHS = {"month": 1, "year": 12}
_LONGEST_YEARS = 100


class Misspelt(Exception):
    """A literal that means nothing: what is wrong, and what to write instead."""

    def __init__(self, message: str, help: str) -> None:
        super().__init__(message)
        self.message = message
        self.help = help


@cache
def currencies() -> frozenset[str]:
    """The codes of ISO 4217."""
    from babel.core import get_global

    return frozenset(get_global("all_currencies"))


def _places(currency: str) -> int:
    """The digits behind the point of a currency's amounts (CLDR)."""
    from babel.core import get_global

    fractions = get_global("currency_fractions")
    return int(fractions.get(currency, fractions["DEFAULT"])[0])


def number(text: str) -> Decimal:
    """The value of `3` or `2.5`. Raises `Misspelt`."""
    if len(text) > _DIGITS:
        raise Misspelt(f"This number has more than {_DIGITS} digits.", "Write a smaller one.")
    return Decimal(text)


def percent(text: str) -> Decimal:
    """The value of `45%`, 45. Raises `Misspelt`."""
    value = number(text.rstrip("% "))
    if not 0 <= value <= 100:
        raise Misspelt("A share is at most 100%.", "Write a share from 0% to 100%.")
    return value


def money(text: str, default: str) -> Money:
    """The value of `49.90 EUR`. Raises `Misspelt`; `default` is the project's currency."""
    digits = re.match(r"[0-9.]+", text)
    assert digits
    amount, currency = number(digits.group()), text[digits.end() :].strip()
    if currency != default and currency not in currencies():
        guess = currency[:3] if currency[:3] in currencies() else default
        raise Misspelt(f"`{currency}` is no currency.", f"Write `{amount} {guess}`.")
    places, written = _places(currency), len(digits.group().partition(".")[2])
    if written > places:  # `1.000 EUR` is a thousand to half of Europe, and one to the other half
        rounded, whole = amount.quantize(Decimal(1).scaleb(-places)), digits.group().replace(".", "")
        raise Misspelt(
            f"An amount in {currency} has at most {places} digits behind the point.",
            f"Write `{rounded} {currency}`, or without a point `{whole} {currency}`.",
        )
    return Money(amount, currency)


def time(text: str) -> str:
    """`HH:MM` as it is. Raises `Misspelt`."""
    hour, _, minute = text.partition(":")
    if len(hour) > 2 or len(minute) != 2 or int(hour) > 23 or int(minute) > 59:
        raise Misspelt(f"There is no time {text[:12]}.", "Write a time from `00:00` to `23:59`.")
    if len(hour) == 1:
        raise Misspelt("A time has two digits for the hour.", f"Write `0{text}`.")
    return text


def day(text: str) -> date:
    """The value of `2026-12-24`. Raises `Misspelt`."""
    year, month, number_ = text.split("-")
    if (len(year), len(month), len(number_)) != (4, 2, 2):
        if len(year) == 4 and len(month) <= 2 and len(number_) <= 2:
            raise Misspelt(
                "A date has two digits for month and day.",
                f"Write `{year}-{month.zfill(2)}-{number_.zfill(2)}`.",
            )
        raise Misspelt("A date is written year first.", "Write it like `2026-12-24`.")
    try:
        return date(int(year), int(month), int(number_))
    except ValueError:
        raise Misspelt(f"There is no day {text}.", "Write a day that the calendar has.") from None


def moment(text: str) -> str:
    """The value of `2026-12-24 09:00`, `2026-12-24T09:00`. Raises `Misspelt`."""
    date_part, _, time_part = text.partition(" ")
    on = day(date_part).isoformat()
    if re.fullmatch(r"[0-9]:[0-9]{2}", hour := time_part.strip()):
        raise Misspelt("A time has two digits for the hour.", f"Write `{on} 0{hour}`.")
    return f"{on}T{time(hour)}"


def duration(text: str) -> Duration:
    """The value of `1 day 12 hours`: calendar months, days, and elapsed seconds. Raises `Misspelt`."""
    months = days = seconds = 0
    for digits, word in _PART.findall(text):
        unit = word.removesuffix("s")
        if "." in digits:
            raise Misspelt(
                "A length of time is a whole number.", f"Write `{in_smaller_units(digits, unit)}`."
            )
        count = int(number(digits))
        if count == 0:
            raise Misspelt("A length of time is at least 1.", f"Write `1 {unit}` or leave the line out.")
        months += count * _MONTHS.get(unit, 0)
        days += count * _DAYS.get(unit, 0)
        seconds += count * _SECONDS.get(unit, 0)
    if months + days / 30 + seconds / 2_592_000 > _LONGEST_YEARS * 12:
        raise Misspelt(f"This is longer than {_LONGEST_YEARS} years.", "Write a shorter time.")
    return Duration(months, days, seconds)


def in_smaller_units(digits: str, unit: str) -> str:
    """A broken number of hours, days, weeks or years in whole units: `1 hour 30 minutes` for 1.5 hours."""
    smaller = {"hour": ("minute", 60), "day": ("hour", 24), "week": ("day", 7), "year": ("month", 12)}
    value = number(digits)
    if unit in smaller:
        name, factor = smaller[unit]
        whole, rest = int(value), (value - int(value)) * factor
        if rest == int(rest):
            first = f"{whole} {unit}{'s' if whole != 1 else ''} " if whole else ""
            return f"{first}{int(rest)} {name}{'s' if rest != 1 else ''}"
    return f"{max(round(value), 1)} {unit}{'s' if round(value) > 1 else ''}"


def text(quoted: str) -> str:
    """The text between the quotes. Raises `Misspelt`."""

    def sign(found: re.Match[str]) -> str:
        if found.group(1) not in '"\\n':
            raise Misspelt(
                f"`{found.group()}` means nothing in a text.",
                'Write `\\\\` for a backslash, `\\"` for a quote.',
            )
        return "\n" if found.group(1) == "n" else found.group(1)

    return _ESCAPE.sub(sign, quoted[1:-1])
