"""The one function that moves people: `advance`. No clock, no randomness, no I/O."""

from typing import Any

from dsl.graph import Send, Wait
from engine.core import (
    carrying,
    dates,
    deadlines,
    drawing,
    holding,
    leaving,
    remembering,
    restricting,
    segments,
    waits,
    windows,
)
from engine.core.bundle import (
    Advanced,
    Agreed,
    Backfilled,
    Bundle,
    Cancelled,
    Carried,
    Fired,
    Foretold,
    Happened,
    Journey,
    Learned,
    MailEnded,
    Requested,
    Stimulus,
    Stopped,
    replace,
)
from engine.core.calendar import NEVER
from engine.core.entering import enter, enter_by_request
from engine.core.flow import SENT
from engine.core.loaded import Loaded
from engine.core.record import Ground, What, Why
from engine.core.restriction import Restricted
from engine.core.steps import walk
from engine.core.turn import Turn
from engine.core.unheard import unheard

_PERSONALISATION = "personalisation"
_MEASUREMENT = "measurement"

_WORTH_TELLING = 60_000
"""Milliseconds by which a wait must move for the journal to say so: a mail is seldom handed over at once."""


def advance(loaded: Loaded, bundle: Bundle, stimulus: Stimulus, now: int, more: bool = False) -> Advanced:
    """The contact after `stimulus`, the effects to carry out and the lines of the journal.

    `now` is in milliseconds UTC. `more` says that another stimulus of this contact follows at the same
    moment: then mails under limits are not decided on before that, so that rank and not chance says which
    goes (`undecided` tells whether there are such). The same arguments always give the same result.
    """
    known = unheard(loaded, bundle, stimulus, now)
    return in_full(loaded, bundle, stimulus, now, more) if known is None else Advanced(known)


def in_full(loaded: Loaded, bundle: Bundle, stimulus: Stimulus, now: int, more: bool = False) -> Advanced:
    """The same, by looking at everything that may come of the stimulus: for those of which much may."""
    turn = Turn(loaded, bundle, stimulus, now)
    data = stimulus.data
    _time_has_passed(turn)
    match data:
        case Happened():
            _happened(turn, data, stimulus.at)
        case Agreed():
            _agreed(turn, data, stimulus.at)
        case Stopped():
            _stopped(turn, data)
        case Restricted(on=on):
            (restricting.begin if on else restricting.lift)(turn)
        case Learned():
            _learned(turn, data)
        case Foretold():
            _foretold(turn, data)
        case Fired() if data.journey:
            _fired(turn, data)
        case Requested():
            enter_by_request(turn, data.flow)
        case Carried():
            carrying.carry(turn, data)
        case Backfilled():
            carrying.backfill(turn, data)
        case Cancelled():
            leaving.by_order(turn, data)
        case MailEnded():
            _mail_ended(turn, data, stimulus.at)
    _settle(turn, more)
    return turn.done()


def undecided(bundle: Bundle, now: int) -> bool:
    """Whether a mail waits to be decided on: any further stimulus does that."""
    return any(holding.wants(journey, now) for journey in bundle.journeys)


def _time_has_passed(turn: Turn) -> None:
    """What time alone has changed before the stimulus holds for it; at equal moments an event is first."""
    stimulus, loaded, bundle = turn.stimulus, turn.loaded, turn.bundle
    behind = turn.now + isinstance(stimulus.data, Fired)
    edited = bundle.judged_by != loaded.judges and bool(loaded.segments)
    planned_anew = bundle.dated_by != loaded.dated_by and bool(loaded.dated)
    if bundle.restricted is not None or isinstance(stimulus.data, Restricted):
        return  # also what came just before is not acted on any more
    if not turn.new and (bundle.watch < behind or edited or planned_anew):
        turn.due = min(bundle.watch, turn.now)
        segments.reconsider(turn)
        turn.learned = turn.learned or bool(turn.loaded.dated_events)
        due = dates.due(turn, behind)
        if planned_anew:  # by what was known before what now happens
            dates.rearm(turn)
        _go_and_leave(turn)
        for name in due:
            if dates.is_cancelled(turn, name):
                turn.note(name, "", "", What.NOT_ENTERED, Why.CANCELLED)
            else:
                enter(turn, loaded.current[name], {}, "date")
        _ripple(turn)
    if loaded.watches:
        waits.run_out(turn, stimulus.at if isinstance(stimulus.data, Happened) else behind)
        _follow(turn)
    turn.due = turn.now


