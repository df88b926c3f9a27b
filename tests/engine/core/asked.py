"""Conditions asked of people with a known past, one Monday morning."""

from collections.abc import Callable
from decimal import Decimal

from flows import ZONE, program
from person import DAY, Person, at

from dsl.graph import Money
from engine.core.loaded import Loaded

NOW = at("2026-03-02T07:00")  # 09:00 in Riga


def eur(amount: str) -> Money:
    """Euros."""
    return Money(Decimal(amount), "EUR")


def asking(condition: str) -> str:
    """A flow that finishes as met or unmet."""
    return f"""
flow asks "Asks"
    start on checkout_started
    enter every time

    if {condition}
        finish as met
    finish as unmet
"""


def holds(condition: str, past: Callable[[Person], object], now: int = NOW) -> bool:
    """Whether `condition` is met by someone with that past."""
    rules = Loaded(program(asking(condition)), (), ZONE, b"key", currency="EUR")
    person = Person(rules, now=now - 400 * DAY)
    past(person)
    person.until(now)
    answer = person.happens("checkout_started", checkout_id="c1").story("asks")[-1]
    assert answer in ("finished met", "finished unmet")
    return answer == "finished met"


def nobody(person: Person) -> None:
    """Nothing is known."""
