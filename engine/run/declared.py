"""Values from outside as the program's declarations want them, or why they are not.

The declarations are made into functions once, when the program is loaded: what comes in is checked value by
value, and most of it fits.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, TypeAlias

from dsl.graph import FieldType, Money
from engine.core import keeping

_AMOUNT = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,6})?\Z")
_CURRENCY = re.compile(r"[A-Z]{3}\Z")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
# a line break or a tab may stand in a text; other control characters and halves of a character say nothing
_UNKEEPABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_LONGEST_TEXT = 10_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Reader: TypeAlias = Callable[[Any, str], Any]
"""The value in its type, from JSON; beside it stands the name by which it is called where it does not fit."""


class Misfit(ValueError):
    """A value that does not fit its declaration; the message says which, in plain words."""


class Declared:
    """The fields of one thing: an event, a record, a contact."""

    def __init__(self, fields: Mapping[str, FieldType]) -> None:
        self._readers = {name: reader_of(kind) for name, kind in fields.items()}

    def read(self, given: Mapping[str, object], what: str) -> dict[str, Any]:
        """What is known of them; null is unknown. `what` is one of them called: "field". Raises `Misfit`."""
        readers, found = self._readers, {}
        for name, value in given.items():
            reader = readers.get(name)
            if reader is None:
                raise Misfit(unknown(what, name, readers))
            if value is not None:
                found[name] = reader(value, name)
        return found


def reader_of(kind: FieldType) -> Reader:
    """How a value of this type is read."""
    match kind.kind:
        case "choice":
            return _choice(kind.choices)
        case "list":
            return _list(reader_of(kind.item or FieldType("text")))
        case "record":
            return _record(dict(kind.fields))
        case plain:
            return _PLAIN[plain]


def unknown(what: str, name: str, declared: Iterable[str]) -> str:
    """That nothing of that name is declared, with the nearest that is."""
    near = get_close_matches(name[:80], declared, 1)
    hint = f"; did you mean `{near[0]}`?" if near else ""
    return f"the project declares no {what} `{shown(name)}`{hint}"


def shown(text: str) -> str:
    """What came in, short enough and harmless to say back."""
    return _UNKEEPABLE.sub("\ufffd", text[:80])


def is_keepable(text: str) -> bool:
    """Whether a text holds neither control characters, but for blanks of all kinds, nor half a character."""
    return text.isprintable() or not _UNKEEPABLE.search(text)  # the first tells of most at once


def _text(value: Any, name: str) -> str:
    if isinstance(value, str) and len(value) <= _LONGEST_TEXT and is_keepable(value):
        return value
    raise Misfit(f"`{name}` must be a text of at most {_LONGEST_TEXT} characters, without control characters")


def _url(value: Any, name: str) -> str:
    if isinstance(value, str) and len(value) <= _LONGEST_TEXT and is_keepable(value):
        return value
    raise Misfit(f"`{name}` must be a URL as text")


def _flag(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return value
    raise Misfit(f"`{name}` must be true or false")


def _number(value: Any, name: str) -> Decimal:
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < keeping.TOO_LARGE:
        return Decimal(str(value))
    raise Misfit(f"`{name}` must be a number with at most 15 digits before the point")


def _money(value: Any, name: str) -> Money:
    if isinstance(value, dict):
        amount, currency = value.get("amount"), value.get("currency")
        if (
            isinstance(amount, str)
            and isinstance(currency, str)
            and _AMOUNT.match(amount)
            and _CURRENCY.match(currency)
        ):
            return Money(Decimal(amount), currency)
    raise Misfit(f'`{name}` must be money as {{"amount": "49.90", "currency": "EUR"}}')


def _date(value: Any, name: str) -> date:
    try:
        if isinstance(value, str) and _DATE.match(value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise Misfit(f'`{name}` must be a date as "2026-12-24"')


def _moment(value: Any, name: str) -> int:
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else datetime.min
    except ValueError:
        found = datetime.min
    if found.tzinfo is None:
        raise Misfit(f'`{name}` must be a moment as "2026-12-24T09:00:00Z"')
    return (found - _EPOCH) // timedelta(milliseconds=1)


_PLAIN: dict[str, Reader] = {
    "text": _text,
    "url": _url,
    "flag": _flag,
    "number": _number,
    "money": _money,
    "date": _date,
    "moment": _moment,
}


def _choice(choices: tuple[str, ...]) -> Reader:
    def choice(value: Any, name: str) -> str:
        if isinstance(value, str) and value in choices:
            return value
        raise Misfit(f"`{name}` must be one of {', '.join(f'`{choice}`' for choice in choices)}")

    return choice


def _list(item: Reader) -> Reader:
    def items(value: Any, name: str) -> list[Any]:
        if isinstance(value, list):
            return [item(one, f"{name}[{place}]") for place, one in enumerate(value)]
        raise Misfit(f"`{name}` must be a list")

    return items


def _record(fields: Mapping[str, FieldType]) -> Reader:
    declared = Declared(fields)

    def record(value: Any, name: str) -> dict[str, Any]:
        if isinstance(value, dict):
            return declared.read(value, f"field of `{name}`")
        raise Misfit(f"`{name}` must be an object")

    return record
