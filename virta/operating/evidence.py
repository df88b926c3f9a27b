"""Evidence of consent in words for people."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from engine.insight.outside import one_line

_MAIL = frozenset({"eml", "eml_as", "eml_masked"})

_LEAST_MOMENT = 10**12
"""Milliseconds from 1970 to 2001: nothing that evidence counts otherwise is as many."""


def moment(at: int, clock: ZoneInfo) -> str:
    """A moment (ms UTC) in the project's time, as in 2026-11-22 19:05:00."""
    return datetime.fromtimestamp(at // 1000, clock).strftime("%Y-%m-%d %H:%M:%S")


def in_words(evidence: Mapping[str, Any], clock: ZoneInfo) -> str:
    """What a piece of evidence says, in one line; what is empty is left out, and a mail that is in it."""
    told = [(name, value) for name, value in evidence.items() if value and name not in _MAIL]
    return one_line(", ".join(f"{name} {_plain(value, clock)}" for name, value in told))


def _plain(value: object, clock: ZoneInfo) -> str:
    if isinstance(value, int) and value >= _LEAST_MOMENT:
        return moment(value, clock)
    if isinstance(value, Mapping):
        return f"({in_words(value, clock)})"
    if isinstance(value, list | tuple):
        each = [_plain(one, clock) for one in value]
        return " and ".join(each if len(set(each)) > 1 else each[:1])  # one for each topic, often all alike
    return str(value)
