"""What the names of a project mean, and which known name a misspelt one comes nearest to."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches

from dsl.finding import Finding
from dsl.graph import EventType, FieldType
from dsl.nodes import Flow, Segment, Topic
from dsl.schema_nodes import Coupon, Limits, Webhook
from dsl.source import error
from dsl.terms import Name

TEXT = FieldType("text")
MOMENT = FieldType("moment")

CONTACT_ALWAYS: dict[str, FieldType] = {
    "id": TEXT,
    "email": TEXT,
    "email_domain": TEXT,
    "language": TEXT,
    "time_zone": TEXT,
    "country": TEXT,
    "created_at": MOMENT,
}
PURPOSES = ("personalisation", "measurement")
"""What a person can agree to beside the topics."""


@dataclass(slots=True)
class Names:
    """The symbol table of a project. `declared` says which topics, segments, coupons, webhooks and flows
    have a node."""

    attributes: dict[str, FieldType] = field(default_factory=dict)
    events: dict[str, EventType] = field(default_factory=dict)
    topics: dict[str, Topic] = field(default_factory=dict)
    segments: dict[str, Segment] = field(default_factory=dict)
    coupons: dict[str, Coupon] = field(default_factory=dict)
    webhooks: dict[str, Webhook] = field(default_factory=dict)
    limits: Limits | None = None
    flows: dict[str, Flow] = field(default_factory=dict)
    templates: frozenset[str] = frozenset()

    def attribute(self, name: str) -> FieldType | None:
        """The type of `contact.NAME`."""
        return CONTACT_ALWAYS.get(name) or self.attributes.get(name)

    def purpose(self, topic: str) -> str | None:
        """`marketing` or `service`; None: unknown, or its declaration does not say."""
        node = self.topics.get(topic)
        return node.purposes[0].purpose if node and node.purposes else None


def fields_of(event: EventType) -> dict[str, FieldType]:
    """An event's fields, with the moment at which it happened."""
    return {**dict(event.fields), "at": MOMENT}


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known spelling closest to `word`, if one is close."""
    folded = {each.casefold(): each for each in known}
    close = get_close_matches(word.casefold(), folded, n=1, cutoff=0.6)
    return folded[close[0]] if close else None


def unknown(code: str, kind: str, name: Name, known: Iterable[str], otherwise: str = "") -> Finding:
    """The finding for a name that nobody declared, with the nearest known one as help."""
    known = sorted(known)
    close = nearest(name.text, known)
    if close:
        help = f"Write `{close}`."
    elif otherwise:
        help = otherwise
    elif known:
        listed = ", ".join(f"`{each}`" for each in known[:8])
        help = f"Known are {listed}{' and others' if len(known) > 8 else ''}."
    else:
        help = ""
    return error(code, name.span, f"There is no {kind} `{name.text}`.", help)
