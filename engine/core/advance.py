"""The one function that moves people: `advance`. No clock, no randomness, no I/O."""

from typing import Any, TypeAlias

from dsl.graph import Send, Wait, WaitFor
from engine.core import boundary, windows
from engine.core.bundle import (
    Advanced,
    Agreed,
    Bundle,
    Fired,
    Happened,
    Journey,
    Learned,
    MailEnded,
    Stimulus,
    replace,
)
from engine.core.calendar import NEVER
from engine.core.entering import enter
from engine.core.loaded import SENT, Flow, Loaded
from engine.core.record import What, Why
from engine.core.steps import wait_until, walk
from engine.core.turn import Turn

Moved: TypeAlias = list[tuple[str, bool]]
"""Segments that a contact joined (True) or left."""


def advance(loaded: Loaded, bundle: Bundle, stimulus: Stimulus, now: int) -> Advanced:
    """The contact after `stimulus`, the effects to carry out and the lines of the journal.

    `now` is in milliseconds UTC. The same arguments always give the same result.
    """
    turn = Turn(loaded, bundle, stimulus, now)
    data = stimulus.data
    # at equal moments the event comes first, but what time has changed before it holds for it
    if turn.bundle.segments_due < now + isinstance(data, Fired):
        _start(turn, {}, _reconsider_segments(turn))
    match data:
        case Happened():
            _happened(turn, data, stimulus.at)
        case Agreed():
            _agreed(turn, data, stimulus.at)
        case Learned():
            _learned(turn, data)
        case Fired() if data.journey:
            _fired(turn, data)
        case MailEnded():
            _mail_ended(turn, data, stimulus.at)
    return turn.done()


def _happened(turn: Turn, data: Happened, at: int) -> None:
    """History, then `leave`, then waits, then starts, flows by name."""
    _remember(turn, data.event, data.data, at)
    moved = _reconsider_segments(turn)
    event = {**data.data, "at": at}
    for journey in turn.bundle.journeys:
        if _leaves(turn, turn.flow(journey), journey, data.event, event):
            turn.end(journey, What.LEFT, data.event)
    for journey in turn.bundle.journeys:
        _hear(turn, journey, data.event, event)
    scene = turn.scene(None, event)
    starting = {
        flow.graph.flow: event
        for flow, listener in turn.loaded.starts_by_event.get(data.event, ())
        if listener.test is None or listener.test(scene)
    }
    if not data.late:
        _start(turn, starting, moved)
        return
    for name in sorted(starting):
        turn.note(name, "", "", What.NOT_ENTERED, Why.EVENT_LATE)


def _agreed(turn: Turn, data: Agreed, at: int) -> None:
    told = {"language": data.language, "email_domain": data.domain}
    known = {name: value for name, value in told.items() if value}
    if known:
        turn.change(attributes={**turn.bundle.attributes, **known})
    if data.active:
        turn.change(agreed=turn.bundle.agreed | {data.topic})
    else:
        turn.change(agreed=turn.bundle.agreed - {data.topic})
        for journey in turn.bundle.journeys:
            if turn.flow(journey).graph.topic == data.topic:
                turn.end(journey, What.LEFT, Why.TOPIC_WITHDRAWN)
    name = "subscribed" if data.active else "unsubscribed"
    _happened(turn, Happened(name, {"topic": data.topic}), at)


def _learned(turn: Turn, data: Learned) -> None:
    attributes = {**turn.bundle.attributes, **data.attributes}
    turn.change(attributes={name: value for name, value in attributes.items() if value is not None})
    _start(turn, {}, _reconsider_segments(turn))


def _fired(turn: Turn, data: Fired) -> None:
    journey = turn.journey(data.journey)
    if journey is None or journey.epoch != data.epoch:
        return
    if journey.due > turn.now:
        turn.stand(journey, journey.due)
        return
    if data.mail_open:
        turn.stand(journey, NEVER)  # the wait counts from the hand-over, which will be reported
        return
    node = turn.flow(journey).graph.nodes[journey.node]
    match node:
        case Wait():
            walk(turn, journey, node.next)
        case WaitFor():
            turn.note(journey.flow, journey.id, node.step, What.TIMED_OUT)
            walk(turn, journey, node.on_timeout)


