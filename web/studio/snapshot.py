"""What the whole journal says, counted once for as long as nothing was added to it."""

import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from engine.core.bundle import Entry
from engine.core.record import What
from engine.insight.figures import FlowFigures, figures
from engine.insight.records import Mark, Records
from engine.insight.standing import Tally, tally
from engine.insight.story import Names


@dataclass(frozen=True, slots=True)
class Counted:
    """`mails` are the journal's lines of mails that went, by the mail's key."""

    figures: Mapping[str, FlowFigures]
    tally: Tally
    mails: Mapping[str, Entry]
    first: int | None
    last: int | None


class Snapshot:
    """Keeps the newest count. Several threads may ask; one of them counts."""

    def __init__(self, names: Names, clock: ZoneInfo) -> None:
        self._names = names
        self._clock = clock
        self._lock = threading.Lock()
        self._mark: Mark | None = None
        self._counted = Counted({}, Counter(), {}, None, None)

    def of(self, records: Records) -> Counted:
        """The count of what `records` hold now."""
        with self._lock:
            mark = records.mark()
            if mark != self._mark:
                self._counted = self._count(records)
                self._mark = mark
            return self._counted

    def _count(self, records: Records) -> Counted:
        lines = records.lines()
        flows = list(self._names.flows.values())
        goals = sorted({flow.goal.event for flow in flows if flow.goal is not None})
        events = records.events(*goals) if goals else []
        rows = figures(flows, lines, events, self._clock)
        moments = [lines[0].at, lines[-1].at] if lines else [None, None]
        return Counted({row.flow: row for row in rows}, tally(lines), self._mails(lines), *moments)

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
