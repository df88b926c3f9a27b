"""How much marketing mail one person gets: whether a mail may go now, or when, or not at all.

Calendar units are on the contact's own clock, and so is quiet, but for that of a flow with a clock of its
own. Decided from what was handed over or may be; nothing is set aside for mails that wait.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from dsl.graph import Cap, Duration, Limits, Quiet
from engine.core import calendar
from engine.core.bundle import Mailed
from engine.core.calendar import NEVER
from engine.core.record import Why

_MINUTE, _DAY = 60_000, 86_400_000
_UNIT_DAYS = {"day": 1, "week": 7, "month": 31}
_LOOKAHEAD = 400 * _DAY
"""Quiet periods that leave no moment of the day free are found out so long behind the end of the limits."""

Counted = tuple[Cap, Sequence[Mailed]]
"""A limit, and the mails that it counts, all of the past."""


class Room(Struct, frozen=True):
    """When a mail may go: now, or `at` a later moment for the reason `why`; never where `at` is None."""

    at: int | None
    why: Why | None = None


def room(
    limits: Sequence[tuple[Limits, Sequence[Mailed], ZoneInfo]], now: int, wants_since: int, clock: ZoneInfo
) -> Room:
    """What all limits together say to a mail that has wanted to go since `wants_since`. What is counted is
    counted by `clock`, the contact's own; each quiet is on the clock beside it.

    A full limit without `wait` skips. Else the mail goes at the first moment that is free of limits and
    quiet, unless that lies beyond the shortest wait of those that are full. Quiet alone never skips.
    """
    caps = [(cap, mails) for each, mails, _ in limits for cap in each.caps]
    quiets = [(quiet, own) for each, _, own in limits for quiet in each.quiet]
    full = [cap for cap, mails in caps if _free_from(cap, mails, now, clock) > now]
    latest = NEVER
    for cap in full:
        if cap.wait is None:
            return Room(None, Why.LIMIT)
        latest = min(latest, calendar.add(wants_since, cap.wait, clock))
    why = Why.LIMIT if full else Why.QUIET
    first = _first_free(caps, quiets, now, clock)
    if first > latest or first == NEVER:
        return Room(None, why)
    return Room(first, why if first > now else None)


def horizon(every: Iterable[Limits]) -> int:
    """For how many milliseconds mails must be remembered, 0 if nothing limits any."""
    longest = 0
    for limits in every:
        for cap in limits.caps:
            longest = max(longest, _milliseconds(cap))
    return longest


def remembered(mails: Sequence[Mailed], now: int, keep: int) -> tuple[Mailed, ...]:
    """Those mails that a limit may still count."""
    return tuple(mail for mail in mails if mail.at > now - keep)


def _milliseconds(cap: Cap) -> int:
    """At least as long as the unit ever is, on whichever clock."""
    length = cap.rolling if cap.rolling is not None else Duration(days=_UNIT_DAYS.get(cap.unit, 0))
    return (length.months * 31 + length.days + 2) * _DAY + length.seconds * 1000


def _first_free(
    caps: Sequence[Counted], quiets: Sequence[tuple[Quiet, ZoneInfo]], now: int, clock: ZoneInfo
) -> int:
    """The first moment from `now` on that no limit and no quiet forbids, `NEVER` if there is none."""
    moment = roomy = now
    while moment - roomy < _LOOKAHEAD:
        free = max((_free_from(cap, mails, moment, clock) for cap, mails in caps), default=moment)
        if free == NEVER:
            return NEVER
        if free > moment:
            moment = roomy = free  # not for ever: no mail is added
        loud = max((_quiet_until(quiet, moment, own) for quiet, own in quiets), default=moment)
        if loud == moment == free:
            return moment
        moment = loud
    return NEVER


def _free_from(cap: Cap, mails: Sequence[Mailed], moment: int, clock: ZoneInfo) -> int:
    """The first moment not before `moment` at which the limit leaves room, if no more mails go."""
    if cap.count < 1:
        return NEVER
    if cap.rolling is not None:
        ends = sorted(_leaves(mail.at, cap.rolling, clock) for mail in mails)
        ends = [end for end in ends if end > moment]
        return ends[-cap.count] if len(ends) >= cap.count else moment
    first, behind = _unit(cap.unit, calendar.day(moment, clock))
    start = calendar.midnight(first, clock)
    counted = sum(1 for mail in mails if mail.at >= start)
    return calendar.midnight(behind, clock) if counted >= cap.count else moment


def _leaves(at: int, length: Duration, clock: ZoneInfo) -> int:
    """When a mail leaves a rolling window: to the minute, as a clock on the wall shows it. Else a letter of
    each Monday, nine o'clock, would find the week full whenever the last one went some seconds later."""
    return calendar.add(at // _MINUTE * _MINUTE, length, clock)


def _unit(unit: str, of: date) -> tuple[date, date]:
    """The first day of the calendar unit in which a day lies, and the first behind it."""
    if unit == "day":
        return of, of + timedelta(days=1)
    if unit == "week":
        monday = of - timedelta(days=of.weekday())
        return monday, monday + timedelta(days=7)
    first = of.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1)


def _quiet_until(quiet: Quiet, moment: int, clock: ZoneInfo) -> int:
    """The end of the quiet in which `moment` lies, `moment` itself where it lies in none."""
    shown = calendar.wall(moment, clock)
    shows = f"{shown:%H:%M}"
    night = quiet.end < quiet.start
    within = shows >= quiet.start or shows < quiet.end if night else quiet.start <= shows < quiet.end
    if not within:
        return moment
    end = datetime.combine(shown.date(), time.fromisoformat(quiet.end))
    if end <= shown:
        end += timedelta(days=1)
    # where the clock goes back, the time comes twice, and the calendar knows the first one only
    elapsed = moment + (end - shown) // timedelta(milliseconds=1)
    return min(calendar.next_at(moment, quiet.end, clock), elapsed)
