"""`start on date`: a date of the person, and the time of day."""

from collections.abc import Iterator

from dsl.draft import Draft
from dsl.finding import Finding
from dsl.head_nodes import StartOnDate
from dsl.scope import Scope
from dsl.source import error
from dsl.terms import Expression, History, Path
from dsl.typing_rules import check_value


def check_starts(draft: Draft) -> Iterator[Finding]:
    """Starts on something that is no date, or at no time."""
    for flow in draft.flows:
        for head in flow.heads:
            if isinstance(head, StartOnDate):
                yield from _date(head, draft.outside())


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
