"""Steps: their names, their arms, and whether a journey can come to them."""

from collections.abc import Iterator
from decimal import Decimal

from dsl.draft import Draft
from dsl.found.finding import Finding
from dsl.found.source import error
from dsl.meaning.names import unknown
from dsl.meaning.walk import written_name
from dsl.nodes.flows import (
    Broken,
    Finish,
    Flow,
    If,
    Repeat,
    Send,
    Split,
    Step,
    Unsubscribe,
    WaitFor,
    WaitUntil,
    blocks,
)
from dsl.nodes.heads import FlowTopic
from dsl.read.words import DECLARED_WORDS


def check_steps(draft: Draft) -> Iterator[Finding]:
    """Names used twice, arms that do not fit, steps that nobody reaches."""
    for flow in draft.flows:
        yield from _names(flow)
        topic = next((head.topic.text for head in flow.heads if isinstance(head, FlowTopic)), "")
        if not flow.damaged:
            yield from _reachable(flow.steps, topic if draft.names.purpose(topic) == "marketing" else "")
        for step in flow.all_steps:
            if isinstance(step, WaitFor):
                yield from _wait_for(step, draft)
            elif isinstance(step, Split):
                yield from _split(step)


def _names(flow: Flow) -> Iterator[Finding]:
    seen: dict[str, Step] = {}
    for step in flow.all_steps:
        name = written_name(step)
        label = None if isinstance(step, Broken) else step.label
        if label and label.text in DECLARED_WORDS:
            yield error(
                "E207",
                label.span,
                f"`{label.text}` is a word of the language and cannot be a name.",
                f"Write another name, as in `{label.text}_step`.",
            )
        if not name:
            continue
        if name in seen:
            number = 2
            while f"{name}_{number}" in seen:
                number += 1
            what = "send" if isinstance(step, Send) else "split" if isinstance(step, Split) else ""
            help = (
                f"Write `{what} {_own(step)} as {name}_{number}`." if what else f"Write `as {name}_{number}`."
            )
            yield error(
                "E214",
                step.span,
                f"This flow has a step named `{name}` already, in line {seen[name].span.line}.",
                help,
            )
            seen[f"{name}_{number}"] = step
        seen.setdefault(name, step)


def _own(step: Step) -> str:
    return step.template.text if isinstance(step, Send) else step.name.text if isinstance(step, Split) else ""


def _wait_for(step: WaitFor, draft: Draft) -> Iterator[Finding]:
    if step.up_to is None and all(each.event.text for each in step.heard):
        yield error(
            "E403",
            step.span,
            "This line does not say how long to wait if nothing comes.",
            "Write it at the end, as in `up to 7 days`.",
        )
    heard: set[str] = set()
    for each in step.heard:
        if each.event.text and each.event.text in heard:
            yield error(
                "E414",
                each.event.span,
                f"`{each.event.text}` is waited for twice here.",
                "Join the two with `where (… or …)`.",
            )
        heard.add(each.event.text)
    seen: set[str] = set()
    for arm in step.arms:
        if arm.event.text and heard <= draft.names.events.keys() and arm.event.text not in heard:
            yield unknown("E215", "event in the line above that is called", arm.event, heard)
        if arm.event.text in seen:
            yield error(
                "E414",
                arm.span,
                f"There is an arm `on {arm.event.text}` already.",
                "Put the steps into one arm.",
            )
        if arm.event.text:
            seen.add(arm.event.text)
    for met in step.mets:
        yield error(
            "E215",
            met.span,
            "`on met` belongs to a `wait until` with a condition.",
            "Write `on` and the event, as in the line above.",
        )
    for again in step.timeouts[1:]:
        yield error(
            "E414", again.span, "There is an arm `on timeout` already.", "Put the steps into one arm."
        )


def _split(step: Split) -> Iterator[Finding]:
    if not step.arms:
        yield error(
            "E108",
            step.span,
            "There are no arms below this line.",
            "Write one for each way, as in `50% first`, with steps below it.",
        )
        return
    weights = [arm.weight for arm in step.arms]
    known = [weight for weight in weights if weight is not None]
    if len(known) == len(weights) and sum(known) != 100:
        total = sum(known, Decimal(0))
        yield error(
            "E405",
            step.span,
            f"The arms of this split sum to {_shown(total)}%, not to 100%.",
            _mend(step.arms[-1].label.text, known),
        )
    seen: set[str] = set()
    for arm in step.arms:
        if arm.label.text and arm.label.text in seen:
            yield error(
                "E414",
                arm.label.span,
                f"There is an arm `{arm.label.text}` already.",
                "Rename one of the two.",
            )
        seen.add(arm.label.text)


def _mend(label: str, weights: list[Decimal]) -> str:
    rest = 100 - sum(weights[:-1], Decimal(0))
    if rest > 0:
        return f"Write `{_shown(rest)}% {label}`, for instance."
    return "Make the shares smaller until they sum to 100%."


def _shown(number: Decimal) -> str:
    return f"{number.normalize():f}"


def _reachable(steps: tuple[Step, ...], topic: str) -> Iterator[Finding]:
    """The first step of each block to which nobody comes. `topic` is the flow's, if people can leave it."""
    for step, behind in zip(steps, (*steps[1:], None), strict=False):
        for block in blocks(step):
            yield from _reachable(block, topic)
        if behind is not None and _ends(step, topic):
            if isinstance(step, Unsubscribe):
                yield error(
                    "E404",
                    behind.span,
                    f"Nobody comes to this step: whoever leaves `{topic}` leaves this flow, which is on it.",
                    "Delete it, or move it above the `unsubscribe from`.",
                )
            else:
                yield error(
                    "E404",
                    behind.span,
                    "Nobody comes to this step: every way above it ends before.",
                    "Delete it, or move it above the `finish`.",
                )
            return


def _ends(step: Step, topic: str) -> bool:
    """Whether no journey gets beyond a step."""

    def all_end(steps: tuple[Step, ...]) -> bool:
        return any(_ends(each, topic) for each in steps)

    match step:
        case Finish():
            return True
        case Unsubscribe(left):
            return bool(topic) and left.text == topic
        case Repeat():
            return all_end(step.steps)
        case If(branches, otherwise):
            return otherwise is not None and all(
                all_end(each) for each in (*(b.steps for b in branches), otherwise)
            )
        case Split(arms=arms):
            return bool(arms) and all(all_end(arm.steps) for arm in arms)
        case WaitFor(heard, arms=arms, timeouts=timeouts):
            armed = {arm.event.text for arm in arms if all_end(arm.steps)}
            return (
                bool(timeouts) and all_end(timeouts[0].steps) and {each.event.text for each in heard} <= armed
            )
        case WaitUntil(mets=mets, timeouts=timeouts):
            return all(bool(arms) and all_end(arms[0].steps) for arms in (mets, timeouts))
    return False
