"""What the parser reads of fields, coupons and limits, as written, each with its place."""

from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from dsl.finding import Span
from dsl.graph import Duration, Money
from dsl.terms import Name, TextValue


@dataclass(frozen=True, slots=True)
class Cap:
    """`at most N emails per U`. `unit` is a word, empty for a `rolling` window."""

    count: Decimal
    unit: Name
    rolling: Duration | None
    wait: Duration | None
    span: Span


@dataclass(frozen=True, slots=True)
class Quiet:
    """HH:MM each; None where the time means nothing."""

    start: str | None
    end: str | None
    span: Span


@dataclass(frozen=True, slots=True)
class TypeNode:
    """`kind` is a type's word, `choice`, `list` (with `item`) or `record` (with `fields`)."""

    kind: str
    span: Span
    choices: tuple[TextValue, ...] = ()
    item: "TypeNode | None" = None
    fields: "tuple[FieldNode, ...]" = ()


@dataclass(frozen=True, slots=True)
class FieldNode:
    name: Name
    type: TypeNode


@dataclass(frozen=True, slots=True)
class Use:
    name: Name
    span: Span


@dataclass(frozen=True, slots=True)
class Contact:
    fields: tuple[FieldNode, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Event:
    name: Name
    fields: tuple[FieldNode, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class TopicPurpose:
    """`purpose` is marketing or service; `by_law` is for `required by law`."""

    purpose: str
    by_law: bool
    span: Span


@dataclass(frozen=True, slots=True)
class PercentOff:
    percent: Decimal
    span: Span


@dataclass(frozen=True, slots=True)
class AmountOff:
    amount: Money
    span: Span


@dataclass(frozen=True, slots=True)
class FreeShipping:
    span: Span


@dataclass(frozen=True, slots=True)
class Valid:
    duration: Duration | None
    span: Span


@dataclass(frozen=True, slots=True)
class CodePattern:
    text: TextValue
    span: Span


@dataclass(frozen=True, slots=True)
class CodesFrom:
    """`codes from "codes.csv"`."""

    file: TextValue
    span: Span


Worth: TypeAlias = PercentOff | AmountOff | FreeShipping


@dataclass(frozen=True, slots=True)
class Coupon:
    """The lines of each kind as written, too few or too many."""

    name: Name
    title: str
    worths: tuple[Worth, ...]
    valids: tuple[Valid, ...]
    codes: tuple[CodePattern | CodesFrom, ...]
    damaged: bool  # a line of it could not be read
    span: Span


@dataclass(frozen=True, slots=True)
class WebhookSecret:
    """`secret env NAME`: the name of an environment variable."""

    name: Name
    span: Span


@dataclass(frozen=True, slots=True)
class Webhook:
    """The lines of each kind as written, too few or too many."""

    name: Name
    title: str
    urls: tuple[TextValue, ...]
    secrets: tuple[WebhookSecret, ...]
    damaged: bool  # a line of it could not be read
    span: Span


@dataclass(frozen=True, slots=True)
class Limits:
    caps: tuple[Cap, ...]
    quiets: tuple[Quiet, ...]
    span: Span
