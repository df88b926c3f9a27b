"""When somebody reads mail: the hour of the week at which they most often open it or follow its links."""

from datetime import datetime, timedelta

from dsl.graph import Duration, WaitForBestTime
from engine.core import calendar
from engine.core.conditions import Scene
from engine.core.record import Why
from engine.core.windows import MEASURED, PURPOSE_OF

ENOUGH = 3
"""So many openings and clicks tell something of a person; fewer are chance."""

_HOURS = 24
_WEEK = 7 * _HOURS
_A_WEEK = Duration(days=7)
_NEAR, _SAME = 1, 2
"""An hour counts what happened in it twice as much as what happened in those beside it."""


def best_time(node: WaitForBestTime, scene: Scene) -> tuple[int, Why]:
    """The moment from now to `up_to` from now at which the contact is likeliest to read a mail, and why: the
    present hour, or the beginning of a later one, the earliest of those that are equally good. Days of the
    week are told apart where the wait may last one. Where too little is known it is now."""
    bundle, now, clock = scene.bundle, scene.now, scene.clock
    if any(PURPOSE_OF[event] not in bundle.agreed for event in MEASURED):
        return now, Why.NOT_MEASURED
    read = [seen.at for event in sorted(MEASURED) for seen in bundle.windows.get(event, ())]
    if len(read) < ENOUGH:
        return now, Why.TOO_LITTLE_KNOWN
    latest = calendar.add(now, node.up_to, clock)
    weekly = latest >= calendar.add(now, _A_WEEK, clock)
    worth = _worth([calendar.wall(moment, clock) for moment in read], weekly)
    best, most = now, worth[_hour(calendar.wall(now, clock))]
    shown = calendar.wall(now, clock).replace(minute=0, second=0, microsecond=0)
    for _ in range(_WEEK - 1):
        shown += timedelta(hours=1)
        moment = calendar.instant(shown, clock)
        if moment > latest:
            break
        if moment > now and worth[_hour(shown)] > most:
            best, most = moment, worth[_hour(shown)]
    return best, Why.BEST_TIME


def _worth(read: list[datetime], weekly: bool) -> list[int]:
    """How good each hour of the week is: by what happened at that hour on any day, and (`weekly`) again by
    what happened on that day of the week."""
    worth = [0] * _WEEK
    for moment in read:
        hour = _hour(moment)
        for beside, weight in ((-1, _NEAR), (0, _SAME), (1, _NEAR)):
            for day in range(7):
                worth[(hour + beside + day * _HOURS) % _WEEK] += weight
            worth[(hour + beside) % _WEEK] += weight * weekly
    return worth


def _hour(shown: datetime) -> int:
    """Its number in the week, from Monday 00:00."""
    return shown.weekday() * _HOURS + shown.hour
