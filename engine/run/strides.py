"""Timers that lead a journey from one wait to the next and concern nothing else: nobody is loaded for them,
and what comes of them is reckoned once for all who stand at one place."""

from collections import Counter
from collections.abc import Collection, Sequence

from engine.core.bundle import Entry
from engine.core.loaded import Loaded
from engine.core.stride import Strides
from engine.store.batch import Batch
from engine.store.due import Due


def stride(due: Sequence[Due], busy: Collection[str], loaded: Loaded, batch: Batch, now: int) -> list[Due]:
    """Have those go on that can at `now` (ms UTC); the others, who must be looked at whole. Somebody to whom
    something else happens in this batch is among the `busy`."""
    strides = Strides(loaded, now)
    timers = Counter([one.contact for one in due])
    several = {contact for contact, count in timers.items() if count > 1} if len(timers) < len(due) else ()
    others = []
    for one in due:
        way = None
        if one.plain and one.contact not in busy and one.contact not in several:
            way = strides.of(one.graph, one.node, one.clock, one.contact)
        if way is None:
            others.append(one)
            continue
        batch.strides.append((one, way))
        flow = loaded.graphs[one.graph].graph.flow
        for n, line in enumerate(way.lines):
            told = (one.journey, flow, line.step, line.what, line.reason, line.until)
            batch.entries.append(Entry(one.contact, now, n, *told))
    return others
