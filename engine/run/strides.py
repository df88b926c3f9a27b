"""Timers that lead a journey from one wait to the next and concern nothing else: what comes of them is
reckoned without all that is known of the contact, once for all who stand at one place."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

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
    others: list[Due] = []
    asking: list[Due] = []
    for one in due:
        if not one.alone or timers[one.contact] > 1 or one.contact in busy:
            others.append(one)
            continue
        taken = strides.of(one.graph, one.node, one.clock, one.contact)
        if taken is not None:
            _go(loaded, one, taken, batch, now)
        else:
            (asking if strides.asks(one.graph, one.node) else others).append(one)
    asking = await _by_attributes(store, loaded, strides, asking, batch, now)
    known = await store.standing([one.slot for one in asking]) if asking else {}
    for one in asking:
        found = known.get(one.slot)
        if found is None or (answer := _answer(strides, loaded, *found)) is None:
            others.append(one)
            continue
        _note(loaded, one, answer, batch, now)
        _move(one, found[1], answer, batch)
    return others


async def _by_attributes(
    store: Store, loaded: Loaded, strides: Strides, asking: Sequence[Due], batch: Batch, now: int
) -> list[Due]:
    """Have those go on of whom nothing is asked but attributes; the others."""
    named = [(one, strides.names(one.graph, one.node)) for one in asking]
    known = await store.attributes([one.slot for one, names in named if names is not None])
    others = []
    for one, names in named:
        told = known.get(one.slot)
        taken = None if told is None or names is None else _taken(strides, one, names, told)
        if taken is None:
            others.append(one)
        else:
            _go(loaded, one, taken, batch, now)
    return others


def _taken(strides: Strides, one: Due, names: Sequence[str], told: Mapping[str, bytes]) -> Stride | None:
    try:
        return strides.of(
            one.graph, one.node, one.clock, one.contact, tuple([told.get(name) for name in names])
        )
    except Exception:  # noqa: BLE001 - whoever looks at it whole finds it out too, and acts on it
        return None


def _go(loaded: Loaded, one: Due, taken: Stride, batch: Batch, now: int) -> None:
    _note(loaded, one, taken, batch, now)
    batch.strides.append((one, taken))


def _answer(strides: Strides, loaded: Loaded, bundle: Bundle, journey: Journey) -> Stride | None:
    """What comes of a timer behind which the contact is asked about; None if what is known will not do."""
    if bundle.kept_by != loaded.kept_by:
        return None
    try:
        return strides.known(bundle, journey)
    except Exception:  # noqa: BLE001 - whoever looks at it whole finds it out too, and acts on it
        return None


def _move(one: Due, journey: Journey, taken: Stride, batch: Batch) -> None:
    if taken.visits is None:
        batch.strides.append((one, taken))
    elif taken.node == END:
        batch.journeys_gone.append(journey)
    else:
        there = {"node": taken.node, "due": taken.due, "epoch": journey.epoch + 1, "visits": taken.visits}
        batch.journeys_moved.append((journey, replace(journey, **there)))


def _note(loaded: Loaded, one: Due, taken: Stride, batch: Batch, now: int) -> None:
    flow = loaded.graphs[one.graph].graph.flow
    batch.passages.append(Passage(one.contact, one.journey, flow, now, taken.lines))
