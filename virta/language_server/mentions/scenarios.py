"""Mentions in a scenario."""

from collections.abc import Iterable, Iterator

from dsl.draft import Draft
from dsl.meaning.walk import step_names
from dsl.nodes import scenarios
from dsl.nodes.flows import Finish, Split
from dsl.nodes.terms import Name, Path
from virta.language_server.mentions.mention import Mention, mention
from virta.language_server.mentions.terms import Place, in_expression, in_fields, in_naming, in_path, naming


def in_scenario(node: scenarios.ScenarioNode, draft: Draft) -> Iterator[Mention]:
    """All mentions in a scenario."""
    flows = [line.flow.text for line in node.flows]
    for line in node.lines:
        match line:
            case scenarios.FlowLine(flow=name):
                yield from mention("flow", name)
            case scenarios.ContactBlock(lines=lines):
                yield from _in_contact(lines)
            case scenarios.ChooseLine(label=label, split=split):
                yield from _in_arm(label, split, flows, draft)
            case scenarios.SceneLine(does=does):
                yield from _in_act(does, flows, draft)
                yield from _in_expectation(does, flows, draft)


def _in_contact(
    lines: Iterable[scenarios.AgreedLine | scenarios.TaggedLine | scenarios.AttributeLine],
) -> Iterator[Mention]:
    for line in lines:
        if isinstance(line, scenarios.AgreedLine):
            yield from mention("topic", line.topic)
        elif isinstance(line, scenarios.AttributeLine):
            yield from mention("attribute", line.name)


def _in_act(does: object, flows: list[str], draft: Draft) -> Iterator[Mention]:
    match does:
        case scenarios.Happens(event=event, values=values):
            yield from mention("event", event)
            for field, value in values:
                yield from in_fields((field,), (event.text,))
                yield from in_naming(value, naming(event.text, field.text, draft), draft)
        case scenarios.OpensMail(mail=name) | scenarios.ClicksMail(mail=name):
            yield from _steps(name, flows, draft)
        case scenarios.WithdrawsTopic(topic=name):
            yield from mention("topic", name)
        case scenarios.SetsAttribute(path=path):
            yield from _in_attribute(path, draft)
        case scenarios.StartsFlow(flow=name):
            yield from mention("flow", name)


def _in_expectation(does: object, flows: list[str], draft: Draft) -> Iterator[Mention]:
    match does:
        case (
            scenarios.SendExpected(mail=name)
            | scenarios.SkipExpected(mail=name)
            | scenarios.StepExpected(step=name)
        ):
            yield from _steps(name, flows, draft)
        case scenarios.NoSendExpected(mail=mail) if mail is not None:
            yield from _steps(mail, flows, draft)
        case scenarios.FinishExpected(label=label) if label is not None:
            yield from _labels(label, flows, draft)
        case scenarios.ArmExpected(label=label, split=split):
            yield from _in_arm(label, split, flows, draft)
        case scenarios.ConditionExpected(test=test):
            yield from in_expression(test, Place(draft))


def _in_attribute(path: Path, draft: Draft) -> Iterator[Mention]:
    yield from in_path(path, Place(draft))


def _steps(name: Name, flows: list[str], draft: Draft) -> Iterator[Mention]:
    """A step, for each of the flows that has one of this name."""
    for flow in flows:
        node = draft.names.flows.get(flow)
        if node is not None and name.text in step_names(node).values():
            yield from mention("step", name, flow)


def _labels(name: Name, flows: list[str], draft: Draft) -> Iterator[Mention]:
    for flow in flows:
        node = draft.names.flows.get(flow)
        for step in node.all_steps if node else ():
            if isinstance(step, Finish) and step.label and step.label.text == name.text:
                yield from mention("label", name, flow)
                break


def _in_arm(label: Name, split: Name, flows: list[str], draft: Draft) -> Iterator[Mention]:
    yield from _steps(split, flows, draft)
    for flow in flows:
        node = draft.names.flows.get(flow)
        names = step_names(node) if node else {}
        for step in node.all_steps if node else ():
            if isinstance(step, Split) and names[id(step)] == split.text:
                yield from mention("arm", label, f"{flow}.{split.text}")
