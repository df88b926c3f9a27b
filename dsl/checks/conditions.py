"""Conditions and values, wherever they stand: names and types."""

from collections.abc import Iterator

from dsl.draft import Draft
from dsl.finding import Finding
from dsl.names import unknown
from dsl.nodes import Flow, GoalLine, If, LeaveOn, Send, StartOnEvent, WaitFor
from dsl.scope import Scope
from dsl.source import error
from dsl.terms import Hole, Name
from dsl.typing_rules import check_condition, check_value
from dsl.walk import Standing
from dsl.words import CONDITION_WORDS

_TEMPLATE_NAMES = ("links", "sender", "language", "time_zone", "preheader", "wording")


def check_conditions(draft: Draft) -> Iterator[Finding]:
    """Unknown names in conditions and values, and types that clash."""
    findings: list[Finding] = []
    for segment in draft.segments:
        check_condition(segment.test, draft.outside(), findings)
    for flow in draft.flows:
        _heads(flow, draft, findings)
        for standing in draft.standings(flow):
            _step(standing, findings)
    yield from findings


def _heads(flow: Flow, draft: Draft, findings: list[Finding]) -> None:
    for head in flow.heads:
        if isinstance(head, StartOnEvent | LeaveOn | GoalLine):
            scope = draft.outside() if isinstance(head, StartOnEvent) else draft.inside(flow)
            _filtered(head.event, head, scope, findings)


def _filtered(
    event: Name, owner: StartOnEvent | LeaveOn | GoalLine, scope: Scope, findings: list[Finding]
) -> None:
    if known_event(event, scope, findings) and owner.where is not None:
        check_condition(owner.where, scope.under(scope.names.events[event.text]), findings)


def known_event(event: Name, scope: Scope, findings: list[Finding]) -> bool:
    """Whether there is such an event; if not, it is reported."""
    if event.text in scope.names.events:
        return True
    if event.text:
        findings.append(
            unknown(
                "E201",
                "event",
                event,
                scope.names.events,
                f"Declare it with `event {event.text}`, or write `use shop` if it is a shop's.",
            )
        )
    return False


def _step(standing: Standing, findings: list[Finding]) -> None:
    step, scope = standing.step, standing.scope
    match step:
        case If(branches):
            for branch in branches:
                check_condition(branch.test, scope, findings)
        case WaitFor(heard):
            for each in heard:
                if known_event(each.event, scope, findings) and each.where is not None:
                    check_condition(each.where, scope.under(scope.names.events[each.event.text]), findings)
        case Send():
            _values(step, scope, findings)


def _values(step: Send, scope: Scope, findings: list[Finding]) -> None:
    given: set[str] = set()
    for name, value in step.values:
        if name.text in given:
            findings.append(
                error("E206", name.span, f"`{name.text}` is given twice.", "Delete one of the two.")
            )
        given.add(name.text)
        if name.text in CONDITION_WORDS or name.text in _TEMPLATE_NAMES:
            findings.append(
                error(
                    "E207",
                    name.span,
                    f"`{name.text}` means something else in templates already.",
                    f"Write another name, as in `{name.text}_value`.",
                )
            )
        if not isinstance(value, Hole):
            check_value(value, scope, findings)
