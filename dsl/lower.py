"""From nodes to the graph that the engine runs. Only for projects without errors."""

from itertools import pairwise
from typing import Literal

from dsl import graph, lower_declared
from dsl.draft import Draft
from dsl.fills import Filling, fillings
from dsl.graph import END, Duration, Entry, Graph
from dsl.lower_values import condition, value
from dsl.needs import needs_of
from dsl.nodes import (
    Enter,
    EventArm,
    Finish,
    Flow,
    FlowTopic,
    GoalLine,
    If,
    JourneyPer,
    LeaveOn,
    LeaveWhen,
    Priority,
    Repeat,
    Send,
    Set,
    Split,
    Start,
    StartOnDate,
    StartOnEvent,
    StartOnSegment,
    Step,
    Tag,
    Tell,
    Unsubscribe,
    Wait,
    WaitFor,
    WaitUntil,
)
from dsl.schema_nodes import Cap, Quiet
from dsl.scope import Scope
from dsl.terms import TextValue
from dsl.until import awaited, time_of, weekday
from dsl.walk import Standing, every_step, step_names


def lower(draft: Draft) -> graph.Program:
    """The whole project as data."""
    names = draft.names
    return graph.Program(
        tuple(sorted(names.attributes.items())),
        tuple(names.events[name] for name in sorted(names.events)),
        tuple(map(lower_declared.topic, names.topics.values())),  # in the order in which people are asked
        tuple(lower_declared.segment(each, draft) for _, each in sorted(names.segments.items())),
        tuple(_flow(each, draft) for _, each in sorted(names.flows.items())),
        tuple(lower_declared.coupon(each) for _, each in sorted(names.coupons.items())),
        lower_declared.limits(names.limits.caps, names.limits.quiets) if names.limits else graph.Limits(),
    )


def _flow(flow: Flow, draft: Draft) -> Graph:
    scope = draft.inside(flow)
    anywhere = scope.anywhere()
    heads = flow.heads
    topic = next((head.topic.text for head in heads if isinstance(head, FlowTopic)), None)
    enter = next((head for head in heads if isinstance(head, Enter)), None)
    per = next((head.path.parts[-1].text for head in heads if isinstance(head, JourneyPer)), None)
    starts = tuple(_start(head, draft) for head in heads if isinstance(head, Start))
    leaves = tuple(
        graph.Leave(head.event.text, _where(head, anywhere)) for head in heads if isinstance(head, LeaveOn)
    )
    leave_when = next((condition(head.test, anywhere) for head in heads if isinstance(head, LeaveWhen)), None)
    goal = next(
        (
            graph.Goal(head.event.text, head.within or Duration(), _where(head, scope))
            for head in heads
            if isinstance(head, GoalLine)
        ),
        None,
    )
    nodes = _Steps(flow, draft, topic).nodes()
    asked = [start.segment for start in starts if isinstance(start, graph.StartOnSegment)]
    return Graph(
        flow=flow.name.text,
        title=flow.title or flow.name.text,
        topic=topic,
        purpose=_purpose(flow, topic, draft),
        starts=starts,
        nodes=nodes,
        needs=needs_of([*starts, *leaves, *filter(None, (leave_when, goal)), *nodes], asked),
        entry=graph.Entry(enter.kind) if enter else _usual_entry(starts),
        again_after=enter.after if enter else None,
        journey_per=per,
        leaves=leaves,
        leave_when=leave_when,
        goal=goal,
        limits=lower_declared.limits(
            (head for head in heads if isinstance(head, Cap)),
            (head for head in heads if isinstance(head, Quiet)),
        ),
        priority=next((int(head.number) for head in heads if isinstance(head, Priority)), 5),
    ).sealed()


def _purpose(flow: Flow, topic: str | None, draft: Draft) -> Literal["marketing", "service"]:
    """That of the flow's topic; without one, marketing as soon as one of its mails is."""
    topics = (
        [topic]
        if topic
        else [step.topic.text for step in every_step(flow.steps) if isinstance(step, Send) and step.topic]
    )
    return (
        "service"
        if topics and all(draft.names.purpose(each) == "service" for each in topics)
        else "marketing"
    )


def _usual_entry(starts: tuple[graph.Start, ...]) -> Entry:
    """Who may enter where no line says: a start of every year means every year."""
    yearly = any(isinstance(start, graph.StartOnDate) and start.every_year for start in starts)
    return Entry.EVERY_TIME if yearly else Entry.ONCE


def _start(head: Start, draft: Draft) -> graph.Start:
    if isinstance(head, StartOnSegment):
        return graph.StartOnSegment(head.segment.text, head.joining)
    if isinstance(head, StartOnDate):
        return graph.StartOnDate(
            value(head.value, draft.outside()), head.at or "", head.every_year, head.offset, head.before
        )
    return graph.StartOnEvent(head.event.text, _where(head, draft.outside()))


def _where(head: StartOnEvent | LeaveOn | GoalLine, scope: Scope) -> graph.Condition | None:
    if head.where is None:
        return None
    return condition(head.where, scope.under(scope.names.events[head.event.text]))


