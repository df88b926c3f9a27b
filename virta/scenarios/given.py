"""What the lines of a scenario give, as the API takes it."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from dsl.graph import Money
from dsl.graph.scenario import Given, Record, Several
from engine.core.bundle import Bundle
from engine.core.conditions import Scene, reading


def told(given: Given, bundle: Bundle, now: int, zone: ZoneInfo) -> Any:
    """The value as JSON has it: money and records as objects, dates and moments as text."""
    match given:
        case Record():
            return {name: told(value, bundle, now, zone) for name, value in given.fields}
        case Several():
            return [told(item, bundle, now, zone) for item in given.items]
    return _json(reading(given)(Scene(bundle, now, zone)))


def _json(value: Any) -> Any:
    match value:
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case Money():
            return {"amount": f"{value.amount:f}", "currency": value.currency}
        case date():
            return value.isoformat()
        case int() if not isinstance(value, bool):  # a moment
            return datetime.fromtimestamp(value / 1000, UTC).isoformat()
    return value