def _happened(turn: Turn, data: Happened, at: int, changed: bool = False) -> None:
    """History, then `leave`, then waits, then starts, flows by name. `changed`: and so is the contact."""
    _remember(turn, data.event, data.data, at)
    if turn.bundle.restricted is not None:
        restricting.miss(turn, data, at)
        return
    before = len(turn.moved)
    if changed or turn.new or data.event in turn.loaded.judged_events:
        segments.reconsider(turn)
    moved = turn.moved[before:]
    event = {**data.data, "at": at}
    drawing.hear(turn, data.event, event)
    leaving.on_event(turn, data.event, event)
    if turn.loaded.watches:
        leaving.when_true(turn)
    for journey in turn.bundle.journeys:
        waits.hear(turn, journey, data.event, event)
    _go_and_leave(turn)
    starting: dict[str, dict[str, Any]] = {}
    grounds: dict[str, tuple[Ground, ...]] = {}
    for flow, listener in turn.loaded.starts_by_event.get(data.event, ()):
        scene = turn.scene_of(flow, event)
        if flow.graph.flow not in starting and (listener.test is None or listener.test(scene)):
            starting[flow.graph.flow] = event
            grounds[flow.graph.flow] = listener.grounds(scene, True)
    if not data.late:
        _start(turn, starting, grounds)
        return
    del turn.moved[before : before + len(moved)]  # what journeys have moved since, still starts
    for name in sorted({*starting, *_started_by(turn, moved)}):
        turn.note(name, "", "", What.NOT_ENTERED, Why.EVENT_LATE)


def _agreed(turn: Turn, data: Agreed, at: int) -> None:
    told = {"language": data.language, "email_domain": data.domain}
    known = {name: value for name, value in told.items() if value}
    if known:
        turn.change(attributes={**turn.bundle.attributes, **known})
    if data.active:
        if data.topic in windows.PURPOSES and data.topic not in turn.bundle.agreed:
            turn.change(known_since={**turn.bundle.known_since, data.topic: at})
        silenced = turn.bundle.silenced and data.topic in windows.PURPOSES
        turn.change(agreed=turn.bundle.agreed | {data.topic}, silenced=silenced)
    else:
        turn.change(agreed=turn.bundle.agreed - {data.topic})
        leaving.all_of(turn, lambda flow: flow.graph.topic == data.topic, Why.TOPIC_WITHDRAWN)
        if data.topic in windows.PURPOSES:
            _forget(turn, data.topic)
    if data.quiet:
        segments.reconsider(turn)
        return
    name = "subscribed" if data.active else "unsubscribed"
    _happened(turn, Happened(name, {"topic": data.topic}), at, changed=True)


def _stopped(turn: Turn, data: Stopped) -> None:
    """All marketing, and what was remembered for its sake: the consent service takes neither purpose for
    agreed from here on, until it is confirmed anew."""
    marketing = {topic.name for topic in turn.loaded.program.topics if topic.purpose == "marketing"}
    turn.change(agreed=turn.bundle.agreed - marketing - windows.PURPOSES.keys(), silenced=True)
    for purpose in windows.PURPOSES:
        _forget(turn, purpose)
    leaving.all_of(turn, lambda flow: flow.graph.purpose == "marketing", data.reason)
    segments.reconsider(turn)


def _learned(turn: Turn, data: Learned) -> None:
    attributes = {**turn.bundle.attributes, **data.attributes}
    turn.change(attributes={name: value for name, value in attributes.items() if value is not None})
    segments.reconsider(turn)


def _foretold(turn: Turn, data: Foretold) -> None:
    if _PERSONALISATION not in turn.bundle.agreed or turn.bundle.restricted is not None:
        return
    predicted = {**turn.bundle.predicted, **data.predicted}
    turn.change(predicted={what: value for what, value in predicted.items() if value is not None})
    segments.reconsider(turn)


def _fired(turn: Turn, data: Fired) -> None:
    journey = turn.journey(data.journey)
    if journey is None or journey.epoch != data.epoch:
        return
    if journey.due > turn.now:
        turn.stand(journey, journey.due)
    elif data.mail_open:
        turn.stand(journey, NEVER)  # the wait counts from the hand-over, which will be reported
    else:
        turn.due = journey.due
        waits.fired(turn, journey)  # a mail under limits is decided on when all has settled


def _mail_ended(turn: Turn, data: MailEnded, at: int) -> None:
    """The mail becomes history first: what the journey asks next counts it."""
    what = What.SKIPPED if data.reason else What.SENT
    if data.reason == Why.OUTCOME_UNKNOWN:
        what = What.UNKNOWN
    turn.note(data.flow, data.journey, data.step, what, data.reason, fault=data.fault)
    _count(turn, data.key, at, gone=what is not What.SKIPPED)
    if what is not What.SKIPPED:
        facts = {"flow": data.flow, "step": data.step, "template": data.template, "topic": data.topic}
        _happened(turn, Happened(SENT, facts), at)
    journey = turn.journey(data.journey)
    if journey is not None and journey.mail == data.key:
        _go_on(turn, journey, data.step, sent=what is not What.SKIPPED)


