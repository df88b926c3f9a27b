"""`moved OLD to NEW`: where journeys go whose step is no more."""

from collections.abc import Iterator

from dsl.draft import Draft
from dsl.found.finding import Finding
from dsl.found.source import error
from dsl.meaning.names import unknown
from dsl.meaning.walk import step_names
from dsl.nodes.flows import Flow
from dsl.nodes.heads import Moved


def check_moves(draft: Draft) -> Iterator[Finding]:
    """Moves to no step, from a step that is still there, or from one step to two."""
    for flow in draft.flows:
        if not flow.damaged:
            yield from _moves(flow)


def _moves(flow: Flow) -> Iterator[Finding]:
    names = set(step_names(flow).values())
    seen: dict[str, Moved] = {}
    for head in flow.heads:
        if not isinstance(head, Moved):
            continue
        old, new = head.old, head.new
        if old.text in names:
            yield error(
                "E451",
                old.span,
                f"`{old.text}` is a step of this flow, so whoever stands there stays there.",
                f"Delete this line, or give the step in line {_line(flow, old.text)} another name.",
            )
        if new.text not in names:
            yield unknown("E450", "step in this flow named", new, names)
        first = seen.setdefault(old.text, head)
        if first is not head:
            yield error(
                "E452",
                old.span,
                f"Line {first.span.line} says already where the people of `{old.text}` go.",
                "Delete one of the two lines.",
            )


def _line(flow: Flow, name: str) -> int:
    """The line of the step with this name; an `else if`, which has none of its own, counts with its flow."""
    names = step_names(flow)
    return next((step.span.line for step in flow.all_steps if names[id(step)] == name), flow.span.line)
