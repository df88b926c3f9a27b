"""Which questions reach further back than what is recorded: what is not recorded did not happen."""

from collections.abc import Iterable, Iterator, Mapping
from zoneinfo import ZoneInfo

from msgspec import Struct

from dsl.graph import Duration, History, LastSpan, Program
from engine.core import calendar, windows


class Reach(Struct, frozen=True):
    """A flow or a segment that asks for more of an event's past than there is. `length` is how far back it
    asks (None: for all of it), `first` the moment of the first record in ms UTC (None: there is none)."""

    kind: str
    name: str
    event: str
    length: Duration | None
    first: int | None


def asked_events(program: Program) -> frozenset[str]:
    """The events into whose past the program's flows and segments look."""
    return frozenset(history.event for _, _, history in _questions(program))


def too_far(program: Program, first: Mapping[str, int], now: int, clock: ZoneInfo) -> list[Reach]:
    """The questions whose window begins before its event's first record, by flow or segment, the longest one
    for each event. `first` has the moments of the first records, `now` is ms UTC too."""
    found: dict[tuple[str, str, str], Reach] = {}
    for kind, name, history in _questions(program):
        length = history.span.duration if isinstance(history.span, LastSpan) else None
        begins = calendar.add(now, length or windows.KEEP, clock, -1)
        recorded = first.get(history.event)
        if recorded is not None and recorded <= begins:
            continue
        place = (kind, name, history.event)
        known = found.get(place)
        if known is None or _longer(length, known.length, now, clock):
            found[place] = Reach(*place, length, recorded)
    return [found[place] for place in sorted(found)]


def _longer(one: Duration | None, other: Duration | None, now: int, clock: ZoneInfo) -> bool:
    if one is None or other is None:
        return one is None
    return calendar.add(now, one, clock) > calendar.add(now, other, clock)


def _questions(program: Program) -> Iterator[tuple[str, str, History]]:
    """What looks back by a length of time, or at all of the past. What is asked since an entry or a date has
    its beginning by itself; sign-ups and withdrawals are always remembered."""
    always = {need.event for need in windows.ALWAYS}
    everything: list[tuple[str, str, object]] = [("flow", graph.flow, graph) for graph in program.flows]
    everything += [("segment", segment.name, segment.test) for segment in program.segments]
    for kind, name, thing in everything:
        for history in _histories([thing]):
            if history.event not in always and (history.span is None or isinstance(history.span, LastSpan)):
                yield kind, name, history


def _histories(things: Iterable[object]) -> Iterator[History]:
    for thing in things:
        if isinstance(thing, History):
            yield thing
        if isinstance(thing, Struct):
            yield from _histories(getattr(thing, field) for field in thing.__struct_fields__)
        elif isinstance(thing, tuple):
            yield from _histories(thing)
