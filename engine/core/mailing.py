"""A mail asked for: its key, the coupons' codes in it, and all that it may say."""

from typing import Any

from dsl.graph import Send
from engine.core import coupons, limits
from engine.core.bundle import Effect, Journey, MailBody, Mailed, replace
from engine.core.flow import Flow, filled
from engine.core.record import What, Why
from engine.core.turn import Turn


def limited(turn: Turn, flow: Flow, node: Send) -> bool:
    """Whether limits or quiet may have a say: service mail is exempt."""
    own = flow.graph.limits
    if not (turn.loaded.limited or own.caps or own.quiet):
        return False
    return node.topic not in turn.loaded.service_topics


def send(turn: Turn, flow: Flow, journey: Journey, node: Send) -> Journey:
    """Ask for a mail. The journey remembers its key until the hand-over is known or no longer matters; it has
    none if the mail is skipped for want of a code."""
    index = journey.node
    scene = turn.scene(journey)
    tongue = flow.sends[index]
    values: dict[str, Any] = {name: value(scene) for name, value in tongue.values}
    given_codes = coupons.give(turn, flow, journey, node.step, [asked for _, asked in tongue.codes])
    if given_codes is None:
        turn.note(journey.flow, journey.id, node.step, What.SKIPPED, Why.NO_CODE)
        return journey
    journey, codes = given_codes
    for name, asked in tongue.codes:
        values[name], values[f"{name}_until"] = codes[asked].code, codes[asked].until
    bundle = turn.bundle
    journey, key = visit(turn, flow, journey, node.step)
    personal = node.recommends > 0 and "personalisation" in bundle.agreed
    service = node.topic in turn.loaded.service_topics
    body = MailBody(
        flow=journey.flow,
        journey=journey.id,
        step=node.step,
        template=node.template,
        topic=node.topic,
        service=service,
        at=turn.now,
        trigger_id=journey.trigger_id,
        attributes={**bundle.attributes, "id": journey.contact, "created_at": bundle.created},
        trigger=journey.trigger,
        received=journey.received.get(node.received_step, {}),
        values=values,
        subject=filled(tongue.subject, scene),
        sender=node.sender or "",
        reply_to=node.reply_to or "",
        report=index in flow.reports or turn.loaded.hears_of_mails,
        viewed=bundle.viewed if personal else (),
        bought=bundle.bought if personal else (),
        late=turn.now - turn.due,
    )
    turn.ask(Effect(key, journey.contact, "mail", body))
    keep = turn.loaded.counts_mails
    if keep and not service:
        mails = limits.remembered(bundle.mails, turn.now, keep)
        turn.change(mails=(*mails, Mailed(turn.now, key, journey.flow)))
    return replace(journey, mail=key, sent=(*journey.sent, node.step))


def visit(turn: Turn, flow: Flow, journey: Journey, step: str) -> tuple[Journey, str]:
    """The key of what a step asks for now: each visit of a step has its own."""
    if journey.node not in flow.again:
        return journey, turn.loaded.key(journey.id, step, 1)
    number = journey.visits.get(step, 0) + 1
    return (
        replace(journey, visits={**journey.visits, step: number}),
        turn.loaded.key(journey.id, step, number),
    )


def given(turn: Turn, flow: Flow, journey: Journey, step: str) -> tuple[Journey, dict[str, Any]] | None:
    """What the `with` of a step gives that sends no mail; None, and a line of the journal, for want of a
    code."""
    scene = turn.scene(journey)
    tongue = flow.given[journey.node]
    values: dict[str, Any] = {name: value(scene) for name, value in tongue.values}
    given_codes = coupons.give(turn, flow, journey, step, [asked for _, asked in tongue.codes])
    if given_codes is None:
        turn.note(journey.flow, journey.id, step, What.SKIPPED, Why.NO_CODE)
        return None
    journey, codes = given_codes
    return journey, values | {name: codes[asked].code for name, asked in tongue.codes}
