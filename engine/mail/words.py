"""Filters of the templates: money, dates and times in the language of the letter (Babel, CLDR)."""

import re
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time, match_skeleton
from babel.numbers import format_currency
from jinja2 import Undefined, pass_context
from jinja2.runtime import Context

from dsl.graph import Money
from dsl.templates.text import DATE_STYLES
from engine.core import calendar


@pass_context
def money(context: Context, value: Any) -> str:
    """`49.90 EUR` as the language writes it."""
    if not isinstance(value, Money):
        raise TypeError(f"`money` was given {_kind(value)}, which is no amount of money")
    return _money(value.amount, value.currency, str(context["language"]))


@pass_context
def day(context: Context, value: Any, style: str = "long") -> str:
    """A date, or a moment's date: `long` with the month in words, `short` in numbers, `weekday` with the day
    of the week and without the year."""
    if style not in DATE_STYLES:
        raise ValueError(f"`date` has no style `{style}`")
    locale = _locale(str(context["language"]))
    return str(format_date(_shown(context, value), _weekday(locale) if style == "weekday" else style, locale))


@pass_context
def time(context: Context, value: Any) -> str:
    """A moment's time of day, hours and minutes."""
    shown = _shown(context, value)
    if not isinstance(shown, datetime):
        raise TypeError("`time` was given a date, which has no time of day")
    return str(format_time(shown.time(), "short", locale=_locale(str(context["language"]))))


def line(parts: Iterable[str | Money], language: str) -> str:
    """A text whose amounts of money are written as the language does."""
    return "".join(
        part if isinstance(part, str) else _money(part.amount, part.currency, language) for part in parts
    )


_KINDS = (
    (Undefined, "nothing (it is unknown)"),
    (str, "a text"),
    (bool, "a yes or no"),
    (Money, "an amount of money"),
    (date, "a date"),
    (int | float | Decimal, "a number"),
    (list | tuple, "a list"),
)

FILTERS: dict[str, Any] = {"money": money, "date": day, "time": time}


def _shown(context: Context, value: Any) -> date | datetime:
    if isinstance(value, date):
        return value
    if isinstance(value, int):
        clock = calendar.zone(str(context["time_zone"]))
        if clock is not None:
            return calendar.wall(value, clock)
    raise TypeError(f"`date` or `time` was given {_kind(value)}, which is no date and no moment")


def _kind(value: Any) -> str:
    """What kind of value it is: the value itself may be someone's name, and is not for the log."""
    for kind, said in _KINDS:
        if isinstance(value, kind):
            return said
    return "something else"


@lru_cache(maxsize=4096)
def _money(amount: Decimal, currency: str, language: str) -> str:
    return str(format_currency(amount, currency, locale=_locale(language)))


@lru_cache(maxsize=64)
def _weekday(locale: Locale) -> str:
    """CLDR's pattern for weekday, day and month, the names written out (UTS 35, missing skeleton fields)."""
    found = match_skeleton("MMMMEEEEd", locale.datetime_skeletons)
    pattern = str(locale.datetime_skeletons[found].pattern) if found else "EEEE d MMMM"
    return re.sub("(E|c|M|L)\\1*", lambda field: field[1] * 4, pattern)


@lru_cache(maxsize=64)
def _locale(language: str) -> Locale:
    """English without a country is that of Europe: day before month, and 24 hours."""
    try:
        return Locale.parse("en-GB" if language == "en" else language, sep="-")
    except (ValueError, UnknownLocaleError):
        return Locale("en")