def _mail_ended(turn: Turn, data: MailEnded, at: int) -> None:
    """The mail becomes history first: what the journey asks next counts it."""
    what = What.SKIPPED if data.reason else What.SENT
    if data.reason == Why.OUTCOME_UNKNOWN:
        what = What.UNKNOWN
    turn.note(data.flow, data.journey, data.step, what, data.reason)
    if what is not What.SKIPPED:
        facts = {"flow": data.flow, "step": data.step, "template": data.template, "topic": data.topic}
        _happened(turn, Happened(SENT, facts), at)
    journey = turn.journey(data.journey)
    if journey is not None and journey.mail == data.key:
        _go_on(turn, journey, data.step, sent=what is not What.SKIPPED)


def _go_on(turn: Turn, journey: Journey, step: str, sent: bool) -> None:
    """The hand-over that a journey's present step counts from is known."""
    if not sent:
        journey = replace(journey, sent=tuple(other for other in journey.sent if other != step))
    node = turn.flow(journey).graph.nodes[journey.node]
    match node:
        case Send():
            walk(turn, journey, node.next)
        case Wait():
            turn.stand(replace(journey, mail=""), wait_until(turn, node))


# ---------------------------------------------------------------- parts


def _remember(turn: Turn, event: str, data: dict[str, Any], at: int) -> None:
    need = turn.loaded.needs.get(event)
    if need is not None:
        seen = turn.bundle.windows.get(event, ())
        window = windows.record(seen, need, data, at, turn.now, turn.clock)
        turn.change(windows={**turn.bundle.windows, event: window})


def _leaves(turn: Turn, flow: Flow, journey: Journey, name: str, event: dict[str, Any]) -> bool:
    return any(
        listener.event == name and (listener.test is None or listener.test(turn.scene(journey, event)))
        for listener in flow.leaves
    )


def _hear(turn: Turn, journey: Journey, name: str, event: dict[str, Any]) -> None:
    flow = turn.flow(journey)
    if event["at"] > journey.due:  # its time was up before this happened; the timer is on its way
        return
    for hear, test in flow.hears.get(journey.node, ()):
        if hear.event == name and (test is None or test(turn.scene(journey, event))):
            step = flow.graph.nodes[journey.node].step
            turn.note(journey.flow, journey.id, step, What.HEARD, name)
            received = {**journey.received, step: event}
            walk(turn, replace(journey, received=received), hear.next)
            return


def _reconsider_segments(turn: Turn) -> Moved:
    """Bring memberships up to date, arm the next look, and tell what changed."""
    before = turn.bundle.segments
    due = NEVER
    now_in: frozenset[str] = frozenset()
    for watched in turn.loaded.segments:  # each behind those that it asks for
        scene = turn.scene()
        name = watched.segment.name
        if watched.test(scene):
            now_in |= {name}
        if (name in now_in) != (name in turn.bundle.segments):
            turn.change(segments=turn.bundle.segments ^ {name})
        due = min(due, boundary.next_boundary(watched.boundaries, scene))
    moved = [(name, True) for name in sorted(now_in - before)]
    moved += [(name, False) for name in sorted(before - now_in)]
    if moved:
        turn.change(segments=now_in)
    if turn.loaded.segments and turn.bundle.judged_by != turn.loaded.judges:
        turn.change(judged_by=turn.loaded.judges)
        if not turn.new:  # the segments were edited: that happened to the project, not to the person
            moved = []
    for name, joined in moved:
        turn.note("", "", name, What.JOINED if joined else What.PARTED)
    if due != turn.bundle.segments_due:
        turn.change(segments_due=due)
    return moved


def _start(turn: Turn, by_event: dict[str, dict[str, Any]], by_segment: Moved) -> None:
    """Start the flows of `by_event` (their triggers by name), and those that wait for a segment's change."""
    starting = dict(by_event)
    for name, flow in turn.loaded.current.items():
        if any((start.segment, start.joining) in by_segment for start in flow.segment_starts):
            starting.setdefault(name, {})
    for name in sorted(starting):
        enter(turn, turn.loaded.current[name], starting[name])
