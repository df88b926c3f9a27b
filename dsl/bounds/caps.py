"""What limits let through in a window of whole days."""

from collections.abc import Iterable
from typing import NamedTuple

from dsl.bounds.moves import DAY, HOUR, least_seconds, most_seconds
from dsl.graph import Cap, Limits, TopicType
from dsl.wording.values import duration_words


class Let(NamedTuple):
    """At most so many mails in a window, by what is written in `by`. `mails` None: no limit says anything."""

    mails: int | None
    by: str = ""


def caps_of_topic(topic: TopicType) -> tuple[Cap, ...]:
    """A topic's own limit, if it has one."""
    if topic.cap_count < 1:
        return ()
    return (Cap(topic.cap_count, topic.cap_unit, topic.cap_rolling),)


def let_through(caps: Iterable[Cap], whose: str, days: int, per_day: int | None = None) -> Let:
    """The fewest mails that one of these limits lets through in any window of 1, 7 (from Monday on) or 30
    days, of which no day has more than `per_day`."""
    return tightest(Let(_within(cap, days, per_day), f"{whose} `{cap_words(cap)}`") for cap in caps)


def fewest_a_day(caps: Iterable[Cap]) -> int | None:
    """What the tightest limit per day lets through, None: there is no such limit."""
    return min((cap.count for cap in caps if cap.unit == "day"), default=None)


def tightest(every: Iterable[Let]) -> Let:
    """That which lets the fewest mails through; the first of several."""
    bounded = [each for each in every if each.mails is not None]
    return min(bounded, key=lambda each: each.mails or 0) if bounded else Let(None)


def cap_words(cap: Cap) -> str:
    """A limit as it is written."""
    span = duration_words(cap.rolling) if cap.rolling is not None else cap.unit
    wait = f", else wait up to {duration_words(cap.wait)}" if cap.wait is not None else ""
    return f"at most {cap.count} email{'s' if cap.count != 1 else ''} per {span}{wait}"


def longest_hold(limits: Iterable[Limits]) -> int:
    """For how many seconds these limits may hold one mail up before it goes: for the longest wait, or a quiet
    that leaves a moment of each day."""
    found = 0
    for each in limits:
        found = max([found, *(most_seconds(cap.wait) for cap in each.caps if cap.wait is not None)])
        if each.quiet:
            found = max(found, DAY)
    return found


def _within(cap: Cap, days: int, per_day: int | None) -> int:
    if cap.rolling is not None:
        shortest = least_seconds(cap.rolling) - (HOUR if cap.rolling.seconds else 0)
        return cap.count * -(-days * DAY // max(shortest, 1))
    return max(
        sum(cap.count if per_day is None else min(cap.count, part * per_day) for part in parts)
        for parts in _parts(cap.unit, days)
    )


def _parts(unit: str, days: int) -> list[tuple[int, ...]]:
    """The ways in which a window of whole days lies over the units of the calendar: how many of its days
    belong to each. A week begins on Monday, and so does a window of a week."""
    if unit == "day":
        return [(1,) * days]
    if unit == "week":
        return [(days,)] if days <= 7 else [_weeks(first, days) for first in range(1, 8)]
    across: list[tuple[int, ...]] = [(days,), *((first, days - first) for first in range(1, days))]
    return [*across, (1, 28, 1)] if days == 30 else across  # from 31 January to 1 March


def _weeks(first: int, days: int) -> tuple[int, ...]:
    rest = days - first
    return (first, *(7,) * (rest // 7), rest % 7)


def window_of(cap: Cap) -> int:
    """The days for which a limit counts, rounded down to whole days (0: less than one)."""
    if cap.rolling is not None:
        return least_seconds(cap.rolling) // DAY
    return {"day": 1, "week": 7, "month": 28}[cap.unit]