class _Steps:
    """Numbers the steps in written order and links them."""

    def __init__(self, flow: Flow, draft: Draft, topic: str | None) -> None:
        self.flow = flow
        self.topic = topic
        self.names = draft.names
        self.readings = draft.readings
        self.step_names = step_names(flow)
        self.standings: dict[int, Standing] = {id(each.step): each for each in draft.standings(flow)}
        self.places: dict[int, int] = {}
        self.made: list[graph.Node] = []

    def nodes(self) -> tuple[graph.Node, ...]:
        count = 0
        for step in every_step(self.flow.steps):
            self.places[id(step)] = count
            count += len(step.branches) if isinstance(step, If) else 1
        found: list[graph.Node | None] = [None] * count
        self._link(self.flow.steps, END, found)
        return tuple(node for node in found if node is not None)

    def _link(self, steps: tuple[Step, ...], after: int, found: list[graph.Node | None]) -> int:
        """Make the nodes of a block that goes on at `after`; gives the index at which the block begins."""
        for step, behind in pairwise(steps):
            self._make(step, self.places[id(behind)], found)
        if steps:
            self._make(steps[-1], after, found)
        return self.places[id(steps[0])] if steps else after

    def _make(self, step: Step, after: int, found: list[graph.Node | None]) -> None:
        standing = self.standings[id(step)]
        index, name, scope = self.places[id(step)], standing.name, standing.scope
        match step:
            case Send():
                found[index] = self._send(step, name, scope, after)
            case Wait(duration, at):
                found[index] = graph.Wait(name, duration, after, at)
            case WaitFor():
                found[index] = self._wait_for(step, name, scope, after, found)
            case WaitUntil():
                found[index] = self._wait_until(step, name, scope, after, found)
            case Repeat():
                until = condition(step.untils[0].test, scope) if step.untils else None
                body = self._link(step.steps, index, found)
                found[index] = graph.Repeat(name, int(step.times), body, after, until)
            case Set(path, given):
                what = None if given is None else value(given, scope)
                found[index] = graph.Set(name, path.parts[-1].text, what, after)
            case Tag(tag, add):
                found[index] = graph.Tag(name, tag.value, add, after)
            case Unsubscribe(topic):
                found[index] = graph.Unsubscribe(name, topic.text, after)
            case Tell(address, text):
                found[index] = graph.Tell(name, address.value.strip(), _filled(text, scope), after)
            case If():
                self._if(step, name, scope, after, found)
            case Split(_, arms):
                found[index] = graph.Split(
                    name,
                    tuple(
                        graph.Arm(arm.label.text, arm.weight, self._link(arm.steps, after, found))
                        for arm in arms
                        if arm.weight is not None
                    ),
                )
            case Finish(label):
                found[index] = graph.Finish(name, label.text if label else "")

    def _send(self, step: Send, name: str, scope: Scope, after: int) -> graph.Send:
        return graph.Send(
            step=name,
            template=step.template.text,
            topic=step.topic.text if step.topic else self.topic or "",
            next=after,
            values=tuple((each.text, value(given, scope)) for each, given in step.values),
            subject=_filled(step.subject, scope) if step.subject else (),
            sender=step.sender.value if step.sender else None,
            reply_to=step.reply_to.value if step.reply_to else None,
            received_step=scope.received_step,
            recommends=self.readings.recommends(step.template.text),
        )

    def _wait_for(
        self, step: WaitFor, name: str, scope: Scope, after: int, found: list[graph.Node | None]
    ) -> graph.WaitFor:
        arms: dict[str, EventArm] = {arm.event.text: arm for arm in step.arms}
        entries = {event: self._link(arm.steps, after, found) for event, arm in arms.items()}
        hears = tuple(
            graph.Hear(
                heard.event.text,
                entries.get(heard.event.text, after),
                condition(heard.where, scope.under(self.names.events[heard.event.text]))
                if heard.where
                else None,
            )
            for heard in step.heard
        )
        timeout = self._link(step.timeouts[0].steps, after, found) if step.timeouts else after
        return graph.WaitFor(name, hears, step.up_to or Duration(), timeout)

    def _wait_until(
        self, step: WaitUntil, name: str, scope: Scope, after: int, found: list[graph.Node | None]
    ) -> graph.WaitUntil | graph.WaitUntilTime | graph.WaitUntilDate:
        match awaited(step, scope, []):
            case "time":
                return graph.WaitUntilTime(name, time_of(step), after)
            case "weekday":
                return graph.WaitUntilTime(name, step.at or "00:00", after, weekday(step))
            case "date":
                return graph.WaitUntilDate(name, value(step.until, scope), after, step.at)
        met, timeout = (
            self._link(arms[0].steps, after, found) if arms else after for arms in (step.mets, step.timeouts)
        )
        return graph.WaitUntil(name, condition(step.until, scope), step.up_to or Duration(), met, timeout)

    def _if(self, step: If, name: str, scope: Scope, after: int, found: list[graph.Node | None]) -> None:
        otherwise = self._link(step.otherwise, after, found) if step.otherwise is not None else after
        first = self.places[id(step)]
        for number in reversed(range(len(step.branches))):
            branch = step.branches[number]
            then = self._link(branch.steps, after, found)
            found[first + number] = graph.If(
                self.step_names[id(branch)] if number else name,
                condition(branch.test, scope),
                then,
                otherwise,
            )
            otherwise = first + number


def _filled(text: TextValue, scope: Scope) -> tuple[str | graph.Fill, ...]:
    return tuple(
        graph.Fill(value(part.path, scope), part.otherwise or "") if isinstance(part, Filling) else part
        for part in fillings(text)
        if isinstance(part, str | Filling)
    )
