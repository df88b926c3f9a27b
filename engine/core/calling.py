"""`call WEBHOOK`: what a call tells, as it was when the step was reached."""

from decimal import Decimal
from typing import Any

from dsl.graph import Attribute, Call, History, Moment, Money, Now, Received, Trigger, Value
from engine.core import mailing
from engine.core.bundle import CallBody, Effect, Journey
from engine.core.conditions import known
from engine.core.flow import ADDRESS, Flow
from engine.core.keeping import in_coins
from engine.core.turn import Turn

_MAY_BE_MOMENTS = (Attribute, Trigger, Received, Moment, Now)
_EVENTS_OWN = ("first", "last", "largest", "smallest")


def call(turn: Turn, flow: Flow, journey: Journey, node: Call) -> Journey:
    """Ask for a call. Its outcome leaves the line in the journal; the journey does not wait for it. Values
    that are unknown are None; the contact's address is asked for when the call is made."""
    found = mailing.given(turn, flow, journey, node.step)
    if found is None:
        return journey
    journey, values = found
    journey, key = mailing.visit(turn, flow, journey, node.step)
    written = dict(node.values)
    body = CallBody(
        journey.flow,
        journey.id,
        node.step,
        turn.now,
        node.webhook,
        {name: _told(written[name], value) for name, value in values.items()},
        tuple(name for name, value in node.values if value == ADDRESS),
    )
    turn.ask(Effect(key, journey.contact, "call", body))
    return journey


def _told(written: Value, value: Any) -> Any:
    """The value in a type that says what it is: an `int` is a moment, whatever counts is a `Decimal`."""
    if isinstance(value, Money):
        return in_coins(value)
    if type(value) is int and not _may_be_moment(written):
        return Decimal(value)
    return known(value)


def _may_be_moment(written: Value) -> bool:
    if isinstance(written, History):
        return written.kind in _EVENTS_OWN
    return isinstance(written, _MAY_BE_MOMENTS)
