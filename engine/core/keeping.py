"""The form in which a value is kept as an attribute: what a step reckons is no odder than what comes from
outside."""

from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from babel.numbers import get_currency_precision

from dsl.graph import FieldType, Money
from engine.core import calendar

TOO_LARGE = 10**15
"""Numbers and amounts that far from 0 are not kept."""


def fitting(kind: FieldType | None, value: Any, clock: ZoneInfo) -> Any:
    """The value in the attribute's own type: a count is a number, a moment has a day, money has no less than
    its currency's smallest coin. None (unknown) for what the inbox would refuse."""
    if isinstance(value, Decimal):
        return _within(value)
    if isinstance(value, Money):
        return None if _within(value.amount) is None else in_coins(value)
    if kind is None or type(value) is not int:
        return value
    if kind.kind == "number":
        return _within(Decimal(value))
    return calendar.day(value, clock) if kind.kind == "date" else value


def in_coins(money: Money) -> Money:
    """The amount in whole coins of its currency (CLDR): halves to the even one."""
    places = get_currency_precision(money.currency)
    return Money(rounded(money.amount, places), money.currency)


def rounded(number: Decimal, places: int) -> Decimal:
    """The number with that many places behind the point; one that is too large for them as it is."""
    if _within(number) is None:
        return number
    return number.quantize(Decimal(1).scaleb(-places))


def _within(number: Decimal) -> Decimal | None:
    return number if abs(number) < TOO_LARGE else None
