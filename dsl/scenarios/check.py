"""Scenarios: whether each can be played, and speaks of what there is."""

from collections.abc import Iterator

from dsl.checks.schedules import check_zone
from dsl.draft import Draft
from dsl.found.finding import Finding
from dsl.found.source import error, warning
from dsl.meaning.names import CONTACT_ALWAYS, PURPOSES, unknown
from dsl.meaning.scope import value_type
from dsl.nodes.heads import FlowTopic
from dsl.nodes.scenarios import (
    ActNode,
    AgreedLine,
    AttributeLine,
    ChooseLine,
    ContactBlock,
    FlowLine,
    Happens,
    ScenarioLine,
    ScenarioNode,
    SceneLine,
    SendExpected,
    TaggedLine,
)
from dsl.nodes.terms import Literal, TextValue
from dsl.scenarios.cast import Cast, cast_of
from dsl.scenarios.check_lines import check_agreed, check_arm, check_scene
from dsl.scenarios.clock import check_clock, hours
from dsl.scenarios.values import check_offered

_GIVEN = ("language", "time_zone", "country")


def check_scenarios(draft: Draft) -> Iterator[Finding]:
    """All findings about scenarios; of two with one title the first counts."""
    titles: dict[str, ScenarioNode] = {}
    for node in draft.scenarios:
        yield from _title(node, titles)
        yield from _order(node)
        yield from _flows(node, draft)
        yield from check_clock(node)
        cast = cast_of(node, draft)
        for block in node.contacts[:1]:
            yield from _contact(block, draft)
            yield from _agreed_without_a_topic(block, node, draft)
        yield from _choices(node, cast)
        for hour in hours(node):
            yield from check_scene(hour, node, cast, draft)
        yield from _advice(node, cast, draft)


def _title(node: ScenarioNode, titles: dict[str, ScenarioNode]) -> Iterator[Finding]:
    if node.title is None:
        return
    title = node.title.value.strip()
    if not title:
        yield error("E415", node.title.span, "This title is blank.", "Write what the scenario shows.")
        return
    first = titles.setdefault(title, node)
    if first is not node:
        file = "" if first.span.file == node.span.file else f" of {first.span.file}"
        yield error(
            "E206",
            node.title.span,
            f"There is a scenario with this title already, in line {first.span.line}{file}.",
            "Rename one of the two, or delete it.",
        )


def _order(node: ScenarioNode) -> Iterator[Finding]:
    """Header lines that stand behind what happens, or twice."""
    seen: set[object] = set()
    begun = False
    for line in node.lines:
        if isinstance(line, SceneLine):
            begun = begun or line.does is not None
            continue
        what, key = _kind(line)
        if key in seen:
            message = f"The scenario has {what} already."
            yield error("E408", line.span, message, "Delete one of the two.")
        elif begun:
            message = "A header line stands behind a line that happens."
            yield error("E407", line.span, message, "Move it above the first line that has a time.")
        seen.add(key)


def _kind(line: ScenarioLine) -> tuple[str, object]:
    match line:
        case FlowLine(flow):
            return f"the flow `{flow.text}`", (FlowLine, flow.text)
        case ChooseLine(_, split):
            return f"a choice of `{split.text}`", (ChooseLine, split.text)
    return "a contact", ContactBlock


def _flows(node: ScenarioNode, draft: Draft) -> Iterator[Finding]:
    if not node.flows and not node.damaged:
        known = sorted(draft.names.flows)
        yield error(
            "E602",
            node.title.span if node.title else node.span,
            "This scenario does not say which flow it is about.",
            f"Write it in the first line below, as in `flow {known[0] if known else 'welcome'}`.",
        )
    for line in node.flows:
        if line.flow.text and line.flow.text not in draft.names.flows:
            yield unknown("E219", "flow", line.flow, draft.names.flows)


def _contact(block: ContactBlock, draft: Draft) -> Iterator[Finding]:
    seen: set[tuple[type, str]] = set()
    for line in block.lines:
        match line:
            case AgreedLine(topic):
                key = topic.text
                yield from check_agreed(topic, draft)
            case TaggedLine(tag):
                key = tag.value
                if not tag.value.strip():
                    yield error("E415", tag.span, "This tag is blank.", 'Write a word, as in `"tea"`.')
            case AttributeLine(name):
                key = name.text
                yield from _attribute(line, draft)
        if key and (type(line), key) in seen:
            yield error("E206", line.span, f"`{key}` stands here twice.", "Delete one of the two.")
        seen.add((type(line), key))


