"""Steps that change a contact, or write to the team."""

from collections.abc import Iterator

from dsl.checks.sends import address, filled
from dsl.draft import Draft
from dsl.found.finding import Finding
from dsl.found.source import error
from dsl.meaning.fitting import fits
from dsl.meaning.names import CONTACT_ALWAYS, nearest, unknown
from dsl.meaning.scope import Scope, ValueType, value_type
from dsl.meaning.typing_rules import check_value
from dsl.nodes.flows import Set, Tag, Tell, Unsubscribe
from dsl.nodes.terms import CouponCode


def check_changes(draft: Draft) -> Iterator[Finding]:
    """Attributes that cannot be set so, blank tags, topics that nobody can leave, addresses that are none."""
    for flow in draft.flows:
        for standing in draft.standings(flow):
            match standing.step:
                case Set():
                    yield from _set(standing.step, standing.scope)
                case Tag(tag):
                    if not tag.value.strip():
                        yield error("E415", tag.span, "This tag is blank.", 'Write a word, as in `"tea"`.')
                case Unsubscribe():
                    yield from _unsubscribe(standing.step, draft)
                case Tell():
                    yield from _tell(standing.step, standing.scope, draft)


def _set(step: Set, scope: Scope) -> Iterator[Finding]:
    findings: list[Finding] = []
    given = ValueType("anything")
    if isinstance(step.value, CouponCode):
        given = ValueType("text")
    elif step.value is not None:
        given = check_value(step.value, scope, findings)
    yield from findings
    root, *rest = step.path.parts
    if root.text != "contact" or len(rest) != 1:
        name = step.path.parts[-1].text
        yield error(
            "E423",
            step.path.span,
            "Only an attribute of the contact can be set.",
            f"Write `set contact.{name} to …`.",
        )
        return
    name = rest[0].text
    if name in CONTACT_ALWAYS:
        yield error(
            "E423",
            rest[0].span,
            f"`contact.{name}` is kept by Virta and cannot be set by a flow.",
            "Declare an attribute of your own below `contact`, and set that.",
        )
        return
    declared = scope.names.attributes.get(name)
    if declared is None:
        known = scope.names.attributes
        yield unknown("E203", "attribute", rest[0], known, f"Declare it below `contact`: `{name} text`.")
        return
    if step.value is not None:
        yield from fits(step.value, f"contact.{name}", value_type(declared), given, scope.currency)


def _unsubscribe(step: Unsubscribe, draft: Draft) -> Iterator[Finding]:
    topic = step.topic
    if not topic.text:
        return
    if topic.text not in draft.names.topics:
        yield unknown("E204", "topic", topic, draft.names.topics, f"Declare it with `topic {topic.text}`.")
    elif draft.names.purpose(topic.text) == "service":
        yield error(
            "E462",
            topic.span,
            f"`{topic.text}` is for service: nobody subscribed to it, so nobody can be unsubscribed.",
            "Name a topic for marketing, or delete this line.",
        )


def _on_the_team(step: Tell, draft: Draft) -> Iterator[Finding]:
    """Mails of this kind carry no consent, so they go to the project's own people only."""
    written = step.address.value.strip()
    if draft.team is None or written.casefold() in (each.casefold() for each in draft.team):
        return
    close = nearest(written, draft.team)
    yield error(
        "E425",
        step.address.span,
        f"`{written}` is not on the team, and `tell` writes to nobody else.",
        f'Write `"{close}"`.' if close else f'Add `"{written}"` to the list `team` in virta.toml.',
    )


def _tell(step: Tell, scope: Scope, draft: Draft) -> Iterator[Finding]:
    faults = list(address(step.address, 'tell "care@kafija.example" "…"'))
    yield from faults or _on_the_team(step, draft)
    if not step.text.value.strip():
        yield error("E415", step.text.span, "This mail is blank.", "Write what there is to know.")
    yield from filled(step.text, scope.addressed(), "mail to the team", unknowns=True)
