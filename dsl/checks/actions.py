"""What a flow sets going beyond its own mails: events, calls of other systems, other flows."""

from collections.abc import Iterator

from dsl.checks.conditions import known_event
from dsl.draft import Draft
from dsl.found.finding import Finding
from dsl.found.source import error
from dsl.graph import EventType
from dsl.meaning.fitting import fits
from dsl.meaning.names import unknown
from dsl.meaning.scope import Scope, ValueType, value_type
from dsl.meaning.shop import SHOP
from dsl.meaning.typing_rules import check_value
from dsl.nodes.flows import BestTime, Call, Emit, StartFlow
from dsl.nodes.heads import StartByRequest
from dsl.nodes.terms import CouponCode, Expression, Name

_OF_THE_SHOP = frozenset(event.name for event in SHOP)


def check_actions(draft: Draft) -> Iterator[Finding]:
    """Events that a flow may not make or makes wrongly, calls of nothing, flows that take no request."""
    for flow in draft.flows:
        for standing in draft.standings(flow):
            match standing.step:
                case Emit():
                    yield from _emit(standing.step, standing.scope)
                case Call():
                    yield from _call(standing.step, standing.scope, draft)
                case StartFlow(target):
                    yield from _start_flow(target, draft)
                case BestTime(up_to=None, span=span):
                    yield error(
                        "E403",
                        span,
                        "This line does not say how long the best time may take to come.",
                        "Write it at the end, as in `up to 1 day`.",
                    )


def _emit(step: Emit, scope: Scope) -> Iterator[Finding]:
    findings: list[Finding] = []
    if not known_event(step.event, scope, findings):
        yield from findings
        yield from _values(step.values, None, scope)
        return
    event = scope.names.events[step.event.text]
    if event.built_in or event.name in _OF_THE_SHOP:
        whose = "Virta" if event.built_in else "the shop"
        yield error(
            "E429",
            step.event.span,
            f"`{event.name}` is told by {whose} when it happens, and a flow cannot say that it did.",
            "Declare an event of your own, as in `event gift_promised`, and emit that.",
        )
    yield from _values(step.values, event, scope)


def _values(
    values: tuple[tuple[Name, Expression], ...], event: EventType | None, scope: Scope
) -> Iterator[Finding]:
    """`event`: whose fields are given; None: any names may be."""
    fields = dict(event.fields) if event else {}
    given: set[str] = set()
    for name, value in values:
        if name.text in given:
            yield error("E206", name.span, f"`{name.text}` is given twice.", "Delete one of the two.")
        given.add(name.text)
        findings: list[Finding] = []
        kind = ValueType("text") if isinstance(value, CouponCode) else check_value(value, scope, findings)
        yield from findings
        if event is None or not name.text:
            continue
        if name.text == "at":
            yield error("E206", name.span, "Every event has `at`, its moment, already.", "Leave it out.")
        elif name.text not in fields:
            help = f"Declare it below `event {event.name}`, or leave it out."
            yield unknown("E202", f"field of `{event.name}` called", name, fields, help)
        else:
            yield from fits(value, name.text, value_type(fields[name.text]), kind, scope.currency)


def _call(step: Call, scope: Scope, draft: Draft) -> Iterator[Finding]:
    known = draft.names.webhooks
    if step.webhook.text and step.webhook.text not in known:
        help = f"Declare it with `webhook {step.webhook.text}`, with its `url` and `secret` below."
        yield unknown("E218", "webhook", step.webhook, known, help)
    yield from _values(step.values, None, scope.addressed())


def _start_flow(target: Name, draft: Draft) -> Iterator[Finding]:
    if not target.text:
        return
    flow = draft.names.flows.get(target.text)
    if flow is None:
        help = f"Write a flow `{target.text}` that has `start by request` in its head."
        yield unknown("E219", "flow", target, draft.names.flows, help)
    elif not flow.damaged and not any(isinstance(head, StartByRequest) for head in flow.heads):
        yield error(
            "E430",
            target.span,
            f"The flow `{target.text}` does not start by request.",
            f"Write `start by request` in the head of `{target.text}`.",
        )
