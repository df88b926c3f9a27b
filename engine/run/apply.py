"""A release, brought to everybody: segments and starts are looked at anew, people under way are taken over,
flows start for the past where that was asked for.

All of it goes in pages, each in the transaction that also keeps how far it has come: whoever dies in the
midst goes on there. A release that comes before the last one was brought to everybody takes its place; what
that one was to start is started all the same.
"""

from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from operator import itemgetter

from dsl.align import align
from dsl.graph import END, StartOnEvent
from engine.core.bundle import Backfilled, Carried, Stimulus
from engine.core.flow import Flow
from engine.core.loaded import Loaded
from engine.run.sweep import strangers_to
from engine.store.batch import Batch
from engine.store.releases import Backfill, Release
from engine.store.store import Store
from engine.store.told import Past

CARRIED, CARRYING = "carried", "carrying"
"""The release that people were taken over to last, and the one that they are being taken over to."""
PASSED, MOVED = "carried_journeys", "carried_people"
"""How many journeys under way were looked at for that one, and how many people who stood in earlier versions
were taken over to it, each once."""
BACKFILLED, BACKFILLED_TO, BEGUN = "backfilled", "backfilled_to", "backfilled_people"
"""How many of the starts for the past that releases ever asked for are done; up to which contact, as a
number, the present one has come, and how many people have heard of it."""

_CARRIED_TO, _CARRIED_UNTIL = "carried_to", "carried_until"
_PAGE = 500

Places = dict[str, tuple[tuple[int, bool], ...]]


class Applying:
    """Brings `release` to everybody, page by page."""

    def __init__(self, release: Release | None) -> None:
        self._release = release
        self._places: Places | None = None
        self._asked: list[tuple[int, Backfill]] | None = None
        self._past: list[Past] = []

    async def next(
        self, loaded: Loaded, store: Store, cursors: Mapping[str, int], batch: Batch, now: int
    ) -> list[Stimulus]:
        """What is to happen to the next people; nobody when all is done. How far it has come goes into
        `batch`. `now` is in ms UTC."""
        found = await strangers_to(loaded, store, cursors, batch, now)
        if not found and self._release is not None and not batch.cursors:
            found = await self._carry(self._release, loaded, store, cursors, batch, now)
            if not found and not batch.cursors:
                found = await self._backfill(loaded, store, cursors, batch, now)
        return found

    def drop(self, contacts: Collection[str]) -> None:
        """Have no more to do with these people."""
        self._past = [one for one in self._past if one[0] not in contacts]

    async def _carry(
        self,
        release: Release,
        loaded: Loaded,
        store: Store,
        cursors: Mapping[str, int],
        batch: Batch,
        now: int,
    ) -> list[Stimulus]:
        if cursors.get(CARRIED, 0) >= release.number:
            return []
        if self._places is None:
            self._places = places_in(loaded) if release.carries else {}
        goes_on = cursors.get(CARRYING) == release.number
        after = cursors.get(_CARRIED_TO, 0) if goes_on else 0
        passed, moved = (cursors.get(name, 0) if goes_on else 0 for name in (PASSED, MOVED))
        until = cursors.get(_CARRIED_UNTIL) if goes_on else None
        if until is None:  # it begins, or an earlier version that kept none began it
            until = await store.last_slot()
        page, last = await store.travellers(after, until, _PAGE) if self._places else ([], 0)
        if not page:
            batch.cursors |= {CARRIED: release.number, _CARRIED_TO: 0}
            return []
        # whoever stands on a later page too stands in present versions by then, and is not counted again
        movers = {contact for contact, graph in page if graph in self._places}
        batch.cursors |= {
            CARRYING: release.number,
            _CARRIED_TO: last,
            _CARRIED_UNTIL: until,
            PASSED: passed + len(page),
            MOVED: moved + len(movers),
        }
        words, people = Carried(self._places), dict.fromkeys(contact for contact, _ in page)
        return [Stimulus(f"release-{release.number}", contact, now, words) for contact in people]

    async def _backfill(
        self, loaded: Loaded, store: Store, cursors: Mapping[str, int], batch: Batch, now: int
    ) -> list[Stimulus]:
        if self._asked is None:
            self._asked = await store.backfills()
        done = cursors.get(BACKFILLED, 0)
        if done >= len(self._asked):
            return []
        number, asked = self._asked[done]
        after = cursors.get(BACKFILLED_TO, 0)
        told = await self._people(asked, loaded, store, f"{after:032x}")
        if not told:
            self._past = []
            batch.cursors |= {BACKFILLED: done + 1, BACKFILLED_TO: 0, BEGUN: 0}
            return []
        batch.cursors |= {BACKFILLED_TO: int(told[-1][0], 16), BEGUN: cursors.get(BEGUN, 0) + len(told)}
        return [
            Stimulus(f"backfill-{number}-{asked.flow}", contact, now, Backfilled(asked.flow, events))
            for contact, events in told
        ]

    async def _people(self, asked: Backfill, loaded: Loaded, store: Store, after: str) -> Sequence[Past]:
        """The next people for whom a flow may start, with what they did."""
        flow = loaded.current.get(asked.flow)
        if flow is None:
            return []
        kinds = kinds_of(flow)
        if not kinds:
            return [(contact, ()) for contact in await store.contacts(after, _PAGE)]
        first = bisect_right(self._past, after, key=itemgetter(0))
        if first == len(self._past):
            self._past, first = await store.past(kinds, asked.since, after), 0
        return self._past[first : first + _PAGE]


def places_in(loaded: Loaded) -> Places:
    """Where people go who stand in older graphs of flows that are still there."""
    return {
        digest: places_of(flow, loaded.current[flow.graph.flow])
        for digest, flow in loaded.graphs.items()
        if flow.graph.flow in loaded.current and digest != loaded.current[flow.graph.flow].graph.digest
    }


def places_of(old: Flow, new: Flow) -> tuple[tuple[int, bool], ...]:
    """For each step of `old` in order its place in `new` (`END`: none), and whether it is the same step."""
    names = {node.step: index for index, node in enumerate(new.graph.nodes)}
    return tuple(
        (END if each.new is None else names[each.new], not each.removed)
        for each in align(old.graph, new.graph).placements
    )


def kinds_of(flow: Flow) -> frozenset[str]:
    """The events of whose past a flow could be started, and those by which people leave it; empty for one
    that starts on no event."""
    starts = {start.event for start in flow.graph.starts if isinstance(start, StartOnEvent)}
    return frozenset(starts | {leave.event for leave in flow.graph.leaves}) if starts else frozenset()
