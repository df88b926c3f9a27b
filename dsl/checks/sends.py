"""Mails: on which topic each goes, and what its own lines say."""

import re
from collections.abc import Iterator

from dsl.draft import Draft
from dsl.found.finding import Finding, Span
from dsl.found.source import error
from dsl.meaning.fills import Filling, Misfit, fillings
from dsl.meaning.names import unknown
from dsl.meaning.scope import Scope, resolve
from dsl.meaning.shop import NOT_FOR_SERVICE
from dsl.nodes.flows import Flow, Send
from dsl.nodes.heads import FlowTopic, Holdout, Start, StartOnEvent
from dsl.nodes.terms import Path, TextValue

_ADDRESS = re.compile(r'\s*([^<>"\n\r]*<[^\s<>@]+@[^\s<>@]+\.[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+\.[^\s<>@]+)\s*$')
_ALWAYS_KNOWN = ("id", "email", "email_domain", "created_at")


def check_sends(draft: Draft) -> Iterator[Finding]:
    """Mails without a topic, service topics where they must not be, texts with values that do not fit."""
    for flow in draft.flows:
        topic = next((head.topic.text for head in flow.heads if isinstance(head, FlowTopic)), None)
        service: dict[str, None] = {}
        lacking = False  # one line in the head mends all mails of a flow
        if topic and draft.names.purpose(topic) == "service":
            service[topic] = None
        for standing in draft.standings(flow):
            step = standing.step
            if not isinstance(step, Send):
                continue
            if step.topic is None and topic is None and not (flow.damaged or lacking):
                lacking = True
                yield error(
                    "E402",
                    step.span,
                    f"`{step.template.text}` has no topic, so nobody has agreed to it.",
                    "Write `topic NAME` in the head of the flow.",
                )
            if step.topic is not None:
                if step.topic.text not in draft.names.topics:
                    yield unknown(
                        "E204",
                        "topic",
                        step.topic,
                        draft.names.topics,
                        f"Declare it with `topic {step.topic.text}`.",
                    )
                elif draft.names.purpose(step.topic.text) == "service":
                    service[step.topic.text] = None
            yield from _lines(step, standing.scope)
        for each in service:
            yield from _service(flow, each)


def _service(flow: Flow, topic: str) -> Iterator[Finding]:
    for head in flow.heads:
        if isinstance(head, Holdout):
            yield error(
                "E406",
                head.span,
                f"`{topic}` is for service: people need these mails, and nobody may be held out of them.",
                "Delete this line.",
            )
        elif isinstance(head, Start) and not isinstance(head, StartOnEvent):
            yield error(
                "E406",
                head.span,
                f"`{topic}` is for service, so a flow on it starts on an event only.",
                "Start it on something that the person did, as in `start on order_placed`.",
            )
        elif isinstance(head, StartOnEvent) and head.event.text in NOT_FOR_SERVICE:
            yield error(
                "E406",
                head.event.span,
                f"`{topic}` is for service, and by `{head.event.text}` nobody asks for one.",
                "Send this on a topic for marketing.",
            )


def _lines(step: Send, scope: Scope) -> Iterator[Finding]:
    if step.subject:
        yield from _one_line(step.subject, "A subject")
        if not step.subject.value.strip():
            yield error("E415", step.subject.span, "This subject is blank.", "Write a few words.")
        yield from filled(step.subject, scope, "subject")
    for text, what in ((step.sender, "from"), (step.reply_to, "reply to")):
        if text:
            yield from address(text, f'{what} "Anna of Kafija <anna@kafija.example>"')


def address(text: TextValue, example: str) -> Iterator[Finding]:
    """What keeps a text from being an address."""
    if not is_address(text.value):
        yield no_address(text.span, example)


def is_address(text: str) -> bool:
    """Whether a mail can come from here, or go there."""
    return bool(_ADDRESS.match(text)) and "{" not in text


def no_address(place: Span, example: str) -> Finding:
    """What is no address is told."""
    return error("E417", place, "This is no address of a mailbox.", f"Write it like `{example}`.")


def _one_line(text: TextValue, what: str) -> Iterator[Finding]:
    if "\n" in text.value:
        yield error("E415", text.span, f"{what} is one line.", "Leave out the `\\n`.")


def filled(text: TextValue, scope: Scope, where: str, unknowns: bool = False) -> Iterator[Finding]:
    """What keeps the values in a text from being shown there; `unknowns`: unknown values may be missing."""
    for part in fillings(text):
        if isinstance(part, Misfit):
            yield error(
                "E461",
                text.span,
                f"`{part.text}` is no value that a text can hold."
                if part.text.endswith("}")
                else "A `{` of this text is not closed.",
                'Write it like `{trigger.order_id}` or `{contact.first_name or "friend"}`.',
            )
        elif isinstance(part, Filling):
            findings: list[Finding] = []
            meaning = resolve(part.path, scope, findings)
            yield from findings
            if meaning is None:
                continue
            if meaning.type.kind in ("list", "record"):
                yield error(
                    "E461",
                    text.span,
                    f"`{part.path.text}` is a list and cannot stand in a {where}.",
                    "Name a single value.",
                )
            elif meaning.type.kind == "moment":
                yield error(
                    "E461",
                    text.span,
                    f"`{part.path.text}` is a moment, which a {where} cannot write out.",
                    "Leave it out."
                    if unknowns
                    else "Leave it out, or write the subject in the template, where "
                    f"`{{{{ {part.path.text} | date }}}}` writes its day.",
                )
            elif (
                not unknowns
                and part.otherwise is None
                and (
                    meaning.kind == "predicted"
                    or (meaning.kind == "attribute" and meaning.path[0] not in _ALWAYS_KNOWN)
                )
            ):
                yield error(
                    "E460",
                    text.span,
                    f"`{part.path.text}` may be unknown.",
                    f'Write `{{{part.path.text} or "{_instead(part.path)}"}}`, with a word that fits.',
                )


def _instead(path: Path) -> str:
    """What may stand where a person's own value is unknown."""
    return "friend" if "name" in path.text else "…"
