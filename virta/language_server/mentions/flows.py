"""Mentions in the head and the steps of a flow."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from dsl.draft import Draft
from dsl.nodes import heads
from dsl.nodes.flows import (
    Call,
    Emit,
    Finish,
    Flow,
    If,
    Repeat,
    Send,
    Set,
    Split,
    StartFlow,
    Step,
    Tell,
    Unsubscribe,
    WaitFor,
    WaitUntil,
    blocks,
)
from dsl.nodes.terms import TextValue
from virta.language_server.mentions.mention import Mention, mention
from virta.language_server.mentions.terms import Place, in_expression, in_fields, in_path, in_text

LineOf = Callable[[TextValue], str]
"""Gives the line of the file in which a text stands."""

_METRICS = ("clicks", "opens", "revenue")


def flow_place(flow: Flow, draft: Draft) -> Place:
    """What is known everywhere in a flow."""
    starts = [head.event.text for head in flow.heads if isinstance(head, heads.StartOnEvent)]
    return Place(draft, flow.name.text, tuple(dict.fromkeys(starts)))


def in_flow(flow: Flow, draft: Draft, line_of: LineOf) -> Iterator[Mention]:
    """All mentions in a flow."""
    place = flow_place(flow, draft)
    yield from mention("flow", flow.name, declares=True)
    for head in flow.heads:
        yield from _in_head(head, place)
    yield from _in_steps(flow.steps, place, line_of)


def _in_head(head: object, place: Place) -> Iterator[Mention]:
    match head:
        case heads.FlowTopic(topic=name):
            yield from mention("topic", name)
        case (
            heads.StartOnEvent(event=name, where=where)
            | heads.LeaveOn(event=name, where=where)
            | heads.GoalLine(event=name, where=where)
        ):
            yield from mention("event", name)
            yield from in_expression(where, place.under(name.text))
        case (
            heads.StartOnSegment(segment=segment)
            | heads.StartEvery(segment=segment)
            | heads.StartAt(segment=segment)
        ):
            yield from mention("segment", segment)
        case heads.StartOnDate(value=value):
            yield from in_expression(value, place)
        case heads.LeaveWhen(test=test):
            yield from in_expression(test, place)
        case heads.JourneyPer(path=path):
            yield from in_path(path, place)
        case heads.Moved(new=new):
            yield from mention("step", new, place.flow)


def _in_steps(steps: Iterable[Step], place: Place, line_of: LineOf) -> Iterator[Mention]:
    for step in steps:
        kind = "label" if isinstance(step, Finish) else "step"
        yield from mention(kind, getattr(step, "label", None), place.flow, declares=True)
        yield from _in_step(step, place, line_of)
        heard = {id(arm.steps): arm.event.text for arm in step.arms} if isinstance(step, WaitFor) else {}
        for block in blocks(step):
            event = heard.get(id(block)) if block else None
            inner = replace(place, received=(event,)) if event else place
            yield from _in_steps(block, inner, line_of)


def _in_step(step: Step, place: Place, line_of: LineOf) -> Iterator[Mention]:
    match step:
        case Send():
            yield from _in_send(step, place, line_of)
        case Split(name=name, arms=arms, winners=winners, label=label):
            if label is None:
                yield from mention("step", name, place.flow, declares=True)
            owner = f"{place.flow}.{(label or name).text}"
            for arm in arms:
                yield from mention("arm", arm.label, owner, declares=True)
            for winner in winners:
                if winner.metric.text not in _METRICS:
                    yield from mention("event", winner.metric)
        case WaitFor(heard=heard, arms=event_arms):
            for each in heard:
                yield from mention("event", each.event)
                yield from in_expression(each.where, place.under(each.event.text))
            for event_arm in event_arms:
                yield from mention("event", event_arm.event)
        case WaitUntil(until=until):
            yield from in_expression(until, place)
        case If(branches=branches):
            for branch in branches:
                yield from in_expression(branch.test, place)
        case Repeat(untils=untils):
            for line in untils:
                yield from in_expression(line.test, place)
        case Set(path=path, value=value):
            yield from in_path(path, place)
            yield from in_expression(value, place)
        case Unsubscribe(topic=name):
            yield from mention("topic", name)
        case Tell(text=text):
            yield from in_text(text, place, line_of(text))
        case Emit(event=name, values=values):
            yield from mention("event", name)
            for field, given in values:
                yield from in_fields((field,), (name.text,))
                yield from in_expression(given, place)
        case Call(webhook=name, values=values):
            yield from mention("webhook", name)
            for _, given in values:
                yield from in_expression(given, place)
        case StartFlow(flow=name):
            yield from mention("flow", name)


def _in_send(step: Send, place: Place, line_of: LineOf) -> Iterator[Mention]:
    yield from mention("template", step.template)
    if step.label is None:
        yield from mention("step", step.template, place.flow, declares=True)
    for _, given in step.values:
        yield from in_expression(given, place)
    if step.subject is not None:
        yield from in_text(step.subject, place, line_of(step.subject))
    yield from mention("topic", step.topic)
