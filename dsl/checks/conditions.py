"""Conditions and values, wherever they stand: names and types."""

from collections.abc import Iterator

from msgspec import Struct

from dsl.draft import Draft
from dsl.found.finding import Finding
from dsl.found.source import error
from dsl.meaning.names import declared_how, unknown
from dsl.meaning.scope import Scope
from dsl.meaning.typing_rules import check_condition, check_value
from dsl.meaning.walk import Standing
from dsl.nodes.flows import Flow, If, Send, WaitFor
from dsl.nodes.heads import GoalLine, LeaveOn, LeaveWhen, StartOnEvent
from dsl.nodes.terms import AgreedTo, CouponCode, History, Hole, InSegment, MailTest, Name, Path, Tagged
from dsl.read.words import CONDITION_WORDS

_TEMPLATE_NAMES = ("links", "sender", "language", "time_zone", "preheader", "wording")

_REQUESTS = ("request", "api", "API", "demand", "hand")
"""What people call the start of a flow that others ask for."""


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
            scope = draft.outside() if isinstance(head, StartOnEvent) else draft.inside(flow).anywhere()
            later = list(_not_of_the_event(head.where)) if isinstance(head, GoalLine) else []
            findings += later
            if not later:
                _filtered(head.event, head, scope, findings)
        elif isinstance(head, LeaveWhen):
            _leave_when(head, draft.inside(flow).anywhere(), findings)


def _leave_when(head: LeaveWhen, scope: Scope, findings: list[Finding]) -> None:
    test = head.test
    if isinstance(test, Path) and test.text in scope.names.events:
        findings.append(
            error(
                "E209",
                test.span,
                f"`{test.text}` is an event, not a condition.",
                f"Write `leave on {test.text}`.",
            )
        )
    else:
        check_condition(test, scope, findings)


def _not_of_the_event(term: object) -> Iterator[Finding]:
    """What the `where` of a goal asks of anything but the goal's own event: goals are counted afterwards, and
    what was known of the person at that moment is gone by then."""
    match term:
        case Path(parts=(Name(text="contact" | "trigger" as root), *_)):
            what, span = f"`{root}`", term.span
        case History() | MailTest():
            what, span = "A question to the past", term.span
        case InSegment():
            what, span = "`in segment`", term.span
        case AgreedTo():
            what, span = "`agreed to`", term.span
        case Tagged():
            what, span = "`tagged`", term.span
        case tuple():
            for each in term:
                yield from _not_of_the_event(each)
            return
        case Struct():
            for name in term.__struct_fields__:
                if name != "span":
                    yield from _not_of_the_event(getattr(term, name))
            return
        case _:
            return
    yield error(
        "E439",
        span,
        f"{what} cannot stand here: a goal is counted afterwards, when that may have changed.",
        "Ask only for fields of the goal's own event.",
    )


def _filtered(
    event: Name, owner: StartOnEvent | LeaveOn | GoalLine, scope: Scope, findings: list[Finding]
) -> None:
    if event.text in _REQUESTS and event.text not in scope.names.events and isinstance(owner, StartOnEvent):
        findings.append(
            error("E111", owner.span, "What others ask for comes by request.", "Write `start by request`.")
        )
    elif known_event(event, scope, findings) and owner.where is not None:
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
                declared_how(event, scope.names),
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
        given |= {name.text, f"{name.text}_until"} if isinstance(value, CouponCode) else {name.text}
        if name.text in CONDITION_WORDS or name.text in _TEMPLATE_NAMES:
            findings.append(
                error(
                    "E207",
                    name.span,
                    f"`{name.text}` means something else in templates already.",
                    f"Write another name, as in `{name.text}_value`.",
                )
            )
        if isinstance(value, Path) and value.text in scope.names.coupons:
            known = name.text if name.text != "coupon" else "code"
            findings.append(
                error(
                    "E209",
                    value.span,
                    f"`{value.text}` is a coupon, and this does not say so.",
                    f"Write `with {known} coupon {value.text}`.",
                )
            )
        elif not isinstance(value, Hole | CouponCode):
            check_value(value, scope, findings)
