"""A name where it stands, and what it is the name of."""

from dataclasses import dataclass

from dsl.found.finding import Span
from dsl.nodes.terms import Name


@dataclass(frozen=True, slots=True)
class Thing:
    """Something with a name. `kind` is topic, event, field (of the event `owner`), attribute, segment,
    coupon, webhook, flow, template, step or label (of the flow `owner`), or arm (of the split `owner`, as
    `FLOW.STEP`)."""

    kind: str
    name: str
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Mention:
    """A thing's name in a text. `declares`: this is where the thing comes from."""

    thing: Thing
    span: Span
    declares: bool = False


def mention(kind: str, name: Name | None, owner: str = "", *, declares: bool = False) -> list[Mention]:
    """That of a written name, if it could be read."""
    if name is None or not name.text:
        return []
    return [Mention(Thing(kind, name.text, owner), name.span, declares)]