def _count(turn: Turn, key: str, at: int, gone: bool) -> None:
    """Limits count a mail from its hand-over; one that did not go leaves its room to others."""
    mails = turn.bundle.mails
    if not any(mail.key == key for mail in mails):
        return
    counted = [replace(mail, at=at) if mail.key == key else mail for mail in mails]
    turn.change(mails=tuple(mail for mail in counted if gone or mail.key != key))
    if not gone:
        turn.reopen()


def _go_on(turn: Turn, journey: Journey, step: str, sent: bool) -> None:
    """The hand-over that a journey's present step counts from is known."""
    if not sent and step in journey.sent:
        names = list(journey.sent)
        names.remove(step)  # once: a step that is repeated may have been sent before
        journey = replace(journey, sent=tuple(names))
    node = turn.flow(journey).graph.nodes[journey.node]
    was = turn.due_of(journey)
    match node:
        case Send():
            walk(turn, journey, node.next)
        case Wait():
            due = deadlines.of(node, turn.now, turn.clock_of(turn.flow(journey)))
            if due - was < _WORTH_TELLING and was < NEVER:
                turn.stand(replace(journey, mail=""), due)
            else:
                turn.wait(replace(journey, mail=""), due, What.WAIT_MOVED, Why.MAIL_LATE)


# ---------------------------------------------------------------- parts


def _remember(turn: Turn, event: str, data: dict[str, Any], at: int) -> None:
    before = turn.bundle.windows
    turn.bundle = remembering.of(turn.loaded, turn.bundle, event, data, at, turn.now)
    if turn.bundle.windows is not before:
        turn.learned = turn.learned or event in turn.loaded.dated_events


def _forget(turn: Turn, purpose: str) -> None:
    """What was remembered for that purpose only."""
    bundle, events = turn.bundle, windows.PURPOSES[purpose]
    turn.change(
        windows={event: seen for event, seen in bundle.windows.items() if event not in events},
        known_since={other: since for other, since in bundle.known_since.items() if other != purpose},
        viewed=() if purpose == _PERSONALISATION else bundle.viewed,
        predicted={} if purpose == _PERSONALISATION else bundle.predicted,
    )
    if purpose == _MEASUREMENT:
        drawing.strike(turn)
    turn.learned = True  # a start may have stood armed on it


def _start(
    turn: Turn, by_event: dict[str, dict[str, Any]], grounds: dict[str, tuple[Ground, ...]] | None = None
) -> None:
    """Start the flows of `by_event` (their triggers by name; `grounds` decided that they do), and those that
    wait for a segment's change. A segment starts a flow once in a turn: flows that move people to and fro
    must not go on for ever."""
    starting = dict(by_event)
    moved, turn.moved = turn.moved, []
    for name in _started_by(turn, moved):
        if name not in starting and name not in turn.started:
            starting[name] = {}
    turn.started |= starting.keys()
    for name in sorted(starting):
        cause = "" if name in by_event else f"{turn.cause}segment"
        enter(turn, turn.loaded.current[name], starting[name], cause, (grounds or {}).get(name, ()))


def _started_by(turn: Turn, moved: list[tuple[str, bool]]) -> list[str]:
    """The flows that start on one of these changes of segments."""
    if not moved:
        return []
    return [
        name
        for name, flow in turn.loaded.current.items()
        if any((start.segment, start.joining) in moved for start in flow.segment_starts)
    ]


def _ripple(turn: Turn) -> None:
    """Whatever follows from what has changed, until nothing does."""
    _go_and_leave(turn)
    while turn.moved:
        _start(turn, {})
        _go_and_leave(turn)


def _follow(turn: Turn) -> None:
    """What journeys have set off, in that order, each with all that comes of it."""
    while turn.following:
        key, data = turn.following.popleft()
        turn.follow(key)
        match data:
            case Happened():
                _happened(turn, data, turn.now)
            case Requested():
                enter_by_request(turn, data.flow)
        _ripple(turn)
    turn.follow("")


def _go_and_leave(turn: Turn) -> None:
    """End what is to leave and let go on what waited, until nothing moves: before anything starts."""
    while turn.loaded.watches and (leaving.when_true(turn) or waits.meet(turn)):
        pass


def _settle(turn: Turn, more: bool) -> None:
    """Ripple, decide on the mails under limits, and arm what time alone can change; none of it while what is
    known of the contact is not to be used."""
    if turn.bundle.restricted is not None:
        turn.change(watch=NEVER)
        return
    _ripple(turn)
    _follow(turn)
    while not more and holding.release(turn):
        _ripple(turn)
        _follow(turn)
    if turn.loaded.dated and (turn.learned or turn.bundle.dated_by != turn.loaded.dated_by):
        dates.rearm(turn)
    watch = min(turn.bundle.segments_due, *turn.bundle.dates.values(), NEVER)
    if turn.loaded.watches:
        watch = min(watch, waits.boundaries(turn))
    if turn.loaded.dated:
        watch = min(watch, dates.boundary(turn))
    if watch != turn.bundle.watch:
        turn.change(watch=watch)
