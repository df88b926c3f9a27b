"""Journeys side by side (`one journey per`): what is said of all of them where one is meant; and comparisons
of a field with itself, which are mostly meant for the one of the trigger."""

from collections.abc import Container, Iterable, Iterator

from dsl.draft import Draft
from dsl.found.finding import Finding
from dsl.found.source import warning
from dsl.meaning.names import fields_of
from dsl.meaning.walk import conditions_of, trigger_fields
from dsl.nodes.flows import Flow, Heard, WaitFor
from dsl.nodes.heads import GoalLine, JourneyPer, LeaveOn, LeaveWhen, StartOnEvent
from dsl.nodes.terms import Comparison, Expression, Path, within

_ALWAYS = ("is", "<=", ">=")


def check_side_by_side(draft: Draft) -> Iterator[Finding]:
    """Fields that are compared with themselves, and lines by which any event is one of all journeys."""
    yield from _with_itself((segment.test for segment in draft.segments), ())
    for flow in draft.flows:
        fields, _ = trigger_fields(flow, draft.names)
        yield from _with_itself(_before_entry(flow), ())
        yield from _with_itself(_under_way(flow), fields or ())
        yield from _of_all(flow, fields or (), draft)


def _before_entry(flow: Flow) -> Iterator[Expression]:
    """Conditions that can know of no trigger."""
    for head in flow.heads:
        if isinstance(head, StartOnEvent | GoalLine) and head.where is not None:
            yield head.where


def _under_way(flow: Flow) -> Iterator[Expression]:
    for head in flow.heads:
        if isinstance(head, LeaveWhen):
            yield head.test
        elif isinstance(head, LeaveOn) and head.where is not None:
            yield head.where
    for step in flow.all_steps:
        yield from conditions_of(step)
        if isinstance(step, WaitFor):
            yield from (each.where for each in step.heard if each.where is not None)


def _with_itself(conditions: Iterable[Expression], trigger: Container[str]) -> Iterator[Finding]:
    for whole in conditions:
        for part in within(whole):
            match part:
                case Comparison(operator, Path() as left, Path() as right) if left.text == right.text:
                    what = "always so where it is known" if operator in _ALWAYS else "never so"
                    with_trigger = f"Compare it with `trigger.{right.text}`, that of this journey."
                    yield warning(
                        "W227",
                        right.span,
                        f"This compares `{left.text}` with itself, which is {what}.",
                        with_trigger if right.text in trigger else "Compare it with another value.",
                    )


def _of_all(flow: Flow, trigger: Container[str], draft: Draft) -> Iterator[Finding]:
    """A line without `where` on an event that has the field by which the journeys of a person are told apart.
    An event that starts the flow has another value for each of them, so that none is meant by it."""
    per = next((head.path.parts for head in flow.heads if isinstance(head, JourneyPer)), ())
    if len(per) != 2 or per[0].text != "trigger" or per[1].text not in trigger:
        return
    field = per[1].text
    starts = {head.event.text for head in flow.heads if isinstance(head, StartOnEvent)}
    leaves = [(head, "end") for head in flow.heads if isinstance(head, LeaveOn)]
    waits = [(each, "go on") for step in flow.all_steps if isinstance(step, WaitFor) for each in step.heard]
    lines: list[tuple[LeaveOn | Heard, str]] = [*leaves, *waits]
    for line, does in lines:
        name, event = line.event.text, draft.names.events.get(line.event.text)
        if event is None or line.where is not None or name in starts:
            continue
        if field in fields_of(event):
            yield warning(
                "W228",
                line.event.span,
                f"By any `{name}` all journeys of a person {does}, not that of its `{field}` only.",
                f"Write `{name} where {field} is trigger.{field}`.",
            )
