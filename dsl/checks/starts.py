"""Starts: dates of a person, and starts at which nobody can come in."""

from collections.abc import Iterator

from dsl.draft import Draft
from dsl.found.finding import Finding
from dsl.found.source import error, warning
from dsl.meaning.scope import Scope
from dsl.meaning.typing_rules import check_value
from dsl.nodes.flows import Flow
from dsl.nodes.heads import FlowTopic, LeaveWhen, StartOnDate, StartOnEvent, StartOnSegment
from dsl.nodes.terms import Comparison, Expression, History, InSegment, Literal, Logic, Not, Path


def check_starts(draft: Draft) -> Iterator[Finding]:
    """Starts on something that is no date, at no time, or of people who may not come in."""
    for flow in draft.flows:
        for head in flow.heads:
            if isinstance(head, StartOnDate):
                yield from _date(head, draft.outside())
        yield from _nobody(flow, draft)


def _date(head: StartOnDate, scope: Scope) -> Iterator[Finding]:
    findings: list[Finding] = []
    kind = check_value(head.value, scope, findings).kind
    yield from findings
    if findings or kind == "anything":
        return
    if kind not in ("date", "moment"):
        yield error(
            "E422",
            head.value.span,
            "This is no date.",
            "Name an attribute that holds one, as in `start on date contact.birthday at 09:00`.",
        )
    elif not _of_the_person(head.value):
        yield error(
            "E422",
            head.value.span,
            "This date is the same for everyone.",
            "Name a date of the person, as in `contact.birthday` or `first order_placed.at`.",
        )
    elif head.at is None:
        words = " every year" if head.every_year else ""
        yield error(
            "E466",
            head.span,
            "This start does not say at what time of the day.",
            f"Write it at the end, as in `start on date contact.birthday{words} at 09:00`.",
        )
    if head.offset and head.offset.seconds:
        yield error(
            "E304",
            head.span,
            "A start on a date is whole days before or after it.",
            "Write `1 day before`, and the time with `at`.",
        )


def _of_the_person(value: Expression) -> bool:
    match value:
        case Path(parts=(root, *_)):
            return root.text == "contact"
        case History(kind):
            return kind in ("first", "last", "largest", "smallest")
    return False


def _nobody(flow: Flow, draft: Draft) -> Iterator[Finding]:
    topic = next((head.topic.text for head in flow.heads if isinstance(head, FlowTopic)), "")
    leaves = [head.test for head in flow.heads if isinstance(head, LeaveWhen)]
    for head in flow.heads:
        match head:
            case StartOnEvent(event, where) if draft.names.purpose(topic) == "marketing":
                if _gone(event.text, where, topic):
                    yield warning(
                        "W225",
                        head.span,
                        f"Nobody comes in here: after `{event.text}` no mail on `{topic}` may go to them.",
                        "Start the flow on something else, or put it on another topic.",
                    )
            case StartOnSegment(segment, joining):
                if any(_holds(test, segment.text, joining) for test in leaves):
                    words = "joins" if joining else "leaves"
                    yield warning(
                        "W225",
                        head.span,
                        f"Nobody comes in here: whoever {words} `{segment.text}` meets `leave when` at once.",
                        "Write the opposite behind `leave when`, or delete that line.",
                    )


def _gone(event: str, where: Expression | None, topic: str) -> bool:
    """Whether by this event a person may get no mail on a topic."""
    match where:
        case None:
            return event == "email_complained"
        case Comparison("is", Path() as path, Literal(value=value)):
            if event == "unsubscribed":
                return path.text == "topic" and value == topic
            return event == "email_bounced" and path.text == "kind" and value == "hard"
    return event == "email_complained"


def _holds(test: Expression, segment: str, joining: bool) -> bool:
    """Whether whoever has just joined (or left) a segment meets a condition for certain."""
    match test:
        case Logic("or", parts):
            return any(_holds(part, segment, joining) for part in parts)
        case Not(InSegment(named)):
            return not joining and named.text == segment
        case InSegment(named):
            return joining and named.text == segment
    return False
