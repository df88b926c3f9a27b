"""When events leave `in last D`. Whoever came later leaves later, but for months of unequal length and hours
that come twice: those that lie near each other may change places."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter
from typing import TypeAlias
from zoneinfo import ZoneInfo

from dsl.graph import Duration
from engine.core import calendar
from engine.core.bundle import Seen

_AT = attrgetter("at")
_DAY = 86_400_000
_HOURS_THAT_COME_TWICE = 3 * 3_600_000
_ENDS_OF_MONTHS = 4 * _DAY

Which: TypeAlias = Callable[[Sequence[int], Duration, ZoneInfo], Iterator[int]]
"""Of moments, oldest first, some of the instants at which they leave a span."""


def inside(window: tuple[Seen, ...], duration: Duration, now: int, clock: ZoneInfo) -> Sequence[Seen]:
    """The events that are in the last `duration`, oldest first."""
    longest = (duration.months * 31 + duration.days + 2) * _DAY + duration.seconds * 1000
    near = window[bisect_left(window, now - longest, key=_AT) :]
    return [seen for seen in near if calendar.within(seen.at, duration, now, clock)]


def next_(moments: Sequence[int], duration: Duration, clock: ZoneInfo) -> Iterator[int]:
    """The next leavings, the first among them."""
    if moments:
        far = bisect_right(moments, moments[0] + _abreast(duration))
        yield from (calendar.add(moment, duration, clock) for moment in moments[:far])


def last(moments: Sequence[int], duration: Duration, clock: ZoneInfo) -> Iterator[int]:
    """The leavings at the end: none of those that leave before is the newest, or leaves nobody behind."""
    if moments:
        near = bisect_left(moments, moments[-1] - _abreast(duration))
        yield from (calendar.add(moment, duration, clock) for moment in moments[near:])


def nth(moments: Sequence[int], place: int, duration: Duration, clock: ZoneInfo) -> int:
    """The instant of the leaving before which `place` others come."""
    reach = 2 * _abreast(duration)
    low = bisect_left(moments, moments[place] - reach)
    high = bisect_right(moments, moments[place] + reach)
    # whoever lies further off leaves before, or behind, the one that is looked for
    leaving = sorted(calendar.add(moment, duration, clock) for moment in moments[low:high])
    return leaving[place - low]


def _abreast(duration: Duration) -> int:
    """How far apart two moments may lie of which the later one leaves first."""
    return _ENDS_OF_MONTHS if duration.months else _HOURS_THAT_COME_TWICE
