"""What would come of it if a flow were asked to start for somebody now. Nothing is changed."""

from msgspec import Struct

from engine.core.advance import advance
from engine.core.bundle import Bundle, Entry, MailBody, Requested, Stimulus
from engine.core.calendar import NEVER
from engine.core.entering import free_again, journey_id
from engine.core.loaded import Loaded
from engine.core.record import What, Why


class Outlook(Struct, frozen=True):
    """Whether a person would enter a flow. `reason` is a word of the published list and says why not; empty:
    they would, `held_out` without taking a step. `last` is when they last entered it, and `again` from when
    on they may once more, where only that is in the way; both in ms UTC, None for never. `mails` are the
    templates that would be asked for at once, `node` is where the journey would then stand: None where it
    would be over, or takes no step."""

    reason: str = ""
    held_out: bool = False
    last: int | None = None
    again: int | None = None
    mails: tuple[str, ...] = ()
    node: int | None = None


def outlook(loaded: Loaded, bundle: Bundle, name: str, now: int) -> Outlook:
    """What the engine would make of a request for the flow `name` of `loaded`: it is tried out on a copy of
    what is known of the contact, by the rules that hold when it is made in earnest."""
    stimulus = Stimulus("", bundle.contact, now, Requested(name))
    advanced = advance(loaded, bundle, stimulus, now)
    journey = journey_id(bundle.contact, name, stimulus.id)
    lines = [line for line in advanced.entries if line.flow == name]
    came_of_it = ending(lines, journey)
    flow = loaded.current[name]
    last = bundle.entered.get(name)
    if came_of_it is None or came_of_it.what != What.ENTERED:
        reason = came_of_it.reason if came_of_it is not None else Why.NOT_BY_REQUEST.value
        free = NEVER
        if reason == Why.ENTERED_BEFORE and last is not None:
            free = free_again(flow.graph, last, flow.clock or loaded.clock(bundle))
        return Outlook(reason, last=last, again=free if free < NEVER else None)
    held_out = any(line.what == What.HELD_OUT and line.journey == journey for line in lines)
    standing = next((each.node for each in advanced.bundle.journeys if each.id == journey), None)
    asked = (effect.body for effect in advanced.effects)
    mails = tuple(body.template for body in asked if isinstance(body, MailBody) and body.journey == journey)
    return Outlook("", held_out, last, None, mails, standing)


def ending(lines: list[Entry], journey: str) -> Entry | None:
    """The line of a flow's that says what came of a request which `journey` would have begun with: that it
    was entered, or else the first that says why not; None where nothing has come of it yet."""
    entered = (line for line in lines if line.what == What.ENTERED and line.journey == journey)
    refused = (line for line in lines if line.what == What.NOT_ENTERED)
    return next(entered, None) or next(refused, None)
