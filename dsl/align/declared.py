"""Declarations in the words of the language, line by line."""

from collections.abc import Iterator

from dsl.bounds.caps import cap_words, caps_of_topic
from dsl.graph import Coupon, EventType, FieldType, Segment, TopicType, Webhook
from dsl.wording.values import condition_words, duration_words

Lines = Iterator[tuple[str, str]]


def topic_lines(topic: TopicType) -> Lines:
    """What people agree to, and how often it may come."""
    yield "title", f'"{topic.title}"'
    law = " required by law" if topic.basis == "legal_obligation" else ""
    yield "purpose", f"for {topic.purpose}{law}"
    if topic.wording:
        yield "consent", f'consent "{topic.wording}"'
    for cap in caps_of_topic(topic):
        yield "limit", cap_words(cap)


def segment_lines(segment: Segment) -> Lines:
    """Who belongs to it."""
    yield "title", f'"{segment.title}"'
    yield "condition", condition_words(segment.test)


def coupon_lines(coupon: Coupon) -> Lines:
    """What a code is worth, for how long, and what it looks like."""
    yield "title", f'"{coupon.title}"'
    if coupon.percent is not None:
        yield "worth", f"{coupon.percent.normalize():f}% off"
    if coupon.amount is not None:
        yield "worth", f"{coupon.amount} off"
    if coupon.free_shipping:
        yield "worth", "free shipping"
    if coupon.valid is not None:
        yield "valid", f"valid {duration_words(coupon.valid)}"
    if coupon.pattern:
        yield "code", f'code "{coupon.pattern}"'
    if coupon.codes_from:
        yield "code", f'codes from "{coupon.codes_from}"'


def webhook_lines(webhook: Webhook) -> Lines:
    """Where calls go, and whose key signs them."""
    yield "url", f'url "{webhook.url}"'
    if webhook.secret_env:
        yield "secret", f"secret env {webhook.secret_env}"


def event_lines(event: EventType) -> Lines:
    """Its fields."""
    for name, kind in event.fields:
        yield name, f"{name} {type_words(kind)}"


def attribute_lines(kind: FieldType) -> list[tuple[str, str]]:
    """The type of a contact's attribute."""
    return [("type", type_words(kind))]


def type_words(kind: FieldType) -> str:
    """A type as it is written; the fields of a record stand in parentheses."""
    if kind.kind == "choice":
        return "one of " + ", ".join(f'"{choice}"' for choice in kind.choices)
    if kind.kind == "list" and kind.item is not None:
        return f"list of {type_words(kind.item)}"
    if kind.kind == "record":
        return "(" + ", ".join(f"{name} {type_words(inner)}" for name, inner in kind.fields) + ")"
    return kind.kind
