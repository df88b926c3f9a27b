"""The part of a contact's history that the loaded flows and segments ask for."""

from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo

from dsl.graph import Duration, EventNeed
from engine.core.bundle import Bundle, Seen
from engine.core.calendar import add

KEEP = Duration(months=25)
"""How long raw events are kept, and so the longest history there is."""

PERSONAL = frozenset({"product_viewed", "page_viewed"})
"""Events that are remembered of people only who agreed to personalisation."""

MEASURED = frozenset({"email_opened", "email_clicked"})
"""Events that are known of people only who agreed to measurement."""

PURPOSES = {"personalisation": PERSONAL, "measurement": MEASURED}
"""What people agree to beside topics, and what is known of them by that."""

PURPOSE_OF = {event: purpose for purpose, events in PURPOSES.items() for event in events}

ALWAYS = (EventNeed("subscribed", ("topic",), None), EventNeed("unsubscribed", ("topic",), None))
"""Remembered whatever is asked for: the inbox does not hold them, so nobody could read them again."""

RECENT = 20
"""How many SKUs a recommendation goes by."""

_SLACK = 4 * 86_400_000
"""Kept beyond that: months end on different days, and a contact may move to another time zone."""


def merge(needs: Iterable[EventNeed]) -> dict[str, EventNeed]:
    """One need per event that serves all of them: every field, the longest span."""
    merged: dict[str, EventNeed] = {}
    for need in needs:
        known = merged.get(need.event)
        if known is None:
            merged[need.event] = need
            continue
        fields = known.fields + tuple(field for field in need.fields if field not in known.fields)
        merged[need.event] = EventNeed(need.event, fields, _longer(known.keep, need.keep))
    return merged


def record(
    seen_before: tuple[Seen, ...],
    need: EventNeed,
    data: dict[str, Any],
    at: int,
    now: int,
    clock: ZoneInfo,
) -> tuple[Seen, ...]:
    """The window with one more event in its place, without those that no condition can see any more."""
    bound = oldest(need, now, clock)
    kept = [old for old in seen_before if old.at > bound]
    place = len(kept)
    while place and kept[place - 1].at > at:
        place -= 1
    kept.insert(place, seen(need, data, at))
    return tuple(kept)


def seen(need: EventNeed, data: dict[str, Any], at: int) -> Seen:
    """What is remembered of one event."""
    return Seen(at, {field: data[field] for field in need.fields if field in data})


def oldest(need: EventNeed, now: int, clock: ZoneInfo) -> int:
    """What happened then or earlier is forgotten when the next such event comes."""
    return add(now, need.keep or KEEP, clock, -1) - _SLACK


def is_known(bundle: Bundle, purpose: str, at: int) -> bool:
    """Whether what happened then may be known: it is from the moment on at which the contact agreed, and not
    while what is known of them is not to be used."""
    if bundle.restricted is not None:
        return False
    return purpose in bundle.agreed and at >= bundle.known_since.get(purpose, at)


def recent(known: tuple[str, ...], skus: Iterable[Any]) -> tuple[str, ...]:
    """The SKUs newest first, each once, with these in front."""
    fresh = [sku for sku in skus if isinstance(sku, str) and sku]
    return tuple(dict.fromkeys((*fresh, *known)))[:RECENT]


def _longer(one: Duration | None, other: Duration | None) -> Duration | None:
    """A span that covers both, part by part: months and days have no common measure."""
    if one is None or other is None:
        return None
    return Duration(max(one.months, other.months), max(one.days, other.days), max(one.seconds, other.seconds))
