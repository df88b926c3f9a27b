"""Fields of events that a mail may find missing, since whoever tells of an event may leave out any."""

from collections.abc import Iterable, Iterator

from dsl.meaning.names import fields_of
from dsl.meaning.scope import Scope
from dsl.meaning.shop import SHOP
from dsl.nodes.flows import Flow, If, Send, Step, WaitFor, blocks, every_step
from dsl.nodes.heads import JourneyPer, StartOnEvent
from dsl.nodes.terms import Between, Comparison, Expression, Known, Logic, Name, OneOf, Path

_BROUGHT = {event.name: dict(event.fields) for event in SHOP}
_ABOUT = ("order_id", "cart_id", "checkout_id", "sku")
"""Fields of a shop's events without which a shop could not say what happened to what."""
_HOLD_FOR_UNKNOWN = ("is not", "not")
"""What a comparison that holds for an unknown value begins with."""


def unsure_fields(flow: Flow, step: Send, scope: Scope, service: bool) -> frozenset[str]:
    """The fields, as `trigger.teacher`, that may be missing when a journey comes to a `send`: those that the
    project declares itself, in a service mail those of a shop too, but for the ids. A field is there where
    the journey could not have begun, or come here, without it."""
    per = {head.path.text for head in flow.heads if isinstance(head, JourneyPer)}
    asked = list(_tests_above(flow.steps, step))
    starts = [(head.event, head.where) for head in flow.heads if isinstance(head, StartOnEvent)]
    waits = (each for each in every_step(flow.steps) if isinstance(each, WaitFor))
    heard = [
        (one.event, one.where)
        for wait in waits
        for one in wait.heard
        if scope.received is not None and _declares(one.event, scope.received, scope)
    ]
    return frozenset(
        path
        for root, fields, events in (("trigger", scope.trigger, starts), ("received", scope.received, heard))
        for name in fields or ()
        if (path := f"{root}.{name}") not in per
        and not any(_asks(test, path) for test in asked)
        and any(
            _may_lack(event.text, name, scope, service) and not (where and _asks(where, name))
            for event, where in events
        )
    )


def _declares(event: Name, fields: Iterable[str], scope: Scope) -> bool:
    declared = scope.names.events.get(event.text)
    return declared is not None and set(fields) <= set(fields_of(declared))


def _may_lack(event: str, field: str, scope: Scope, service: bool) -> bool:
    declared = scope.names.events.get(event)
    if declared is None or declared.built_in or field == "at":
        return False
    brought = field in _BROUGHT.get(event, ())
    return not brought or (service and field not in _ABOUT)


def _tests_above(steps: Iterable[Step], send: Send) -> Iterator[Expression]:
    """The conditions of the `if`s in which a step stands."""
    for step in steps:
        if isinstance(step, If):
            for branch in step.branches:
                if any(each is send for each in every_step(branch.steps)):
                    yield branch.test
        for block in blocks(step):
            yield from _tests_above(block, send)


def _asks(test: Expression, path: str) -> bool:
    """Whether a condition holds only where a value is known."""
    match test:
        case Known(Path() as value, words):
            return words == "is known" and value.text == path
        case Comparison(left=left, right=right):
            sides = (each.text for each in (left, right) if isinstance(each, Path))
            return not test.operator.startswith(_HOLD_FOR_UNKNOWN) and path in sides
        case Between(Path() as value):
            return value.text == path
        case OneOf(Path() as value):
            return not test.negated and value.text == path
        case Logic("and", parts):
            return any(_asks(each, path) for each in parts)
        case Logic("or", parts):
            return all(_asks(each, path) for each in parts)
    return False
