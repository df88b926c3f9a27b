"""Steps that change the contact, or have somebody told: `set`, `add tag`, `unsubscribe from`, `tell`."""

from typing import Any

from dsl.graph import CouponCode, Set, Tag, Tell, Unsubscribe
from engine.core import coupons, keeping, mailing, segments
from engine.core.bundle import Effect, Journey, TellBody, WithdrawBody
from engine.core.conditions import known
from engine.core.flow import Flow, spoken
from engine.core.record import What, Why
from engine.core.turn import Turn


def set_attribute(turn: Turn, flow: Flow, journey: Journey, node: Set) -> Journey:
    """Change an attribute; an unknown value makes it unknown, and so does one that is too large to keep."""
    value: Any = None
    if isinstance(node.value, CouponCode):
        made = coupons.give(turn, flow, journey, node.step, [node.value.coupon])
        if made is None:
            turn.note(journey.flow, journey.id, node.step, What.SKIPPED, Why.NO_CODE)
            return journey
        journey, codes = made
        value = codes[node.value.coupon].code
    elif node.value is not None:
        found = known(flow.values[journey.node](turn.scene(journey)))
        value = keeping.fitting(turn.loaded.attributes.get(node.attribute), found, turn.clock_of(flow))
    rest = {name: old for name, old in turn.bundle.attributes.items() if name != node.attribute}
    turn.change(attributes=rest if value is None else {**rest, node.attribute: value})
    turn.note(journey.flow, journey.id, node.step, What.SET, node.attribute)
    segments.reconsider(turn)
    return journey


def tag(turn: Turn, journey: Journey, node: Tag) -> None:
    """Add a tag or take it away."""
    tags = [other for other in turn.bundle.attributes.get("tags", ()) if other != node.tag]
    if node.add:
        tags.append(node.tag)
    rest = {name: value for name, value in turn.bundle.attributes.items() if name != "tags"}
    turn.change(attributes={**rest, "tags": tags} if tags else rest)
    turn.note(journey.flow, journey.id, node.step, What.TAGGED, "add" if node.add else "remove")
    segments.reconsider(turn)


def unsubscribe(turn: Turn, flow: Flow, journey: Journey, node: Unsubscribe) -> Journey:
    """Have a topic withdrawn; the consent service tells when that is done. From a topic that nobody agreed to
    there is nothing to withdraw: a sign-up that waits for its confirmation is left alone."""
    if node.topic not in turn.bundle.agreed:
        return journey
    journey, key = mailing.visit(turn, flow, journey, node.step)
    body = WithdrawBody(journey.flow, journey.id, node.step, turn.now, node.topic)
    turn.ask(Effect(key, journey.contact, "withdraw", body))
    turn.note(journey.flow, journey.id, node.step, What.UNSUBSCRIBED, node.topic)
    return journey


def tell(turn: Turn, flow: Flow, journey: Journey, node: Tell) -> Journey:
    """Ask for a plain mail to somebody of the team. Its hand-over leaves the line in the journal."""
    text = spoken(flow.texts[journey.node], turn.scene(journey))
    journey, key = mailing.visit(turn, flow, journey, node.step)
    body = TellBody(journey.flow, journey.id, node.step, turn.now, node.address, text)
    turn.ask(Effect(key, journey.contact, "tell", body))
    return journey
