"""Windows made again from the raw events that are kept, for a program that asks for more of the past than
was remembered: as if it had run from the start."""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from dsl.graph import EventNeed
from engine.core import windows
from engine.core.asked import ORDERED, VIEWED, grown
from engine.core.bundle import Bundle, Journey, Seen, replace
from engine.core.loaded import Loaded


class RawEvent(Struct, frozen=True):
    """A raw event of one contact: `at` when it happened and `heard` when that became known (ms UTC), `seq`
    its place in the order of working on them. `id` names it as the trigger of a journey does."""

    seq: int
    id: str
    event: str
    at: int
    heard: int
    data: dict[str, Any]


def missing(loaded: Loaded, bundle: Bundle) -> frozenset[str]:
    """The events whose raw rows must be read before this contact is looked at by what is loaded."""
    if bundle.kept_by == loaded.kept_by or not bundle.created:
        return frozenset()
    before = loaded.asked_before.get(bundle.kept_by)
    events = grown(before, loaded.asked)
    if loaded.recommends and (before is None or not before.recommends):
        events |= {VIEWED, ORDERED}
    return events


def reread(loaded: Loaded, bundle: Bundle, past: Sequence[RawEvent]) -> Bundle:
    """The contact with all that is loaded asks for. `past` are her events of the `missing` kinds that were
    worked on, in order. What the windows hold already and no raw row tells any more stays."""
    events = missing(loaded, bundle)
    remembered = [one for one in past if _may_be_known(bundle, one)]
    kept, clock = dict(bundle.windows), loaded.clock(bundle)
    for event in events & loaded.needs.keys():
        raw = [one for one in remembered if one.event == event]
        window = _window(kept.get(event, ()), loaded.needs[event], raw, clock)
        if window:
            kept[event] = window
    changed = replace(
        bundle,
        windows=kept,
        journeys=tuple(_beside(journey, bundle, events, past, remembered) for journey in bundle.journeys),
        kept_by=loaded.kept_by,
    )
    before = loaded.asked_before.get(bundle.kept_by)
    if not loaded.recommends or (before is not None and before.recommends) or not bundle.created:
        return changed
    viewed: tuple[str, ...] = ()
    bought: tuple[str, ...] = ()
    for one in remembered:
        if one.event == VIEWED:
            viewed = windows.recent(viewed, (one.data.get("sku"),))
        elif one.event == ORDERED:
            bought = windows.recent(bought, [item.get("sku") for item in one.data.get("items") or ()])
    return replace(changed, viewed=viewed, bought=bought)


def _may_be_known(bundle: Bundle, one: RawEvent) -> bool:
    purpose = windows.PURPOSE_OF.get(one.event)
    return purpose is None or windows.is_known(bundle, purpose, one.at)


def _window(
    known: tuple[Seen, ...], need: EventNeed, raw: Sequence[RawEvent], clock: ZoneInfo
) -> tuple[Seen, ...]:
    """As `windows.record` would have left it after the last of them."""
    if not raw:
        return known
    told = Counter(one.at for one in raw)
    seen = []
    for old in known:
        if told[old.at]:
            told[old.at] -= 1
        else:
            seen.append(old)
    seen += [windows.seen(need, one.data, one.at) for one in raw]
    oldest, newest = windows.oldest(need, raw[-1].heard, clock), seen[-1]
    seen = [one for one in seen if one.at > oldest or one is newest]
    return tuple(sorted(seen, key=lambda one: one.at))


def _beside(
    journey: Journey,
    bundle: Bundle,
    events: Collection[str],
    past: Sequence[RawEvent],
    remembered: Sequence[RawEvent],
) -> Journey:
    """What was known at the start of a journey to have happened at that very moment is not since entry."""
    if journey.beside is None:
        return journey
    trigger = next((one.seq for one in past if one.id == journey.trigger_id), None)
    counts = Counter(
        one.event
        for one in remembered
        if one.event in events and one.at == journey.started and (trigger is None or one.seq <= trigger)
    )
    fresh = {event: count for event, count in counts.items() if event not in bundle.windows}
    return replace(journey, beside={**fresh, **journey.beside}) if fresh else journey
