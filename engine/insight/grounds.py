"""What decided, in words: the values for which a condition held or did not, and why an arm was drawn."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from dsl.graph import FieldType
from dsl.wording.values import condition_words
from dsl.wording.values import value_words as written
from engine.core import keeping
from engine.core.grounds import Wording
from engine.core.record import BEST_SINCE, SHARE, Ground
from engine.insight.values import value_words

WORDING = Wording(written, condition_words)
"""How the journal names what decided."""

_MOMENT = FieldType("moment")
_PLACES = 4


class Decider(Struct, frozen=True):
    """Something that decided, and what it was, in words; `value` is None where it was not known."""

    asked: str
    value: str | None


def deciders(grounds: Sequence[Ground], clock: ZoneInfo) -> tuple[Decider, ...]:
    """What the journal has, in words; moments as they are on `clock`."""
    return tuple(Decider(ground.asked, _words(ground.value, clock)) for ground in grounds)


def parts(grounds: Sequence[Ground], clock: ZoneInfo) -> dict[str, str]:
    """What the sentences of the journal say of that, by the name between their braces."""
    told = ", ".join(_told(ground, clock) for ground in grounds)
    drawn = {ground.asked: _words(ground.value, clock) for ground in grounds}
    best, share = drawn.get(BEST_SINCE), drawn.get(SHARE)
    return {
        "for": f" ({told})" if told else "",
        "found": f": {told}" if told else "",
        "lots": "gave them the best arm" if best else "drew lots",
        "chance": f", the winner since {best}" if best else f", by chance, {share} %" if share else "",
    }


def _told(ground: Ground, clock: ZoneInfo) -> str:
    if ground.whether:
        return f"{ground.asked} was {'so' if ground.value else 'not so'}"
    value = _words(ground.value, clock)
    return f"{ground.asked} was {'not known' if value is None else value}"


def _words(value: Any, clock: ZoneInfo) -> str | None:
    """None: not known. Texts stand in quotation marks, apart from what is said of them."""
    match value:
        case None:
            return None
        case str():
            return f"“{value_words(value, None, clock)}”"
        case Decimal():
            return value_words(keeping.rounded(value, _PLACES), None, clock)
        case list() | tuple():
            return " and ".join(_words(each, clock) or "" for each in value) or "empty"
        case _:
            return value_words(value, _MOMENT, clock)
