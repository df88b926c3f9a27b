"""Mails for service: nothing makes an advertisement of them on a way round."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from dsl.draft import Draft
from dsl.found.finding import Finding
from dsl.found.source import error
from dsl.meaning.fills import Filling, fillings
from dsl.meaning.shop import NOT_FOR_SERVICE
from dsl.nodes.flows import Emit, Flow, Send, Set
from dsl.nodes.heads import FlowTopic, Start, StartOnEvent
from dsl.nodes.terms import CouponCode, Path, within
from dsl.templates.files import place_in

_HELP = "Send the coupon in a mail on a topic for marketing."


def check_service(draft: Draft) -> Iterator[Finding]:
    """Service flows that start on what another flow makes of no service, and coupons that come to service
    mails by way of an attribute or an event."""
    makers = _makers(draft)
    attributes, fields = _carriers(draft)
    for flow in draft.flows:
        topic = _topic(flow)
        if draft.names.purpose(topic) == "service":
            yield from _made(flow, topic, makers)
        carried = attributes | {f"trigger.{name}" for event in _events(flow) for name in fields[event]}
        for step in flow.all_steps:
            if isinstance(step, Send):
                on = step.topic.text if step.topic else topic
                if carried and draft.names.purpose(on) == "service":
                    yield from _carried(step, on, carried, draft)


def _topic(flow: Flow) -> str:
    return next((head.topic.text for head in flow.heads if isinstance(head, FlowTopic)), "")


def _events(flow: Flow) -> list[str]:
    return [head.event.text for head in flow.heads if isinstance(head, StartOnEvent)]


def _makers(draft: Draft) -> dict[str, list[Flow]]:
    """The flows that emit each event."""
    found: dict[str, list[Flow]] = defaultdict(list)
    for flow in draft.flows:
        for step in flow.all_steps:
            if isinstance(step, Emit):
                found[step.event.text].append(flow)
    return found


def _made(flow: Flow, topic: str, makers: Mapping[str, list[Flow]]) -> Iterator[Finding]:
    for head in flow.heads:
        if not isinstance(head, StartOnEvent):
            continue
        maker = _of_no_service(head.event.text, makers)
        if maker is not None:
            event = head.event.text
            yield error(
                "E406",
                head.event.span,
                f"`{topic}` is for service, and `{event}` may come of the flow `{maker.name.text}`, which "
                "starts where nobody asks for a mail.",
                "Send this on a topic for marketing.",
            )


def _of_no_service(event: str, makers: Mapping[str, list[Flow]]) -> Flow | None:
    """A flow through which the event comes from a start that a service flow may not have."""
    todo = list(makers.get(event, ()))
    seen: set[int] = set()
    while todo:
        flow = todo.pop()
        if id(flow) in seen:
            continue
        seen.add(id(flow))
        for head in flow.heads:
            if isinstance(head, Start) and not isinstance(head, StartOnEvent):
                return flow
            if isinstance(head, StartOnEvent):
                if head.event.text in NOT_FOR_SERVICE:
                    return flow
                todo += makers.get(head.event.text, ())
    return None


def _carriers(draft: Draft) -> tuple[set[str], Mapping[str, set[str]]]:
    """The attributes that are set to a coupon's code, and the fields of events that are given one."""
    attributes: set[str] = set()
    fields: dict[str, set[str]] = defaultdict(set)
    for flow in draft.flows:
        for step in flow.all_steps:
            if isinstance(step, Set) and isinstance(step.value, CouponCode):
                attributes.add(step.path.text)
            elif isinstance(step, Emit):
                given = (name.text for name, value in step.values if isinstance(value, CouponCode))
                fields[step.event.text].update(given)
    return attributes, fields


def _carried(step: Send, topic: str, carried: set[str], draft: Draft) -> Iterator[Finding]:
    shown = [part for _, value in step.values for part in within(value) if isinstance(part, Path)]
    if step.subject:
        shown += [each.path for each in fillings(step.subject) if isinstance(each, Filling)]
    for path in shown:
        if path.text in carried:
            message = f"`{topic}` is for service, and `{path.text}` may hold the code of a coupon."
            yield error("E514", path.span, message, _HELP)
    for file in draft.templates.variants(step.template.text):
        for use in draft.readings.of(file).uses:
            value = ".".join(use.path[:2])
            if value in carried:
                place = place_in(use.file, draft.templates, use.line, use.written)
                message = f"A mail for service shows `{value}`, which may hold the code of a coupon."
                yield error("E514", place, message, _HELP)
