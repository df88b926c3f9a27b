"""Whether rows of the engine's tables belong together: timers, watches and contacts with the journeys."""

from collections.abc import Iterator

from promise_life import Life
from promise_remains import tables_of

from engine.core.calendar import NEVER
from engine.store.rows import profile_of


def adrift(life: Life) -> Iterator[str]:
    """Which rows are nobody's, and which are missing, in words."""
    rows = dict(tables_of(life, "engine"))
    journeys = {(due, slot) for slot, _, _, _, _, _, due, *_ in rows["journey"] if due != NEVER}
    yield from _unlike("timer", set(rows["timer"]), journeys)
    people = {id_: profile_of(body) for id_, body in rows["contact"]}
    watches = {(known.watch, id_) for id_, known in people.items() if known.watch != NEVER}
    yield from _unlike("watch", set(rows["watch"]), watches)
    if any(id_ not in people or slot not in people[id_].slots for slot, id_, *_ in rows["journey"]):
        yield "a row of journey is in no contact's row"


def _unlike(table: str, found: set[tuple[int, object]], wanted: set[tuple[int, object]]) -> Iterator[str]:
    if found - wanted:
        yield f"a row of {table} is nobody's"
    if wanted - found:
        yield f"a row of {table} is missing"
