"""What is allowed and seldom wise."""

from collections.abc import Iterator

from dsl.draft import Draft
from dsl.finding import Finding
from dsl.nodes import (
    Flow,
    If,
    LeaveOn,
    Send,
    StartOnEvent,
    StartOnSegment,
    Step,
    Wait,
    WaitFor,
)
from dsl.source import warning
from dsl.terms import Expression, History, Logic, MailTest, Not
from dsl.walk import blocks, every_step

_PURCHASES = ("order_placed", "order_paid")
_CART = {
    "cart_updated": "cart",
    "checkout_started": "cart",
    "product_viewed": "browse",
    "page_viewed": "browse",
}


def check_advice(draft: Draft) -> Iterator[Finding]:
    """Flows that run but are seldom meant so."""
    for flow in draft.flows:
        yield from _Close().look(flow.steps)
        yield from _last_waits(flow.steps)
        yield from _purchase(flow, draft)
        yield from _opens(flow)


class _Close:
    """Finds mails that follow one another at once. `just_sent` says whether the way so far ends with one."""

    def __init__(self) -> None:
        self.just_sent = False

    def look(self, steps: tuple[Step, ...]) -> Iterator[Finding]:
        """The mails of a block that nothing keeps apart from the one before."""
        for step in steps:
            if isinstance(step, Wait | WaitFor):
                self.just_sent = False
            if isinstance(step, Send):
                if self.just_sent:
                    yield warning(
                        "W201",
                        step.span,
                        "This mail follows the one before it at once.",
                        "Write a wait between them, as in `wait 2 days`.",
                    )
                self.just_sent = True
                continue
            start, after = self.just_sent, False
            inner = list(blocks(step))
            for block in inner:
                self.just_sent = start
                yield from self.look(block)
                after = after or self.just_sent
            self.just_sent = after or start if not isinstance(step, If) or step.otherwise is None else after


def _last_waits(steps: tuple[Step, ...]) -> Iterator[Finding]:
    if not steps:
        return
    last = steps[-1]
    if isinstance(last, Wait):
        yield warning(
            "W202", last.span, "Nothing comes after this wait.", "Delete it, or write a step below it."
        )
    for block in blocks(last):
        yield from _last_waits(block)


def _purchase(flow: Flow, draft: Draft) -> Iterator[Finding]:
    left = {head.event.text for head in flow.heads if isinstance(head, LeaveOn)}
    if left & set(_PURCHASES) or "order_placed" not in draft.names.events:
        return
    for head in flow.heads:
        kind = None
        if isinstance(head, StartOnEvent):
            kind = _CART.get(head.event.text)
        elif isinstance(head, StartOnSegment) and head.joining:
            segment = draft.names.segments.get(head.segment.text)
            kind = "win-back" if segment and _without_orders(segment.test) else None
        if kind:
            yield warning(
                "W203",
                head.span,
                f"This {kind} flow goes on writing to people who have bought.",
                "Write `leave on order_placed` in the head of the flow.",
            )
            return


def _without_orders(test: Expression) -> bool:
    """Whether a condition asks for people without recent orders."""
    match test:
        case Logic(_, parts):
            return any(_without_orders(part) for part in parts)
        case History("no", path):
            return path.parts[0].text in _PURCHASES
    return False


def _opens(flow: Flow) -> Iterator[Finding]:
    for step in every_step(flow.steps):
        if isinstance(step, If):
            for branch in step.branches:
                for test in _opened(branch.test):
                    yield warning(
                        "W205",
                        test.span,
                        "Mail programs open mails by themselves, so opens say little.",
                        "Ask for clicks, as in `clicked NAME`.",
                    )


def _opened(test: Expression) -> Iterator[MailTest | History]:
    match test:
        case MailTest("opened"):
            yield test
        case History(_, path) if path.parts[0].text == "email_opened":
            yield test
        case Logic(_, parts):
            for part in parts:
                yield from _opened(part)
        case Not(part):
            yield from _opened(part)
