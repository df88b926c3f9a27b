"""What the names of a project mean, and which known name a misspelt one comes nearest to."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from dsl.found.finding import Finding
from dsl.found.source import error
from dsl.graph import EventType, FieldType
from dsl.nodes.flows import Flow, Segment, Topic
from dsl.nodes.schema import Coupon, Limits, Webhook
from dsl.nodes.terms import Name

TEXT = FieldType("text")
MOMENT = FieldType("moment")
_MOST_SLIPS = 3
_SHORT = 3

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
    """The known spelling that a misspelt word means: the one that the fewest slips of the fingers lead to, if
    they are few for its length, else the only one that has all its parts (`refunded`: `order_refunded`)."""
    typed = word.casefold()
    folded = {each.casefold(): each for each in known}
    slips = {each: _slips(typed, each) for each in folded if _begin_alike(typed, each)}
    close = min(slips, key=lambda each: (slips[each], each), default="")
    if close and slips[close] <= _allowed(typed):
        return folded[close]
    parts = set(typed.split("_")) - {""}
    longer = [each for each in folded if parts and parts < set(each.split("_"))]
    shorter = [each for each in folded if each and set(each.split("_")) < parts]
    found = longer or shorter
    return folded[found[0]] if len(found) == 1 else None


def _allowed(word: str) -> int:
    return 1 if len(word) <= 5 else 2 if len(word) <= 9 else 3


def _begin_alike(typed: str, meant: str) -> bool:
    """People seldom mistake the first letter; they leave it out, or exchange it with the next."""
    return bool(typed and meant) and (typed[0] in meant[:2] or typed[1:2] == meant[0])


def _slips(typed: str, meant: str) -> int:
    """How many letters were left out, doubled, exchanged with the next or mistaken (optimal string
    alignment). In a short word a mistaken letter makes another word."""
    if abs(len(typed) - len(meant)) > _MOST_SLIPS:
        return _MOST_SLIPS + 1
    mistaken = 1 if len(typed) > _SHORT else _MOST_SLIPS
    before: list[int] = []
    row = list(range(len(meant) + 1))
    for i, one in enumerate(typed):
        last, row = row, [i + 1]
        for j, other in enumerate(meant):
            cost = min(row[j] + 1, last[j + 1] + 1, last[j] + (mistaken if one != other else 0))
            if i and j and one == meant[j - 1] and typed[i - 1] == other:
                cost = min(cost, before[j - 1] + 1)
            row.append(cost)
        before = last
    return row[-1]


def unknown(
    code: str, kind: str, name: Name, known: Iterable[str], otherwise: str = "", *, quote: str = ""
) -> Finding:
    """The finding for a name that nobody declared, with the nearest known one as help. `quote` stands around
    names where they are written."""
    known = sorted(known)
    close = nearest(name.text, known)
    if close:
        help = f"Write `{quote}{close}{quote}`."
    elif otherwise:
        help = otherwise
    elif known:
        listed = ", ".join(f"`{each}`" for each in known[:8])
        help = f"Known are {listed}{' and others' if len(known) > 8 else ''}."
    else:
        help = ""
    return error(code, name.span, f"There is no {kind} `{name.text}`.", help)


def declared_how(event: Name, names: Names) -> str:
    """What to do about an event that nobody declared."""
    declared = names.attribute(event.text)
    if declared is not None and declared.kind == "date":
        return f"A date is no event; a flow may `start on date contact.{event.text} every year at 09:00`."
    alike = [f"`{each}`" for each in names.events if event.text in each.split("_")]
    if len(alike) > 1:
        return f"Write {', '.join(alike[:-1])} or {alike[-1]}."
    if "order_placed" in names.events:
        return f"Declare it with `event {event.text}`."
    return f"Declare it with `event {event.text}`, or write `use shop` if it is a shop's."
