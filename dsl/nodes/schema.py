"""What the parser reads of fields, coupons and limits, as written, each with its place."""

from decimal import Decimal
from typing import TypeAlias

from msgspec import Struct

from dsl.found.finding import Span
from dsl.graph import Duration, Money
from dsl.nodes.terms import Name, TextValue


class Cap(Struct, frozen=True):
    """`at most N emails per U`. `unit` is a word, empty for a `rolling` window."""

    count: Decimal
    unit: Name
    rolling: Duration | None
    wait: Duration | None
    span: Span


class Quiet(Struct, frozen=True):
    """HH:MM each; None where the time means nothing."""

    start: str | None
    end: str | None
    span: Span


class TypeNode(Struct, frozen=True):
    """`kind` is a type's word, `choice`, `list` (with `item`) or `record` (with `fields`)."""

    kind: str
    span: Span
    choices: tuple[TextValue, ...] = ()
    item: "TypeNode | None" = None
    fields: "tuple[FieldNode, ...]" = ()


class FieldNode(Struct, frozen=True):
    name: Name
    type: TypeNode


class Use(Struct, frozen=True):
    name: Name
    span: Span


class Contact(Struct, frozen=True):
    fields: tuple[FieldNode, ...]
    span: Span


class Event(Struct, frozen=True):
    name: Name
    fields: tuple[FieldNode, ...]
    span: Span


class TopicPurpose(Struct, frozen=True):
    """`purpose` is marketing or service; `by_law` is for `required by law`."""

    purpose: str
    by_law: bool
    span: Span


class PercentOff(Struct, frozen=True):
    percent: Decimal
    span: Span


class AmountOff(Struct, frozen=True):
    amount: Money
    span: Span


class FreeShipping(Struct, frozen=True):
    span: Span


class Valid(Struct, frozen=True):
    duration: Duration | None
    span: Span


class CodePattern(Struct, frozen=True):
    text: TextValue
    span: Span


class CodesFrom(Struct, frozen=True):
    """`codes from "codes.csv"`."""

    file: TextValue
    span: Span


Worth: TypeAlias = PercentOff | AmountOff | FreeShipping


class Coupon(Struct, frozen=True):
    """The lines of each kind as written, too few or too many."""

    name: Name
    title: str
    worths: tuple[Worth, ...]
    valids: tuple[Valid, ...]
    codes: tuple[CodePattern | CodesFrom, ...]
    damaged: bool  # a line of it could not be read
    span: Span


class WebhookSecret(Struct, frozen=True):
    """`secret env NAME`: the name of an environment variable."""

    name: Name
    span: Span


class Webhook(Struct, frozen=True):
    """The lines of each kind as written, too few or too many."""

    name: Name
    title: str
    urls: tuple[TextValue, ...]
    secrets: tuple[WebhookSecret, ...]
    damaged: bool  # a line of it could not be read
    span: Span


class Limits(Struct, frozen=True):
    caps: tuple[Cap, ...]
    quiets: tuple[Quiet, ...]
    span: Span
