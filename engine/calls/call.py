"""One call of a webhook: the JSON that it carries (docs/webhooks.md)."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

import msgspec
from msgspec import Struct

from dsl.graph import Money
from engine.core.bundle import CallBody
from engine.core.record import Why

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_encode = msgspec.json.Encoder(decimal_format="number", order="deterministic").encode


class Call(Struct, frozen=True):
    """`id` is the same for every attempt, so that a receiver can tell a repeat; `body` is UTF-8 JSON."""

    id: str
    webhook: str
    body: bytes


class Answered(Enum):
    """What became of one attempt."""

    TAKEN = "taken"
    REFUSED = "refused"  # for good
    LATER = "later"  # another attempt may fare better
    BUSY = "busy"  # no call of the webhook is wanted for some time; this one was not looked at
    SILENT = "silent"  # nobody answered


class Answer(Struct, frozen=True):
    """`reason` is for the journal; `after` is how many seconds the receiver asked to be left alone."""

    answered: Answered
    reason: Why | None = None
    after: int = 0


def call_of(key: str, contact: str, body: CallBody, address: str) -> Call:
    """The call that a step asked for, with the contact's address where it was asked for."""
    values = {name: in_json(value) for name, value in body.values.items()}
    values |= dict.fromkeys(body.addressed, address)
    told = {
        "type": "call",
        "timestamp": in_json(body.at),
        "data": {
            "webhook": body.webhook,
            "contact": contact,
            "flow": body.flow,
            "journey": body.journey,
            "step": body.step,
            "values": values,
        },
    }
    return Call(key, body.webhook, _encode(told))


def in_json(value: Any) -> Any:
    """The value in the form in which the API takes it: money as an object, a moment in RFC 3339, a date as
    `2026-12-24`; what is unknown is null."""
    match value:
        case bool():
            return value
        case Money():
            return {"amount": str(value.amount), "currency": value.currency}
        case Decimal():
            return int(value) if value == value.to_integral_value() else value.normalize()
        case int():
            return _moment(value)
        case date():
            return value.isoformat()
        case Mapping():
            return {name: in_json(part) for name, part in value.items()}
        case list() | tuple():
            return [in_json(part) for part in value]
    return value


def _moment(milliseconds: int) -> str | None:
    """RFC 3339; None for one that no calendar has."""
    try:
        moment = _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return None
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
