"""Values of attributes and events, to bytes and back without losing their type (see `dsl.graph`)."""

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
from msgspec.msgpack import Ext

from dsl.graph import Money

_NUMBER, _DAY, _MONEY = 1, 2, 3


def packable(value: Any) -> Any:
    """The same value in types that MessagePack keeps apart; records and lists are walked."""
    kind = type(value)
    if kind is str or kind is int or kind is bool or value is None:
        return value
    if kind is Decimal:
        return Ext(_NUMBER, str(value).encode())
    if kind is Money:
        return Ext(_MONEY, f"{value.amount} {value.currency}".encode())
    if kind is date:
        return Ext(_DAY, value.isoformat().encode())
    if kind is dict:
        return {name: packable(part) for name, part in value.items()}
    return [packable(part) for part in value]


def _unpack(code: int, data: memoryview) -> Any:
    text = bytes(data).decode()
    if code == _NUMBER:
        return Decimal(text)
    if code == _DAY:
        return date.fromisoformat(text)
    if code == _MONEY:
        amount, currency = text.split(" ")
        return Money(Decimal(amount), currency)
    raise ValueError(f"a value of unknown kind {code}; was it written by a newer version?")


encode = msgspec.msgpack.Encoder().encode


def decoder(kind: Any = object) -> "msgspec.msgpack.Decoder[Any]":
    """A decoder for `kind` that brings the values' types back."""
    return msgspec.msgpack.Decoder(Any if kind is object else kind, ext_hook=_unpack)
