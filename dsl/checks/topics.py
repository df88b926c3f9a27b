"""Topics: each says what it is for, and asks for consent exactly if it needs it."""

from collections.abc import Iterator

from dsl.draft import Draft
from dsl.found.finding import Finding
from dsl.found.source import error
from dsl.nodes.flows import Topic


def check_topics(draft: Draft) -> Iterator[Finding]:
    """What a topic lacks or says twice."""
    for topic in draft.topics:
        yield from _purpose(topic)
        yield from _consent(topic)


def _purpose(topic: Topic) -> Iterator[Finding]:
    if not topic.purposes and not topic.damaged:
        yield error(
            "E410",
            topic.name.span,
            f"The topic `{topic.name.text}` does not say what it is for.",
            "Write `for marketing` or `for service` below it.",
        )
    for again in topic.purposes[1:]:
        yield error(
            "E408", again.span, "The topic says twice what it is for.", "Delete one of the two lines."
        )


def _consent(topic: Topic) -> Iterator[Finding]:
    if not topic.purposes:
        return
    if topic.purposes[0].purpose == "marketing":
        if not topic.consents and not topic.damaged:
            yield error(
                "E464",
                topic.name.span,
                f"The topic `{topic.name.text}` has no text that people agree to.",
                'Write it below: `consent "I want news and tips by e-mail."`.',
            )
        elif topic.consents and not topic.consents[0].value.strip():
            yield error(
                "E464", topic.consents[0].span, "The text that people agree to is blank.", "Write a sentence."
            )
    elif topic.consents:
        yield error(
            "E462",
            topic.consents[0].span,
            "A service topic rests on the contract, so nobody is asked for consent to it.",
            "Delete this line, or write `for marketing`.",
        )
    for again in topic.consents[1:]:
        yield error(
            "E408", again.span, "The topic has two texts to agree to.", "Delete one of the two lines."
        )
