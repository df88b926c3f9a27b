"""How far back mails count: the calendar unit, or the last days, of a promise not to write too often."""

import re
from datetime import UTC, datetime, timedelta

_CALENDAR = ("day", "week", "month")
_ROLLING = re.compile(r"([1-9][0-9]{0,2}) days\Z")
_DAY_MS = 86_400_000
_CLOCKS_MS = 3 * 3_600_000
"""No change of clocks takes more from a day: so many at Antarctica/Casey, two at Troll, elsewhere one."""
_LONGEST_UNIT_DAYS = 31


def is_unit(unit: str) -> bool:
    """Whether mails can be counted by it: `day`, `week`, `month`, or the last days as in `7 days`."""
    return unit in _CALENDAR or _ROLLING.match(unit) is not None


def unit_start(unit: str, now: int) -> int:
    """From when on mails count at `now`; both in ms UTC. The calendar day, week (Monday first) and month
    begin in UTC, for no clock of a subject is known here. The last days are a rolling window, looking back
    from `now`, and shorter by what a change of clocks may take from them: the days of whoever asks are those
    of the subject's clock, and what they allow is not refused."""
    rolling = _ROLLING.match(unit)
    if rolling is not None:
        return now - int(rolling[1]) * _DAY_MS + _CLOCKS_MS + 1
    day = datetime.fromtimestamp(now // 1000, UTC).replace(hour=0, minute=0, second=0)
    if unit == "week":
        day -= timedelta(days=day.weekday())
    elif unit == "month":
        day = day.replace(day=1)
    return int(day.timestamp()) * 1000


def reach(unit: str) -> int:
    """How many milliseconds a mail may lie back and still count."""
    rolling = _ROLLING.match(unit)
    return (int(rolling[1]) if rolling is not None else _LONGEST_UNIT_DAYS) * _DAY_MS
