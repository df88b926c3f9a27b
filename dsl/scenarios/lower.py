"""From the nodes of a scenario to what is played. Only for scenarios without errors."""

from typing import Literal, cast

from dsl.draft import Draft
from dsl.graph import FieldType
from dsl.graph import scenario as graph
from dsl.lower.values import condition, fitted
from dsl.meaning.scope import Scope
from dsl.nodes import scenarios

Operator = Literal["is", "is not", "contains", "starts with", "ends with"]


def lower_scenarios(draft: Draft, faulty: frozenset[tuple[str, int]]) -> tuple[graph.Scenario, ...]:
    """All scenarios of a project but those that begin at `faulty` places (file and line)."""
    scope = draft.outside()
    sound = (each for each in draft.scenarios if (each.span.file, each.span.line) not in faulty)
    return tuple(_scenario(each, scope) for each in sound)


def _scenario(node: scenarios.ScenarioNode, scope: Scope) -> graph.Scenario:
    return graph.Scenario(
        name=node.title.value.strip() if node.title else "",
        flows=tuple(line.flow.text for line in node.flows),
        profile=_profile(node, scope),
        lines=tuple(_line(scene, scope) for scene in node.scenes),
        file=node.span.file,
        line=node.span.line,
        choices=tuple(graph.Choice(line.label.text, line.split.text) for line in node.choices),
    )


def _profile(node: scenarios.ScenarioNode, scope: Scope) -> graph.Profile:
    lines = [line for block in node.contacts for line in block.lines]
    return graph.Profile(
        attributes=tuple(
            (line.name.text, _given(line.value, scope.names.attribute(line.name.text), scope))
            for line in lines
            if isinstance(line, scenarios.AttributeLine)
        ),
        agreed=tuple(line.topic.text for line in lines if isinstance(line, scenarios.AgreedLine)),
        tags=tuple(line.tag.value for line in lines if isinstance(line, scenarios.TaggedLine)),
    )


def _line(scene: scenarios.SceneLine, scope: Scope) -> graph.Line:
    assert scene.does is not None
    return graph.Line(
        line=scene.span.line,
        text=scene.text,
        does=_act(scene.does, scope)
        if isinstance(scene.does, scenarios.ActNode)
        else _expectation(scene.does, scope),
        at=scene.when.moment if isinstance(scene.when, scenarios.AtMoment) else None,
        after=scene.when.duration if isinstance(scene.when, scenarios.AfterTime) else None,
    )


def _act(node: scenarios.ActNode, scope: Scope) -> graph.Act:
    match node:
        case scenarios.Happens(event, late, values):
            fields = scope.names.events[event.text].fields
            return graph.Occurs(event.text, _values(values, fields, scope), late)
        case scenarios.OpensMail(mail):
            return graph.Opens(mail.text)
        case scenarios.ClicksMail(mail, link):
            return graph.Clicks(mail.text, link.value if link else None)
        case scenarios.WithdrawsTopic(topic):
            return graph.Withdraws(topic.text)
        case scenarios.SetsAttribute(path, given):
            name = path.parts[-1].text
            wanted = scope.names.attribute(name)
            return graph.Changes(name, None if given is None else _given(given, wanted, scope))
        case scenarios.StartsFlow(flow):
            return graph.Requests(flow.text)


def _expectation(node: scenarios.ExpectationNode, scope: Scope) -> graph.Expectation:
    match node:
        case scenarios.SendExpected(mail, wordings):
            return graph.ExpectSend(mail.text, tuple(map(_wording, wordings)))
        case scenarios.NoSendExpected(mail):
            return graph.ExpectNoSend(mail.text if mail else None)
        case scenarios.CountExpected(mails):
            return graph.ExpectCount(mails or 0)
        case scenarios.SkipExpected(mail, reason):
            return graph.ExpectSkipped(mail.text, reason.text)
        case scenarios.StepExpected(step):
            return graph.ExpectIn(step.text)
        case scenarios.LeftExpected():
            return graph.ExpectLeft()
        case scenarios.FinishExpected(label):
            return graph.ExpectFinished(label.text if label else None)
        case scenarios.ArmExpected(label, split):
            return graph.ExpectArm(label.text, split.text)
        case scenarios.ConditionExpected(test):
            return graph.ExpectHolds(condition(test, scope))


def _wording(line: scenarios.WordingLine) -> graph.Wording:
    part = cast(Literal["subject", "text"], line.part)
    return graph.Wording(part, cast(Operator, line.operator), line.words.value, line.span.line)


def _values(
    offers: tuple[scenarios.Offer, ...], fields: tuple[tuple[str, FieldType], ...], scope: Scope
) -> tuple[tuple[str, graph.Given], ...]:
    kinds = dict(fields)
    return tuple((name.text, _given(offered, kinds.get(name.text), scope)) for name, offered in offers)


def _given(node: scenarios.Offered, wanted: FieldType | None, scope: Scope) -> graph.Given:
    match node:
        case scenarios.ListNode(items):
            item = wanted.item if wanted else None
            return graph.Several(tuple(_given(each, item, scope) for each in items))
        case scenarios.RecordNode(offers):
            return graph.Record(_values(offers, wanted.fields if wanted else (), scope))
    return fitted(node, wanted, scope)
