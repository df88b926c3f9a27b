"""Whoever asked that what is known of them is kept and not used: their journeys stand still, and nothing of
them is looked at, until that is lifted. Then the journeys go on from where they stand, as those of a paused
flow do: a wait that is over by then is over at once, and a marketing mail that comes of it and is later than
marketing may be goes no more. Nothing starts for what happened meanwhile."""

from engine.core import leaving, segments, waits, windows
from engine.core.bundle import Happened, replace
from engine.core.calendar import NEVER
from engine.core.record import What, Why
from engine.core.restriction import Missed, Restriction
from engine.core.steps import walk
from engine.core.turn import Turn

MOST_MISSED = 100
"""Events that are kept of one contact for when it is lifted, beside the newest of each name."""


def begin(turn: Turn) -> None:
    """Have all of the contact stand still: no deadline comes, and they are in no segment."""
    if turn.bundle.restricted is not None:
        return
    turn.change(restricted=Restriction(turn.now))
    for journey in turn.bundle.journeys:
        _note(turn, journey.id, What.PAUSED)
        turn.stand(journey, journey.due)
    turn.change(segments=frozenset(), segments_due=NEVER, dates={}, armed={})


def miss(turn: Turn, happened: Happened, at: int) -> None:
    """Keep an event for the journeys that would hear it, or be left by it, once they go on. What is known of
    people only by what they agreed to is not known now."""
    held = turn.bundle.restricted
    assert held is not None, "else it is heard"
    if happened.event not in windows.PURPOSE_OF and any(
        _would_hear(turn, journey.id, happened.event) for journey in turn.bundle.journeys
    ):
        missed = (*held.missed, Missed(happened.event, at, happened.data))
        turn.change(restricted=replace(held, missed=_bounded(missed)))


def lift(turn: Turn) -> None:
    """Have all go on. What journeys would have heard meanwhile they hear now, so that nobody is reminded of
    what they did long since; nothing starts by it, nor by a segment or a date that came meanwhile."""
    held = turn.bundle.restricted
    if held is None:
        return
    bundle = turn.bundle
    known = {purpose: turn.stimulus.at for purpose in windows.PURPOSES if purpose in bundle.agreed}
    turn.change(restricted=None, known_since={**bundle.known_since, **known})
    turn.change(judged_by=turn.loaded.judges, dated_by=turn.loaded.dated_by)
    turn.learned = True
    segments.reconsider(turn, quiet=True)
    for journey in bundle.journeys:
        due = held.dues.get(journey.id, journey.due)
        _note(turn, journey.id, What.RESUMED)
        if due >= 0:
            turn.stand(journey, due)
    for one in held.missed:
        event = {**one.data, "at": one.at}
        turn.due = min(one.at, turn.now)
        leaving.on_event(turn, one.event, event)
        for journey in turn.bundle.journeys:
            if held.dues.get(journey.id, journey.due) >= 0:
                waits.hear(turn, journey, one.event, event)
    for journey in bundle.journeys:
        due = held.dues.get(journey.id, journey.due)
        if due < 0 and turn.journey(journey.id) is journey:
            turn.due = -due
            walk(turn, journey, journey.node)
    turn.due = turn.now


def _would_hear(turn: Turn, id_: str, event: str) -> bool:
    journey = turn.journey(id_)
    if journey is None:
        return False
    flow = turn.flow(journey)
    listeners = [listener.event for listener in flow.leaves]
    heard = [hear.event for hears in flow.hears.values() for hear, _ in hears]
    return event in listeners or event in heard


def _bounded(missed: tuple[Missed, ...]) -> tuple[Missed, ...]:
    """No more than so many, for they stand in a row that is written at each step: of too many the oldest goes
    of which there is a newer one by the same name."""
    if len(missed) <= MOST_MISSED:
        return missed
    newest = {one.event: place for place, one in enumerate(missed)}
    drop = next((place for place, one in enumerate(missed) if newest[one.event] != place), None)
    return missed if drop is None else (*missed[:drop], *missed[drop + 1 :])


def _note(turn: Turn, id_: str, what: What) -> None:
    journey = turn.journey(id_)
    if journey is not None:
        step = turn.flow(journey).graph.nodes[journey.node].step
        reason = Why.RESTRICTED if what is What.PAUSED else ""
        turn.note(journey.flow, journey.id, step, what, reason)
