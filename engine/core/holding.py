"""Mails that want to go under limits: which goes, which waits, which is skipped, in order of rank."""

from typing import Any

from dsl.graph import Send
from engine.core import limits
from engine.core.bundle import Journey, replace
from engine.core.record import What, Why
from engine.core.steps import walk
from engine.core.turn import Turn


def release(turn: Turn) -> bool:
    """Decide on the first in rank of the mails that want to go now; whether there was one.

    Rank is the flow's priority, then how long the mail has waited, then the flow's name.
    """
    wanting = [journey for journey in turn.bundle.journeys if wants(journey, turn.now)]
    if not wanting:
        return False
    _decide(turn, min(wanting, key=lambda journey: _rank(turn, journey)))
    return True


def wants(journey: Journey, now: int) -> bool:
    """Whether a journey's mail waits to be decided on."""
    return journey.held > 0 and journey.due <= now


def _rank(turn: Turn, journey: Journey) -> tuple[Any, ...]:
    return turn.flow(journey).graph.priority, journey.held, journey.flow, journey.id


def _decide(turn: Turn, journey: Journey) -> None:
    graph = turn.flow(journey).graph
    node = graph.nodes[journey.node]
    assert isinstance(node, Send)
    still = turn.stimulus.open
    mails = [replace(mail, at=turn.now) if mail.key in still else mail for mail in turn.bundle.mails]
    own = [mail for mail in mails if mail.flow == journey.flow]
    flows_clock = turn.clock_of(turn.flow(journey))
    every = ((turn.loaded.program.limits, mails, turn.clock), (graph.limits, own, flows_clock))
    room = limits.room(every, turn.now, journey.held, turn.clock)
    if room.at == turn.now:
        turn.due = journey.due
        walk(turn, journey, journey.node, may_send=True)
        turn.due = turn.now
    elif room.at is None:
        turn.note(journey.flow, journey.id, node.step, What.SKIPPED, room.why or Why.LIMIT)
        walk(turn, journey, node.next)
    else:
        turn.wait(journey, room.at, What.HELD, room.why or Why.LIMIT)
