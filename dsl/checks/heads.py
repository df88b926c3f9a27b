"""The head of a flow: what starts it, who may enter, when it ends."""

from collections.abc import Iterator

from dsl.draft import Draft
from dsl.format.meaning import meaning
from dsl.found.finding import Finding
from dsl.found.source import error
from dsl.meaning.names import unknown
from dsl.meaning.walk import trigger_fields
from dsl.nodes.flows import Broken, Flow, Step
from dsl.nodes.heads import (
    Enter,
    FlowTopic,
    GoalLine,
    Head,
    Holdout,
    JourneyPer,
    LeaveWhen,
    Priority,
    Start,
    StartOnSegment,
    TimeZone,
)
from dsl.nodes.schema import Quiet

_ONCE = {
    FlowTopic: ("topic", "a topic"),
    Enter: ("enter", "an `enter` line"),
    JourneyPer: ("one journey per", "a `one journey per` line"),
    GoalLine: ("goal", "a goal"),
    LeaveWhen: ("leave when", "a `leave when` line"),
    Priority: ("priority", "a priority"),
    Quiet: ("quiet", "quiet hours"),
    TimeZone: ("time zone", "a time zone"),
    Holdout: ("holdout", "a holdout"),
}


def check_heads(draft: Draft) -> Iterator[Finding]:
    """Header lines that are missing, repeated, misplaced or that name nothing."""
    for flow in draft.flows:
        yield from _order(flow)
        yield from _repeated(flow)
        yield from _start(flow)
        yield from _names(flow, draft)
        yield from _journey_per(flow, draft)
        yield from _holdout(flow)


def _order(flow: Flow) -> Iterator[Finding]:
    seen_step = False
    for line in flow.lines:
        if isinstance(line, Step):
            seen_step = seen_step or not isinstance(line, Broken)
        elif seen_step:
            yield error(
                "E407", line.span, "A header line stands behind a step.", "Move it above the first step."
            )
    if not seen_step and not flow.damaged:
        yield error(
            "E409",
            flow.name.span,
            f"The flow `{flow.name.text}` has no steps.",
            "Write at least one step, as in `send welcome`.",
        )


def _repeated(flow: Flow) -> Iterator[Finding]:
    starts: list[object] = []
    seen: set[type[Head]] = set()
    for head in flow.heads:
        if isinstance(head, Start):
            if meaning(head) in starts:
                yield error(
                    "E408", head.span, "The flow has this start already.", "Delete one of the two lines."
                )
            starts.append(meaning(head))
        kind = type(head)
        if kind in _ONCE and kind in seen:
            yield error(
                "E408", head.span, f"The flow has {_ONCE[kind][1]} already.", "Delete one of the two lines."
            )
        seen.add(kind)


def _start(flow: Flow) -> Iterator[Finding]:
    starts = [head for head in flow.heads if isinstance(head, Start)]
    if not starts and not flow.damaged:
        yield error(
            "E401",
            flow.name.span,
            f"Nothing starts the flow `{flow.name.text}`.",
            "Write what does, as in `start on order_placed`.",
        )


def _names(flow: Flow, draft: Draft) -> Iterator[Finding]:
    names = draft.names
    for head in flow.heads:
        match head:
            case FlowTopic(topic) if topic.text and topic.text not in names.topics:
                yield unknown("E204", "topic", topic, names.topics, f"Declare it with `topic {topic.text}`.")
            case StartOnSegment(segment) if segment.text and segment.text not in names.segments:
                yield unknown(
                    "E205", "segment", segment, names.segments, f"Declare it with `segment {segment.text}`."
                )
            case GoalLine(within=None):
                yield error(
                    "E416",
                    head.span,
                    "The goal does not say within which time it counts.",
                    "Write it at the end, as in `within 14 days`.",
                )


def _holdout(flow: Flow) -> Iterator[Finding]:
    for head in flow.heads:
        if isinstance(head, Holdout) and not 0 < head.percent < 100:
            nobody = head.percent == 0
            yield error(
                "E115",
                head.span,
                "This holds nobody out." if nobody else "This holds everyone out, and no mail would go.",
                "Delete the line, or write `holdout 10%`.",
            )


def _journey_per(flow: Flow, draft: Draft) -> Iterator[Finding]:
    for head in flow.heads:
        if not isinstance(head, JourneyPer):
            continue
        parts = head.path.parts
        if len(parts) != 2 or parts[0].text != "trigger":
            yield error(
                "E412",
                head.path.span,
                "A journey is told apart by a field of its trigger.",
                "Write it like `one journey per trigger.order_id`.",
            )
            continue
        fields, reason = trigger_fields(flow, draft.names)
        if fields is None:
            if reason:
                message = reason.partition("\n")[0]
                yield error(
                    "E211", head.path.span, message, "Start the flow on events only, or delete this line."
                )
        elif parts[1].text not in fields:
            yield unknown("E202", "field of the event that starts this flow called", parts[1], fields)
        elif fields[parts[1].text].kind in ("list", "record", "money"):
            yield error(
                "E412",
                parts[1].span,
                f"`{parts[1].text}` is an amount of money, which many orders may have."
                if fields[parts[1].text].kind == "money"
                else f"`{parts[1].text}` holds several values at once.",
                "Name a field with one text, number or date, as in `trigger.order_id`.",
            )