def _attribute(line: AttributeLine, draft: Draft) -> Iterator[Finding]:
    name, scope = line.name, draft.outside()
    if name.text in CONTACT_ALWAYS and name.text not in _GIVEN:
        message = f"Virta gives each contact of a scenario `{name.text}` by itself."
        yield error("E617", name.span, message, "Delete this line.")
        return
    declared = draft.names.attribute(name.text)
    if declared is None:
        if name.text in ("tag", "tags"):
            help = 'Write `tagged`, as in `tagged "friend"`.'
        elif name.text == "agreed":
            help = "Write `agreed to`, as in `agreed to news`."
        else:
            help = f"Declare it below the project's `contact`: `{name.text} text`."
        known = {**dict.fromkeys(_GIVEN), **draft.names.attributes}
        yield unknown("E203", "attribute", name, known, help)
        return
    yield from check_offered(line.value, name.text, value_type(declared), scope)
    if name.text == "time_zone" and isinstance(line.value, Literal) and line.value.kind == "text":
        yield from check_zone(TextValue(str(line.value.value), line.value.span))


def _agreed_without_a_topic(block: ContactBlock, node: ScenarioNode, draft: Draft) -> Iterator[Finding]:
    """What people agree to beside topics stands on the form of a sign-up to one."""
    agreed = [line.topic for line in block.lines if isinstance(line, AgreedLine)]
    beside = [topic for topic in agreed if topic.text in PURPOSES]
    asked_for = draft.purposes is None or all(topic.text in draft.purposes for topic in beside)
    if not beside or len(beside) < len(agreed) or block.damaged or not asked_for or _signs_up(node):
        return
    marketing = sorted(name for name in draft.names.topics if draft.names.purpose(name) == "marketing")
    yield error(
        "E620",
        beside[0].span,
        f"Nobody agrees to `{beside[0].text}` alone: it is asked for beside a topic.",
        f"Write `agreed to {marketing[0] if marketing else 'news'}` below `contact` as well.",
    )


def _signs_up(node: ScenarioNode) -> bool:
    return any(
        isinstance(scene.does, Happens) and scene.does.event.text == "subscribed" for scene in node.scenes
    )


def _choices(node: ScenarioNode, cast: Cast) -> Iterator[Finding]:
    for line in node.choices:
        yield from check_arm(line.label, line.split, cast)


def _advice(node: ScenarioNode, cast: Cast, draft: Draft) -> Iterator[Finding]:
    if node.damaged or not node.scenes:
        return
    if all(isinstance(scene.does, ActNode) for scene in node.scenes):
        yield warning(
            "W601",
            node.title.span if node.title else node.span,
            "This scenario expects nothing, so it can never fail.",
            "Write at its end what you expect, as in `expect send welcome` or `expect left`.",
        )
    yield from _nobody_agreed(node, cast, draft)


def _nobody_agreed(node: ScenarioNode, cast: Cast, draft: Draft) -> Iterator[Finding]:
    """Mails of a flow that never starts, because the contact agreed to nothing."""
    agreed = {
        line.topic.text for block in node.contacts for line in block.lines if isinstance(line, AgreedLine)
    }
    if any(block.damaged for block in node.contacts) or (agreed and agreed <= set(PURPOSES)):
        return
    if _signs_up(node):
        return
    for scene in node.scenes:
        if not isinstance(scene.does, SendExpected) or len(cast.mails.get(scene.does.mail.text, ())) != 1:
            continue
        flow = draft.names.flows[cast.mails[scene.does.mail.text][0]]
        topic = next((head.topic.text for head in flow.heads if isinstance(head, FlowTopic)), "")
        if topic in draft.similar and _buys(node, draft):
            continue
        if topic and draft.names.purpose(topic) == "marketing" and topic not in agreed:
            order = draft.sales[0].event if topic in draft.similar and draft.sales else ""
            yield warning(
                "W602",
                scene.span,
                f"This contact has not agreed to `{topic}`, so the flow never starts for them.",
                f"Let `{order}` happen first: `{topic}` rests on sales."
                if order
                else f"Write `agreed to {topic}` below `contact`.",
            )
            return


def _buys(node: ScenarioNode, draft: Draft) -> bool:
    """Whether a sale happens, by which people come to the topics that rest on such."""
    sales = {sale.event for sale in draft.sales}
    return any(isinstance(scene.does, Happens) and scene.does.event.text in sales for scene in node.scenes)
