"""What each step of a flow needs of a person: what is asked of them, and what they must have agreed to."""

from collections.abc import Iterator
from dataclasses import dataclass

from dsl.bounds.showing import showing
from dsl.graph import (
    AgreedTo,
    Graph,
    MailTest,
    Node,
    Predicted,
    Program,
    Send,
    Tagged,
    WaitForBestTime,
)
from dsl.lower.needs import needs_of, parts_of
from dsl.wording.values import duration_words

_READING = {"email_opened", "email_clicked"}
_VIEWS = {"page_viewed", "product_viewed"}


@dataclass(frozen=True, slots=True)
class StepNeeds:
    """`agreements` are topics and purposes without which the step does not do what it says; `history` tells
    events, each with how far back where that is bounded."""

    step: str
    attributes: tuple[str, ...]
    history: tuple[str, ...]
    segments: tuple[str, ...]
    tags: tuple[str, ...]
    agreements: tuple[str, ...]


def step_needs(graph: Graph, program: Program) -> Iterator[StepNeeds]:
    """The needs of each step that has any, in written order. What templates show is not among them."""
    marketing = {topic.name for topic in program.topics if topic.purpose == "marketing"}
    for node in graph.nodes:
        found = _needs(node, marketing)
        if any((found.attributes, found.history, found.segments, found.tags, found.agreements)):
            yield found


def _needs(node: Node, marketing: set[str]) -> StepNeeds:
    needs = needs_of([node])
    tags: set[str] = set()
    agreements: set[str] = set()
    if isinstance(node, Send):
        agreements |= {node.topic} & marketing
        agreements |= {"personalisation"} if node.recommends else set()
    if isinstance(node, WaitForBestTime):
        agreements.add("measurement")
    for part in parts_of(node):
        match part:
            case Tagged(tag):
                tags.add(tag)
            case AgreedTo(topic):
                agreements.add(topic)
            case Predicted():
                agreements.add("personalisation")
            case MailTest("opened" | "clicked"):
                agreements.add("measurement")
    events = {each.event for each in needs.events}
    agreements |= {"measurement"} if events & _READING else set()
    agreements |= {"personalisation"} if events & _VIEWS else set()
    return StepNeeds(
        node.step,
        needs.attributes,
        tuple(
            each.event + (f" in the last {duration_words(each.keep)}" if each.keep is not None else "")
            for each in needs.events
        ),
        needs.segments,
        tuple(sorted(tags)),
        tuple(sorted(agreements)),
    )


def unreached(graph: Graph) -> tuple[str, ...]:
    """The steps to which no way leads, in written order."""
    reached = showing(graph)
    return tuple(node.step for index, node in enumerate(graph.nodes) if index not in reached)
