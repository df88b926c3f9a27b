"""Sales: events that bring customers to the topics which rest on them, as `virta.toml` says."""

from collections.abc import Iterator

from dsl.draft import Draft
from dsl.found.finding import Finding, Span
from dsl.found.source import Source, error, read_source, warning
from dsl.graph import EventType, FieldType, Sale
from dsl.meaning.names import nearest
from dsl.read.sold import place_of_sale, place_of_similar
from dsl.read.spoken import SETTINGS

_MOST = 8  # names that are listed where one is unknown
_TEXTS = ("text", "choice")
_WANTED = {
    "order": ("the id of the order", ("text",)),
    "goods": ("the category of the goods", _TEXTS),
    "offered": ("whether the customer could say no", ("flag",)),
    "notice": ("by which words the customer could say no", _TEXTS),
    "objected": ("whether the customer did say no", ("flag",)),
}
_SAID = {
    "text": "a text",
    "choice": "one of several words",
    "number": "a number",
    "money": "an amount of money",
    "flag": "a flag",
    "date": "a date",
    "moment": "a moment",
    "url": "a link",
    "list": "a list",
    "record": "a record",
}


def check_sales(draft: Draft) -> Iterator[Finding]:
    """Events, fields, categories and topics that do not fit together."""
    if not draft.sales and not draft.similar:
        return
    assert draft.words is not None
    source, _ = read_source(SETTINGS, draft.words[SETTINGS])
    yield from _topics(draft, source)
    for sale in draft.sales:
        yield from _sale(sale, draft, source)
    yield from _never(draft, source)


def _topics(draft: Draft, source: Source) -> Iterator[Finding]:
    for topic in draft.similar:
        span = place_of_similar(source, topic)
        if topic not in draft.names.topics:
            known = [each for each in draft.names.topics if draft.names.purpose(each) == "marketing"]
            yield error(
                "E470",
                span,
                f"No topic is called `{topic}`, so none can rest on sales.",
                _one_of(topic, known),
            )
        elif draft.names.purpose(topic) == "service":
            yield error(
                "E470",
                span,
                f"The topic `{topic}` is for service: it rests on the contract, and not on sales.",
                "Name a topic that is `for marketing`, or take this one out.",
            )


def _sale(sale: Sale, draft: Draft, source: Source) -> Iterator[Finding]:
    event = draft.names.events.get(sale.event)
    if event is None or event.built_in:
        own = [each.name for each in draft.names.events.values() if not each.built_in]
        what = (
            f"No event is called `{sale.event}`, so it is no sale."
            if event is None
            else f"`{sale.event}` is an event of Virta's own; a sale is one that the shop sends."
        )
        yield error("E471", place_of_sale(source, sale.event), what, _one_of(sale.event, own))
        return
    for key, (says, kinds) in _WANTED.items():
        path = getattr(sale, key)
        if not path:
            continue  # one that must be there is missing: reading the settings tells of it
        span = place_of_sale(source, sale.event, key)
        found = _follow(event, path)
        if isinstance(found, str):
            known = [name for name, _ in event.fields]
            yield error(
                "E472",
                span,
                f"The event `{sale.event}` has no field `{path}`, where a sale says {says}.",
                found or _one_of(path, known),
            )
        elif found.kind not in kinds or (key != "goods" and _many(event, path)):
            yield _misfit(sale, key, found, _many(event, path), span)
        elif key == "goods":
            yield from _goods(found, draft, source)


def _misfit(sale: Sale, key: str, found: FieldType, many: bool, span: Span) -> Finding:
    says, kinds = _WANTED[key]
    path = getattr(sale, key)
    wanted = " or ".join(_SAID[kind] for kind in kinds)
    if many and found.kind in kinds:
        what = f"`{path}` is there for each of a list; a sale says {says} once."
        return error("E473", span, what, f"Name a field that stands in `{sale.event}` itself.")
    if key == "offered" and found.kind in _TEXTS:
        help = (
            f"Declare a field such as `objection_offered flag` below `event {sale.event}` and name it here; "
            "a text belongs to `notice`."
        )
    else:
        help = f"Name a field of `{sale.event}` that is {wanted}."
    what = f"`{path}` is {_SAID[found.kind]}; a sale says {says} by {wanted}."
    return error("E473", span, what, help)


def _goods(field: FieldType, draft: Draft, source: Source) -> Iterator[Finding]:
    """Categories that no order can have."""
    if field.kind != "choice":
        return
    known = {each.casefold() for each in field.choices}
    for topic, goods in draft.similar.items():
        if goods.strip().casefold() not in known:
            yield error(
                "E474",
                place_of_similar(source, topic, goods=True),
                f"No order has goods of the category `{goods}`, on which the topic `{topic}` rests.",
                _one_of(goods, field.choices),
            )


def _never(draft: Draft, source: Source) -> Iterator[Finding]:
    """A half of what belongs together."""
    if not draft.sales:
        topic = next(iter(draft.similar))
        yield warning(
            "W218",
            place_of_similar(source, topic),
            f"The topic `{topic}` rests on sales, and no event is one; nobody comes to it by an order.",
            "Say which event is a sale: write `[sales.order_placed]` in virta.toml, with `order`, `goods`, "
            "`offered` and `notice`.",
        )
    elif not draft.similar:
        event = draft.sales[0].event
        yield warning(
            "W218",
            place_of_sale(source, event),
            f"`{event}` is a sale, and no topic rests on sales; nothing comes of it.",
            'Say which topic does, and on which goods, as in `similar = { beans = "coffee" }`.',
        )


def _follow(event: EventType, path: str) -> FieldType | str:
    """The type at the end of a way within an event, lists passed through; else what helps, empty if any field
    of the event may be meant."""
    fields, found = event.fields, None
    for place, name in enumerate(path.split(".")):
        if place and not fields:
            return f"`{path.rpartition('.')[0]}` has no fields of its own."
        found = dict(fields).get(name)
        if found is None:
            return _one_of(name, [each for each, _ in fields]) if place else ""
        while found.item is not None:
            found = found.item
        fields = found.fields
    assert found is not None
    return found


def _many(event: EventType, path: str) -> bool:
    """Whether the way leads through a list, so that there may be many values."""
    fields = dict(event.fields)
    for name in path.split("."):
        found = fields[name]
        if found.item is not None:
            return True
        fields = dict(found.fields)
    return False


def _one_of(word: str, known: list[str] | tuple[str, ...]) -> str:
    close = nearest(word, known)
    if close:
        return f"Write `{close}`."
    listed = ", ".join(f"`{each}`" for each in known[:_MOST])
    others = " and others" if len(known) > _MOST else ""
    return f"There {'is' if len(known) == 1 else 'are'} {listed}{others}." if known else ""
