"""What is allowed and seldom wise."""

from collections.abc import Iterator

from dsl.draft import Draft
from dsl.found.finding import Finding, Span
from dsl.found.source import warning
from dsl.meaning.walk import conditions_of
from dsl.nodes.flows import BestTime, Finish, Flow, If, Repeat, Send, Step, Wait, WaitFor, WaitUntil, blocks
from dsl.nodes.heads import LeaveOn, LeaveWhen, StartOnEvent, StartOnSegment
from dsl.nodes.schema import AmountOff, PercentOff
from dsl.nodes.terms import CouponCode, Expression, History, Logic, MailTest, within

_PAUSES = (Wait, BestTime, WaitFor, WaitUntil, Finish)
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
        if not flow.damaged:  # what could not be read may be what they miss
            yield from Close().look(flow.steps)
            yield from _last_waits(flow.steps)
            yield from _purchase(flow, draft)
            yield from _early_discount(flow, draft)
        yield from _opens(flow)


class Close:
    """Finds mails that follow one another at once. `just_sent` says whether the way so far ends with one."""

    def __init__(self) -> None:
        self.just_sent = False

    def look(self, steps: tuple[Step, ...]) -> Iterator[Finding]:
        """The mails of a block that nothing keeps apart from the one before."""
        for step in steps:
            if isinstance(step, _PAUSES):
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
            start = self.just_sent
            past = isinstance(step, If) and step.otherwise is None  # a way that goes by all blocks
            ends = [start] if past or not blocks(step) else []
            for block in blocks(step):
                self.just_sent = start
                yield from self.look(block)
                ends.append(self.just_sent)
            self.just_sent = any(ends)


def _last_waits(steps: tuple[Step, ...], ends: bool = True) -> Iterator[Finding]:
    """Waits behind which nothing happens. `ends`: the journey does behind these steps."""
    if steps and isinstance(steps[-1], Finish) and steps[-1].label is None:
        ends, steps = True, steps[:-1]
    for step in steps:
        last = ends and step is steps[-1]
        waits = isinstance(step, Wait | BestTime) or (isinstance(step, WaitUntil) and not any(blocks(step)))
        if last and waits:
            help = "Delete it, or write a step below it."
            yield warning("W202", step.span, "Nothing comes after this wait.", help)
        for block in blocks(step):  # the wait at the end of a round parts it from the next one
            yield from _last_waits(block, last and not isinstance(step, Repeat))


def _purchase(flow: Flow, draft: Draft) -> Iterator[Finding]:
    left = {head.event.text for head in flow.heads if isinstance(head, LeaveOn)}
    left |= {
        part.path.parts[0].text
        for head in flow.heads
        if isinstance(head, LeaveWhen)
        for part in within(head.test)
        if isinstance(part, History)
    }
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
    for step in flow.all_steps:
        if isinstance(step, WaitFor) and step.arms:
            for each in step.heard:
                if each.event.text == "email_opened":
                    yield _by_opens(each.event.span)
        conditions = tuple(conditions_of(step))
        for part in within(conditions) if conditions else ():
            if (isinstance(part, MailTest) and part.kind == "opened") or (
                isinstance(part, History) and part.path.parts[0].text == "email_opened"
            ):
                yield _by_opens(part.span)


def _by_opens(span: Span) -> Finding:
    return warning(
        "W205",
        span,
        "Mail programs open mails by themselves, so opens say little.",
        "Ask for clicks, as in `clicked NAME` or `wait for email_clicked`.",
    )


def _early_discount(flow: Flow, draft: Draft) -> Iterator[Finding]:
    """A price that falls for whoever leaves a full cart behind teaches people to do so."""
    if not any(
        isinstance(head, StartOnEvent) and _CART.get(head.event.text) == "cart" for head in flow.heads
    ):
        return
    for standing in draft.standings(flow):
        step = standing.step
        if not isinstance(step, Send) or standing.scope.before:
            continue
        for _, value in step.values:
            coupon = draft.names.coupons.get(value.coupon.text) if isinstance(value, CouponCode) else None
            if coupon and any(isinstance(worth, PercentOff | AmountOff) for worth in coupon.worths):
                yield warning(
                    "W210",
                    value.span,
                    "The first mail about a cart carries a discount, which teaches people to abandon carts.",
                    "Remind first, and keep the coupon for the last mail.",
                )
