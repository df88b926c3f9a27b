"""Values of events and attributes, as they stand in a sentence."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from dsl.graph import FieldType, Money
from engine.insight.outside import one_line

_SHOWN_FIELDS = 4
_LONGEST = 80


def fields_words(
    data: Mapping[str, Any], types: Mapping[str, FieldType], clock: ZoneInfo
) -> list[tuple[str, str]]:
    """The first fields of an event that say something, each with its words; `types` are those declared."""
    shown = [
        (name, value_words(value, types.get(name), clock))
        for name, value in data.items()
        if value is not None
    ]
    return [(name, words) for name, words in shown if words][:_SHOWN_FIELDS]


def value_words(value: Any, declared: FieldType | None, clock: ZoneInfo) -> str:
    """A value of an event or attribute, short enough for a sentence; a moment (ms UTC) as it is on `clock`.
    `declared` is its type, None where nothing tells it."""
    match value:
        case bool():
            return "yes" if value else "no"
        case int() if declared is not None and declared.kind == "moment":
            return f"{datetime.fromtimestamp(value / 1000, clock):%Y-%m-%d %H:%M}"
        case Money():
            return f"{value.amount:,} {value.currency}"
        case Decimal():
            return f"{value.normalize():f}"
        case date():
            return value.isoformat()
        case dict():
            return value_words(value.get("name") or "", None, clock)
        case list() | tuple():
            item = declared.item if declared is not None else None
            return " and ".join(filter(None, (value_words(each, item, clock) for each in value)))[:_LONGEST]
        case _:
            text = one_line(str(value))
            return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
