"""What the signs and words of the language do with values.

Unknown is None. Arithmetic with it is unknown; every comparison with it is no (language reference, §5).
"""

from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from dsl.graph import Money
from engine.core import calendar


def calculate(operator: str, left: Any, right: Any) -> Any:
    """The result, or None: for unknown values, division by zero and amounts in two currencies."""
    if left is None or right is None:
        return None
    if isinstance(left, Money) or isinstance(right, Money):
        return _money(operator, left, right)
    if operator == "+":
        return left + right
    if operator == "-":
        return left - right
    if operator == "*":
        return left * right
    return Decimal(left) / Decimal(right) if right else None


def _money(operator: str, left: Any, right: Any) -> Any:
    if isinstance(left, Money) and isinstance(right, Money):
        if left.currency != right.currency:
            return None
        if operator == "/":
            return left.amount / right.amount if right.amount else None
        return Money(calculate(operator, left.amount, right.amount), left.currency)
    if operator == "*":
        amount, factor = (left, right) if isinstance(left, Money) else (right, left)
        return Money(amount.amount * factor, amount.currency)
    if operator == "/" and isinstance(left, Money) and right:
        return Money(left.amount / Decimal(right), left.currency)
    return None


def negative(value: Any) -> Any:
    """The value with the other sign."""
    if isinstance(value, Money):
        return Money(-value.amount, value.currency)
    return None if value is None else -value


def reckon(kind: str, found: list[Any]) -> Any:
    """One value from many, oldest first. Sums of nothing are 0, everything else of nothing is unknown."""
    if kind == "sum":
        total: Any = None
        for value in found:
            if total is None:
                total = value
            elif type(total) is not Money or type(value) is not Money or total.currency == value.currency:
                total = calculate("+", total, value)
        return 0 if total is None else total
    if not found:
        return None
    if kind == "first":
        return found[0]
    if kind == "last":
        return found[-1]
    if kind == "average":
        return calculate("/", reckon("sum", found), Decimal(len(found)))
    same = [value for value in found if _alike(value, found[0])]
    return (max if kind == "largest" else min)(same, key=_order)


def _alike(one: Any, other: Any) -> bool:
    return not isinstance(one, Money) or not isinstance(other, Money) or one.currency == other.currency


def _order(value: Any) -> Any:
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


def _comparable(left: Any, right: Any, clock: ZoneInfo) -> tuple[Any, Any]:
    """Both sides in one form: text trimmed and case-folded, money as amounts, a moment beside a date as its
    day. (None, None) when they have none."""
    if isinstance(left, str) and isinstance(right, str):
        return left.strip().casefold(), right.strip().casefold()
    if isinstance(left, Money) or isinstance(right, Money):
        if isinstance(left, Money) and isinstance(right, Money):
            return (left.amount, right.amount) if left.currency == right.currency else (None, None)
        return _order(left), _order(right)  # the other side is 0, which needs no currency
    if isinstance(left, date) and isinstance(right, int):
        return left, calendar.day(right, clock)
    if isinstance(right, date) and isinstance(left, int):
        return calendar.day(left, clock), right
    return left, right
