"""Splits that decide by themselves which arm goes on."""

from collections.abc import Iterator

from dsl.draft import Draft
from dsl.found.finding import Finding
from dsl.found.source import error, warning
from dsl.meaning.names import fields_of, unknown
from dsl.nodes.flows import Flow, Split, Winner
from dsl.nodes.heads import GoalLine

_METRICS = ("clicks", "opens", "revenue")
_FEWEST = 100


def check_winners(draft: Draft) -> Iterator[Finding]:
    """Winners by nothing that is known, of too few people, or told at the wrong place."""
    for flow in draft.flows:
        goal = next((head for head in flow.heads if isinstance(head, GoalLine)), None)
        for step in flow.all_steps:
            if isinstance(step, Split) and step.winners:
                yield from _place(step)
                for line in step.winners:
                    yield from _metric(line, goal, flow, draft)
                    yield from _number(line)


def _place(step: Split) -> Iterator[Finding]:
    for again in step.winners[1:]:
        yield error(
            "E408",
            again.span,
            "This split says already how its winner is found.",
            "Delete one of the two lines.",
        )
    if step.behind is not None:
        yield error(
            "E424",
            step.winners[0].span,
            "This line speaks of all arms, and arms stand below it.",
            "Move it below them, as the last line.",
        )
    if len(step.arms) == 1:
        yield error(
            "E433",
            step.winners[0].span,
            "A split with one arm has nothing to choose from.",
            f"Write a second arm below `{step.name.text}`, or delete this line.",
        )


def _metric(line: Winner, goal: GoalLine | None, flow: Flow, draft: Draft) -> Iterator[Finding]:
    metric = line.metric.text
    if metric == "opens" or metric == "email_opened":
        yield warning(
            "W205",
            line.metric.span,
            "Mail programs open mails by themselves, so the winner by opens is a matter of chance.",
            f"Let clicks decide: `{_shown(line, 'clicks')}`.",
        )
    if not metric or metric in ("clicks", "opens"):
        return
    if metric != "revenue" and metric not in draft.names.events:
        known = (*_METRICS, *draft.names.events)
        yield unknown("E220", "measure", line.metric, known, "Write `clicks`, `revenue` or an event.")
        return
    if goal is None:
        if not flow.damaged:
            event = "order_placed" if metric == "revenue" else metric
            yield error(
                "E434",
                line.metric.span,
                f"By `{metric}` a winner is found only within the time of a goal, and this flow has none.",
                f"Write `goal {event} within 14 days` in the head of the flow, or let `clicks` decide.",
            )
    elif metric == "revenue":
        yield from _revenue(line, goal, draft)


def _revenue(line: Winner, goal: GoalLine, draft: Draft) -> Iterator[Finding]:
    event = draft.names.events.get(goal.event.text)
    if event is None:
        return
    total = fields_of(event).get("total")
    if total is None or total.kind != "money":
        lacks = "has no `total`" if total is None else "has a `total` that is no amount of money"
        yield error(
            "E435",
            line.metric.span,
            f"Revenue is the `total` of the goal, and `{event.name}` {lacks}.",
            f"Let `{event.name}` decide, or declare `total money` below `event {event.name}`.",
        )


def _number(line: Winner) -> Iterator[Finding]:
    if line.adapts:
        return
    if line.after is None:
        yield error(
            "E436",
            line.span,
            "This line does not say after how many people a winner may be named.",
            f"Write it at the end: `{_shown(line, line.metric.text or 'clicks')}`.",
        )
    elif line.after != int(line.after) or line.after < 1:
        yield error(
            "E115",
            line.span,
            "People are counted in whole numbers from 1 on.",
            "Write `after 1000 contacts`.",
        )
    elif line.after < _FEWEST:
        yield warning(
            "W223",
            line.span,
            f"After {line.after} people in each arm, what looks like a winner is mostly chance.",
            f"Write `{_shown(line, line.metric.text or 'clicks')}`, or {_FEWEST} at the very least.",
        )


def _shown(line: Winner, metric: str) -> str:
    return f"adapt by {metric}" if line.adapts else f"keep winner by {metric} after 1000 contacts"
