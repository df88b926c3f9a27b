"""What the signs and words of the language do with values.

Unknown is None. Arithmetic with it is unknown; every comparison with it is no (language reference, §5).
"""

import unicodedata
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from dsl.graph import Money
from engine.core import calendar


def calculate(operator: str, left: Any, right: Any) -> Any:
    """The result, or None: for unknown values, division by zero, amounts in two currencies and results that
    no decimal number can hold."""
    if left is None or right is None:
        return None
    if isinstance(left, Money) or isinstance(right, Money):
        return _money(operator, left, right)
    try:
        return _number(operator, left, right)
    except ArithmeticError:
        return None


def _number(operator: str, left: Any, right: Any) -> Any:
    if operator == "+":
        return left + right
    if operator == "-":
        return left - right
    if operator == "*":
        return left * right
    return Decimal(left) / Decimal(right) if right else None


def _money(operator: str, left: Any, right: Any) -> Any:
    """At least one is money. A sum or difference with a number is one with 0, which needs no currency."""
    one, other = _amount(left), _amount(right)
    currencies = {value.currency for value in (left, right) if isinstance(value, Money)}
    both = isinstance(left, Money) and isinstance(right, Money)
    if len(currencies) > 1:
        return None
    result = calculate(operator, one, other)
    if result is None or (operator == "/" and isinstance(right, Money)):
        return result  # how often one amount goes into the other is no money
    return None if both and operator == "*" else Money(result, currencies.pop())


def negative(value: Any) -> Any:
    """The value with the other sign."""
    if isinstance(value, Money):
        return Money(-value.amount, value.currency)
    return None if value is None else -value


def reckon(kind: str, found: list[Any], currency: str = "") -> Any:
    """One value from many. Sums of nothing are 0, everything else of nothing is unknown. Amounts in another
    currency than `currency` (empty: that of the first amount) do not count."""
    found = _in_one_currency(found, currency)
    if kind == "sum":
        return _sum(found)
    if not found:
        return None
    if kind == "average":
        return calculate("/", _sum(found), Decimal(len(found)))
    return (max if kind == "largest" else min)(found, key=_amount)


def _sum(found: list[Any]) -> Any:
    total: Any = 0
    for value in found:
        total = calculate("+", total, value)
    return total


def _in_one_currency(found: list[Any], currency: str) -> list[Any]:
    first = next((value.currency for value in found if isinstance(value, Money)), "")
    wanted = currency or first
    return [value for value in found if not isinstance(value, Money) or value.currency == wanted]


def _amount(value: Any) -> Any:
    return value.amount if isinstance(value, Money) else value


def compare(operator: str, left: Any, right: Any, clock: ZoneInfo) -> bool:
    """No, if either side is unknown or they cannot be compared (two currencies)."""
    if left is None or right is None:
        return False
    if operator == "contains" and isinstance(left, list | tuple):
        return any(compare("is", member, right, clock) for member in left)
    left, right = _comparable(left, right, clock)
    if left is None:
        return False
    match operator:
        case "is":
            return bool(left == right)
        case "is not":
            return bool(left != right)
        case "<":
            return bool(left < right)
        case "<=":
            return bool(left <= right)
        case ">":
            return bool(left > right)
        case ">=":
            return bool(left >= right)
        case "contains":
            return right in left
        case "starts with":
            return bool(left.startswith(right))
        case _:
            return bool(left.endswith(right))


def fold(text: str) -> str:
    """The form in which texts are compared: trimmed, letters in one case, accents kept (in NFC, whichever way
    a program composed them)."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text.strip()).casefold())


def _comparable(left: Any, right: Any, clock: ZoneInfo) -> tuple[Any, Any]:
    """Both sides in one form: text folded, money as amounts, a moment beside a date as its day. (None, None)
    when they have none."""
    if isinstance(left, str) and isinstance(right, str):
        return fold(left), fold(right)
    if isinstance(left, Money) and isinstance(right, Money) and left.currency != right.currency:
        return None, None
    if isinstance(left, Money) or isinstance(right, Money):
        return _amount(left), _amount(right)  # a side that is no money is 0, which needs no currency
    if isinstance(left, date) and isinstance(right, int):
        return left, calendar.day(right, clock)
    if isinstance(right, date) and isinstance(left, int):
        return calendar.day(left, clock), right
    return left, right
