"""From a flow's steps to the nodes that the engine runs. Only for projects without errors."""

from collections.abc import Mapping
from itertools import pairwise

from dsl import graph
from dsl.draft import Draft
from dsl.graph import END, Duration, FieldType
from dsl.lower.values import condition, fitted, value
from dsl.meaning.fills import Filling, fillings
from dsl.meaning.scope import Scope
from dsl.meaning.until import awaited, time_of, weekday
from dsl.meaning.walk import Standing, step_names
from dsl.nodes.flows import (
    BestTime,
    Call,
    Emit,
    EventArm,
    Finish,
    Flow,
    If,
    Repeat,
    Send,
    Set,
    Split,
    StartFlow,
    Step,
    Tag,
    Tell,
    Unsubscribe,
    Wait,
    WaitFor,
    WaitUntil,
    Winner,
    every_step,
)
from dsl.nodes.terms import Expression, Name, TextValue


class Steps:
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
                attribute = path.parts[-1].text
                wanted = self.names.attribute(attribute)
                what = None if given is None else fitted(given, wanted, scope)
                found[index] = graph.Set(name, attribute, what, after)
            case Tag(tag, add):
                found[index] = graph.Tag(name, tag.value, add, after)
            case Unsubscribe(topic):
                found[index] = graph.Unsubscribe(name, topic.text, after)
            case Tell(address, text):
                found[index] = graph.Tell(
                    name, address.value.strip(), _filled(text, scope.addressed()), after
                )
            case BestTime(up_to):
                found[index] = graph.WaitForBestTime(name, up_to or Duration(), after)
            case Emit(event, given):
                fields = dict(self.names.events[event.text].fields)
                found[index] = graph.Emit(name, event.text, after, _values(given, scope, fields))
            case Call(webhook, given):
                found[index] = graph.Call(name, webhook.text, after, _values(given, scope.addressed()))
            case StartFlow(flow):
                found[index] = graph.StartFlow(name, flow.text, after)
            case If():
                self._if(step, name, scope, after, found)
            case Split(_, arms, winners):
                found[index] = graph.Split(
                    name,
                    tuple(
                        graph.Arm(arm.label.text, arm.weight, self._link(arm.steps, after, found))
                        for arm in arms
                        if arm.weight is not None
                    ),
                    _winner(winners[0]) if winners else None,
                )
            case Finish(label):
                found[index] = graph.Finish(name, label.text if label else "")

    def _send(self, step: Send, name: str, scope: Scope, after: int) -> graph.Send:
        return graph.Send(
            step=name,
            template=step.template.text,
            topic=step.topic.text if step.topic else self.topic or "",
            next=after,
            values=_values(step.values, scope),
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


def _values(
    given: tuple[tuple[Name, Expression], ...], scope: Scope, fields: Mapping[str, FieldType] | None = None
) -> tuple[tuple[str, graph.Value], ...]:
    return tuple((name.text, fitted(each, (fields or {}).get(name.text), scope)) for name, each in given)


def _winner(line: Winner) -> graph.Winner:
    after = 0 if line.adapts else int(line.after or 0)
    match line.metric.text:
        case "clicks" | "opens" | "revenue" as metric:
            return graph.Winner(metric, after=after, adapts=line.adapts)
    return graph.Winner("event", line.metric.text, after, line.adapts)
