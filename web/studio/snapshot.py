"""What the whole journal says, counted once for as long as nothing was added to it, and not all the time
while much is."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from engine.core.bundle import Entry
from engine.core.record import What
from engine.insight.figures import FlowFigures, figures
from engine.insight.records import Mark, Records
from engine.insight.standing import Tally, tally
from engine.insight.story import Names

_RESTS = 5.0
"""A count is kept at least this many times as long as it took …"""
_LONGEST_REST = 10.0
"""… and no longer than so many seconds, once something was added."""


@dataclass(frozen=True, slots=True)
class Counted:
    """`mails` are the journal's lines of mails that went, by the mail's key; `newest` is the key of the
    newest one of each step, by flow and step."""

    figures: Mapping[str, FlowFigures]
    tally: Tally
    mails: Mapping[str, Entry]
    first: int | None
    last: int | None
    newest: Mapping[tuple[str, str], str]


class Snapshot:
    """Keeps the newest count. Several threads may ask; one of them counts, and the others get what there is.
    `seconds` is a clock that only runs on."""

    def __init__(self, names: Names, clock: ZoneInfo, seconds: Callable[[], float] = time.monotonic) -> None:
        self._names = names
        self._clock = clock
        self._seconds = seconds
        self._rests_until = 0.0
        self._lock = threading.Lock()
        self._mark: Mark | None = None
        self._counted = Counted({}, Counter(), {}, None, None, {})

    def of(self, records: Records) -> Counted:
        """The count of what `records` hold now, or held a few seconds ago if counting takes long."""
        if self._mark is not None and self._lock.locked():
            return self._counted
        with self._lock:
            mark, begun = records.mark(), self._seconds()
            if mark != self._mark and (self._mark is None or begun >= self._rests_until):
                self._counted = self._count(records)
                self._mark = mark
                ended = self._seconds()
                self._rests_until = ended + min(_RESTS * (ended - begun), _LONGEST_REST)
            return self._counted

    def _count(self, records: Records) -> Counted:
        lines = records.lines()
        flows = list(self._names.flows.values())
        goals = sorted({flow.goal.event for flow in flows if flow.goal is not None})
        events = records.events(*goals) if goals else []
        rows = figures(flows, lines, events, self._clock)
        first, last = (lines[0].at, lines[-1].at) if lines else (None, None)
        mails = self._mails(lines)
        newest = {(entry.flow, entry.step): key for key, entry in mails.items()}
        return Counted({row.flow: row for row in rows}, tally(lines), mails, first, last, newest)

    def _mails(self, lines: Iterable[Entry]) -> dict[str, Entry]:
        visits: Counter[tuple[str, str]] = Counter()
        found: dict[str, Entry] = {}
        for entry in lines:
            if entry.what in (What.SENT, What.SKIPPED, What.UNKNOWN):
                visits[entry.journey, entry.step] += 1
                if entry.what != What.SKIPPED:
                    found[self._names.key(entry.journey, entry.step, visits[entry.journey, entry.step])] = (
                        entry
                    )
        return found
