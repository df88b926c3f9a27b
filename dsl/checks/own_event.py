"""The event that starts a flow is in the person's history already when the flow's conditions are asked."""

from collections.abc import Iterator
from decimal import Decimal

from dsl.draft import Draft
from dsl.found.finding import Finding
from dsl.found.source import warning
from dsl.nodes.heads import LeaveWhen, StartOnEvent
from dsl.nodes.terms import Comparison, Expression, History, Literal, Logic, Window
from dsl.wording.values import duration_words

_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


def check_own_event(draft: Draft) -> Iterator[Finding]:
    """Starts that ask that their own event has never been, and flows that end for it at once."""
    for flow in draft.flows:
        for head in flow.heads:
            if not isinstance(head, StartOnEvent) or not head.event.text:
                continue
            event = head.event.text
            for part in _all_asked(head.where):
                if _certain(part, event) is False:
                    yield warning(
                        "W224",
                        part.span,
                        f"This is never true: the `{event}` that starts the flow is counted already.",
                        f"Write `count of {event}{_lately(part)} is 1`, which is the first one.",
                    )
            for line in flow.heads:
                if isinstance(line, LeaveWhen) and _certain(line.test, event):
                    yield warning(
                        "W225",
                        head.span,
                        f"Nobody comes in here: by this `{event}` they meet `leave when` at once.",
                        f"Write `leave on {event}` for the next one, or delete the line `leave when`.",
                    )


def _all_asked(condition: Expression | None) -> tuple[Expression, ...]:
    """The parts of a condition that must hold all at once."""
    if isinstance(condition, Logic) and condition.operator == "and":
        return tuple(each for part in condition.parts for each in _all_asked(part))
    return () if condition is None else (condition,)


def _certain(test: Expression, event: str) -> bool | None:
    """Whether a condition holds, or does not, for whom this event has just happened to. None: it depends."""
    match test:
        case Logic("or", parts):
            return True if any(_certain(part, event) for part in parts) else None
        case Logic("and", parts):
            return True if all(_certain(part, event) for part in parts) else None
        case History("any" | "no" as kind) if _at_least_one(test, event):
            return kind == "any"
        case Comparison(sign, History("count") as count, Literal(value=Decimal() as number)):
            return _counted(sign, number) if _at_least_one(count, event) else None
        case Comparison(sign, Literal(value=Decimal() as number), History("count") as count):
            return _counted(_MIRRORED.get(sign, sign), number) if _at_least_one(count, event) else None
    return None


def _counted(sign: str, number: Decimal) -> bool | None:
    """Whether a count of one or more compares so with a number; None: some do, some do not."""
    match sign:
        case ">" | "is not" if number < 1:
            return True
        case ">=" if number <= 1:
            return True
        case "<=" | "is" if number < 1:
            return False
        case "<" if number <= 1:
            return False
    return None


def _at_least_one(history: History, event: str) -> bool:
    """Whether a question about the past counts the event that happens now. What comes more than a day late
    starts nothing."""
    window = history.window
    whole = window is None or bool(window.duration and (window.duration.days or window.duration.months))
    return history.path.text == event and history.where is None and whole


def _lately(test: Expression) -> str:
    """The window that a part asks about, in words."""
    histories = [test] if isinstance(test, History) else []
    if isinstance(test, Comparison):
        histories = [each for each in (test.left, test.right) if isinstance(each, History)]
    match histories:
        case [History(window=Window(duration=length))] if length:
            return f" in last {duration_words(length)}"
    return ""
