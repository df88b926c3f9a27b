"""Real purchases: the CDNOW sample, laid into our calendar.

There are two groups. *Earlier* customers live through their second year in the 90 days: their dates are 28
years later, so that their first orders lie a year back, and their anniversaries fall into the 90 days. For
*newcomers* the dates are 29 years later, to the nearest week: their first orders fall into the 90 days. Both
shifts are whole weeks, so that every purchase keeps its weekday.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby
from pathlib import Path

from .timetable import DAYS, FIRST_DAY

SAMPLE = Path(__file__).parent.parent / "data" / "cdnow_sample.txt"

EARLIER_SHIFT = 1461 * 7
"""28 years in days."""

NEWCOMER_SHIFT = EARLIER_SHIFT + 52 * 7


@dataclass(frozen=True, slots=True)
class Purchase:
    """`day` counts from the first of the 90; `total` is in cents, the dollars taken as euros one for one."""

    day: int
    quantity: int
    total: int


SILENCE = 90
"""Days without an order after which the shop asks whether somebody is still there."""

A_LOT = 300_00
"""Cents within a year that make somebody one of the best customers."""


@dataclass(frozen=True, slots=True)
class Customer:
    """`number` is that of the sample, from 1. What was bought after the 90 days is left out."""

    number: int
    newcomer: bool
    purchases: tuple[Purchase, ...]


def customers(sample: Path = SAMPLE) -> list[Customer]:
    """Everyone in the sample, in its order."""
    rows = (line.split() for line in sample.read_text("ascii").splitlines())
    found = []
    for key, lines in groupby(rows, key=lambda row: row[1]):
        newcomer = is_newcomer(int(key))
        shift = NEWCOMER_SHIFT if newcomer else EARLIER_SHIFT
        bought = (_purchase(day, quantity, dollars, shift) for _, _, day, quantity, dollars in lines)
        found.append(Customer(int(key), newcomer, tuple(each for each in bought if each.day < DAYS)))
    return found


def is_newcomer(number: int) -> bool:
    """Nine in twenty, spread evenly over the sample."""
    return number % 20 < 9


def _purchase(day: str, quantity: str, dollars: str, shift: int) -> Purchase:
    real = date(int(day[:4]), int(day[4:6]), int(day[6:]))
    return Purchase((real - FIRST_DAY).days + shift, int(quantity), int(Decimal(dollars) * 100))
