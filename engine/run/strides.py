"""Timers that lead a journey from one wait to the next and concern nothing else: what comes of them is
reckoned without all that is known of the contact, once for all who stand at one place."""

from collections import Counter
from collections.abc import Collection, Sequence

from dsl.graph import END
from engine.core.bundle import Bundle, Journey, replace
from engine.core.loaded import Loaded
from engine.core.stride import Stride, Strides
from engine.store.batch import Batch
from engine.store.due import Due
from engine.store.lines import Passage
from engine.store.store import Store


async def stride(
    store: Store, loaded: Loaded, due: Sequence[Due], busy: Collection[str], batch: Batch, now: int
) -> list[Due]:
    """Have those go on that can at `now` (ms UTC); the others, who must be looked at whole. Somebody to whom
    something else happens in this batch is among the `busy`. Everybody has been looked at by the segments and
    starts that are loaded."""
    strides = Strides(loaded, now)
    timers = Counter([one.contact for one in due])
    several = {contact for contact, count in timers.items() if count > 1} if len(timers) < len(due) else ()
    others: list[Due] = []
    asking: list[Due] = []
    for one in due:
        if not one.plain or one.contact in busy or one.contact in several:
            others.append(one)
            continue
        way = strides.of(one.graph, one.node, one.clock, one.contact)
        if way is not None:
            _note(loaded, one, way, batch, now)
            batch.strides.append((one, way))
        else:
            (asking if strides.asks(one.graph, one.node) else others).append(one)
    if asking:
        known = await store.standing([one.slot for one in asking])
        for one in asking:
            found = known.get(one.slot)
            if found is None or not _ask(strides, loaded, one, *found, batch, now):
                others.append(one)
    return others


def _note(loaded: Loaded, one: Due, way: Stride, batch: Batch, now: int) -> None:
    flow = loaded.graphs[one.graph].graph.flow
    batch.passages.append(Passage(one.contact, one.journey, flow, now, way.lines))


def _ask(
    strides: Strides, loaded: Loaded, one: Due, bundle: Bundle, journey: Journey, batch: Batch, now: int
) -> bool:
    """The same for one whose conditions ask about the contact; whether what is known of it will do."""
    if bundle.kept_by != loaded.kept_by:
        return False
    try:
        way = strides.known(bundle, journey)
    except Exception:  # noqa: BLE001 - whoever looks at it whole finds it out too, and acts on it
        return False
    _note(loaded, one, way, batch, now)
    if way.visits is None:
        batch.strides.append((one, way))
        return True
    if way.node == END:
        batch.journeys_gone.append(journey)
    else:
        there = {"node": way.node, "due": way.due, "epoch": journey.epoch + 1, "visits": way.visits}
        batch.journeys_moved.append((journey, replace(journey, **there)))
    return True
