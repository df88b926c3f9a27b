"""Mentions in conditions, values and texts."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from dsl.draft import Draft
from dsl.found.finding import Span
from dsl.meaning.shop import NAMING_FIELDS
from dsl.meaning.walk import step_names
from dsl.nodes import terms
from dsl.nodes.flows import Flow, Send
from dsl.nodes.terms import Expression, Name, Path, TextValue
from dsl.read.signs import NAME, PATH
from virta.language_server.mentions.mention import Mention, mention

_FILL = re.compile(rf"\{{\s*({PATH})")
_PART = re.compile(NAME)


@dataclass(frozen=True, slots=True)
class Place:
    """What the words around a condition or value say: the flow, the events that start it (`triggers`), those
    that were heard (`received`), and those of the nearest `where`."""

    draft: Draft
    flow: str = ""
    triggers: tuple[str, ...] = ()
    received: tuple[str, ...] = ()
    where: tuple[str, ...] = ()

    def under(self, event: str) -> "Place":
        """The place within a `where` of an event."""
        return replace(self, where=(event,))


def in_expression(value: object, place: Place) -> Iterator[Mention]:
    """The mentions in a condition or value."""
    match value:
        case Path():
            yield from in_path(value, place)
        case terms.History(path=path, where=where, window=window):
            event = path.parts[0]
            yield from mention("event", event)
            yield from in_fields(path.parts[1:], (event.text,))
            if where is not None:
                yield from in_expression(where, place.under(event.text))
            if window is not None:
                yield from in_expression(window.start, place)
        case terms.Comparison(left=left, right=right):
            yield from _sides((left, right), place)
        case terms.OneOf(value=asked, among=among):
            yield from _sides((asked, *among), place)
        case terms.Between(value=asked, low=low, high=high):
            yield from _each((asked, low, high), place)
        case terms.Arithmetic(left=left, right=right):
            yield from _each((left, right), place)
        case terms.Known(value=asked) | terms.Negative(value=asked) | terms.Since(value=asked):
            yield from in_expression(asked, place)
        case terms.Logic(parts=parts):
            yield from _each(parts, place)
        case terms.Not(part=part):
            yield from in_expression(part, place)
        case terms.InSegment(segment=name):
            yield from mention("segment", name)
        case terms.AgreedTo(topic=name):
            yield from mention("topic", name)
        case terms.CouponCode(coupon=name):
            yield from mention("coupon", name)
        case terms.MailTest(step=name):
            yield from mention("step", name, place.flow)


def in_path(path: Path, place: Place) -> Iterator[Mention]:
    """Those in `contact.city`, `trigger.total` or, behind `where`, `total`."""
    root, rest = path.parts[0], path.parts[1:]
    if root.text == "contact":
        yield from mention("attribute", rest[0] if rest else None)
    elif root.text == "trigger":
        yield from in_fields(rest, place.triggers)
    elif root.text == "received":
        yield from in_fields(rest, place.received)
    elif place.where:
        yield from in_fields(path.parts, place.where)


def in_fields(parts: tuple[Name, ...], events: Iterable[str]) -> Iterator[Mention]:
    """That of a field, for each event whose field it may be."""
    for event in events:
        yield from mention("field", parts[0] if parts else None, event)


def in_text(text: TextValue | None, place: Place, line: str) -> Iterator[Mention]:
    """Those of the values in a quoted text; `line` is the line of the file in which it stands."""
    if text is None or text.span.line != text.span.end_line:
        return
    start, end = text.span.column - 1, text.span.end_column - 1
    for found in _FILL.finditer(line, start, end):
        names = tuple(
            Name(part.group(), replaced(text.span, part.start() + 1, part.end() + 1))
            for part in _PART.finditer(line, *found.span(1))
        )
        yield from in_path(Path(names, text.span), place)


def named_by(path: Path, place: Place) -> str:
    """Of what the texts are names that a field holds (flow, mail, template or topic); empty: of nothing."""
    root, rest = path.parts[0].text, path.parts[1:]
    events = {"trigger": place.triggers, "received": place.received}.get(root, place.where)
    field = rest[0].text if root in ("trigger", "received") and rest else root
    return next((found for each in events if (found := naming(each, field, place.draft))), "")


def naming(event: str, field: str, draft: Draft) -> str:
    """Of what a field of an event holds the name; empty: of nothing."""
    known = draft.names.events.get(event)
    return NAMING_FIELDS.get(field, "") if known and known.built_in else ""


def in_naming(literal: object, kind: str, draft: Draft) -> Iterator[Mention]:
    """Those of a text that is a name, as in `where topic is "news"`."""
    if not isinstance(literal, terms.Literal) or not isinstance(literal.value, str) or not literal.value:
        return
    span = literal.span
    if span.end_column - span.column != len(literal.value) + 2:
        return
    name = Name(literal.value, replaced(span, span.column + 1, span.end_column - 1))
    if kind == "mail":
        for flow in flows_with(literal.value, draft.flows):
            yield from mention("step", name, flow)
    else:
        yield from mention(kind, name)


def flows_with(step: str, flows: Iterable[Flow]) -> Iterator[str]:
    """The flows that have a mail of this name."""
    for flow in flows:
        names = step_names(flow)
        if any(names[id(each)] == step for each in flow.all_steps if isinstance(each, Send)):
            yield flow.name.text


def replaced(span: Span, column: int, end_column: int) -> Span:
    """The columns of another part of the same line."""
    return Span(span.file, span.line, column, span.line, end_column)


def _sides(sides: tuple[Expression, ...], place: Place) -> Iterator[Mention]:
    yield from _each(sides, place)
    for path in sides:
        kind = ""
        if isinstance(path, Path):
            kind = named_by(path, place)
        elif isinstance(path, terms.History) and len(path.path.parts) > 1:
            kind = naming(path.path.parts[0].text, path.path.parts[1].text, place.draft)
        if kind:
            for other in sides:
                yield from in_naming(other, kind, place.draft)


def _each(parts: Iterable[Expression], place: Place) -> Iterator[Mention]:
    for part in parts:
        yield from in_expression(part, place)
