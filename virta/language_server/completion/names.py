"""Names that may stand at a place, told from the word before it."""

from collections.abc import Callable, Iterable, Iterator

from dsl.graph import FieldType
from dsl.meaning.names import PURPOSES, fields_of
from dsl.meaning.shop import SHOP
from dsl.meaning.walk import step_names
from dsl.nodes.flows import Finish, Flow, Send, Split
from dsl.nodes.heads import StartByRequest
from dsl.read.words import FIELD_TYPES
from dsl.scenarios.reasons import REASONS
from dsl.templates.values import KEPT
from virta.language_server.completion.offer import Offer, Sort
from virta.language_server.completion.standpoint import Standpoint
from virta.language_server.declared import type_words

Names = Callable[[Standpoint], Iterator[Offer]]
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_METRICS = ("clicks", "opens", "revenue")
_ABOUT_PERSON = ("language", "time_zone", "country")
_GIVEN = ("contact", "trigger", "received", "language", "time_zone", "preheader", "code", *KEPT)


def _named(names: Iterable[str], detail: str) -> Iterator[Offer]:
    return (Offer(name, Sort.NAME, detail) for name in sorted(set(names)))


def topics(at: Standpoint) -> Iterator[Offer]:
    yield from _named(at.draft.names.topics, "topic")


def purposes(at: Standpoint) -> Iterator[Offer]:
    """Topics, and what people are asked beside them."""
    yield from topics(at)
    yield from _named(PURPOSES, "purpose")


def events(at: Standpoint) -> Iterator[Offer]:
    for name, event in sorted(at.draft.names.events.items()):
        yield Offer(name, Sort.NAME, "event", ", ".join(field for field, _ in event.fields))


def own_events(at: Standpoint) -> Iterator[Offer]:
    """Those that a flow can emit."""
    brought = {event.name for event in SHOP}
    return (
        offer
        for offer in events(at)
        if offer.label not in brought and not at.draft.names.events[offer.label].built_in
    )


def shop_events(at: Standpoint) -> Iterator[Offer]:
    """Those to which fields can be added."""
    yield from _named((event.name for event in SHOP), "event of the shop")


def segments(at: Standpoint) -> Iterator[Offer]:
    yield from _named(at.draft.names.segments, "segment")


def coupons(at: Standpoint) -> Iterator[Offer]:
    yield from _named(at.draft.names.coupons, "coupon")


def webhooks(at: Standpoint) -> Iterator[Offer]:
    yield from _named(at.draft.names.webhooks, "webhook")


def flows(at: Standpoint) -> Iterator[Offer]:
    for name, flow in sorted(at.draft.names.flows.items()):
        yield Offer(name, Sort.NAME, flow.title or "flow")


def started_flows(at: Standpoint) -> Iterator[Offer]:
    """Those that start by request."""
    for offer in flows(at):
        if any(isinstance(head, StartByRequest) for head in at.draft.names.flows[offer.label].heads):
            yield offer


def templates(at: Standpoint) -> Iterator[Offer]:
    for name in sorted(at.draft.templates.names):
        first = next(iter(at.draft.templates.variants(name)))
        yield Offer(name, Sort.NAME, first.header.get("subject", "mail"))


def metrics(at: Standpoint) -> Iterator[Offer]:
    yield from _named(_METRICS, "metric")
    yield from events(at)


def units(at: Standpoint) -> Iterator[Offer]:
    return (Offer(each, Sort.WORD) for each in ("day", "week", "month"))


def days(at: Standpoint) -> Iterator[Offer]:
    return (Offer(each, Sort.WORD) for each in ("day", "month", *WEEKDAYS))


def schemas(at: Standpoint) -> Iterator[Offer]:
    yield from _named(("shop",), "the events of an online shop")


def types(at: Standpoint) -> Iterator[Offer]:
    return (Offer(each, Sort.WORD, "type") for each in FIELD_TYPES)


def reasons(at: Standpoint) -> Iterator[Offer]:
    return (Offer(each, Sort.NAME, "reason") for each in REASONS)


def contact_paths(at: Standpoint) -> Iterator[Offer]:
    """`contact.NAME` for all that a flow can set."""
    for name, declared in at.draft.names.attributes.items():
        yield Offer(f"contact.{name}", Sort.FIELD, type_words(declared))


def person_lines(at: Standpoint) -> Iterator[Offer]:
    """The attributes that a scenario can give to its person."""
    yield from fields(
        {**at.draft.names.attributes, **dict.fromkeys(_ABOUT_PERSON, FieldType("text"))}.items()
    )


def fields(declared: Iterable[tuple[str, FieldType]]) -> Iterator[Offer]:
    """Fields with their types."""
    return (Offer(name, Sort.FIELD, type_words(kind)) for name, kind in declared)


# ---------------------------------------------------------------- of a flow, or of a scenario's flows


def cast(at: Standpoint) -> list[Flow]:
    """The flows that the cursor's declaration is about."""
    if flow := at.flow:
        return [flow]
    within = [each for each in at.draft.scenarios if each.span.file == at.file and each.span.line <= at.line]
    chosen = max(within, key=lambda each: each.span.line, default=None)
    names = [line.flow.text for line in chosen.flows] if chosen else []
    return [at.draft.names.flows[name] for name in names if name in at.draft.names.flows]


def steps(at: Standpoint) -> Iterator[Offer]:
    for flow in cast(at):
        yield from _named(step_names(flow).values(), f"step of {flow.name.text}")


def mails(at: Standpoint) -> Iterator[Offer]:
    yield from _steps_of(at, Send, "mail")


def splits(at: Standpoint) -> Iterator[Offer]:
    yield from _steps_of(at, Split, "split")


def _steps_of(at: Standpoint, kind: type, detail: str) -> Iterator[Offer]:
    for flow in cast(at):
        names = step_names(flow)
        chosen = (names[id(step)] for step in flow.all_steps if isinstance(step, kind))
        yield from _named(chosen, f"{detail} of {flow.name.text}")


def arms(at: Standpoint) -> Iterator[Offer]:
    for flow in cast(at):
        for step in flow.all_steps:
            for arm in step.arms if isinstance(step, Split) else ():
                yield Offer(arm.label.text, Sort.NAME, f"arm of {step_names(flow)[id(step)]}")


def labels(at: Standpoint) -> Iterator[Offer]:
    """Where a journey can finish."""
    if at.there.head != "scenario":
        return
    for flow in cast(at):
        finishes = (step for step in flow.all_steps if isinstance(step, Finish) and step.label)
        yield from _named((step.label.text for step in finishes if step.label), f"finish of {flow.name.text}")


def given_names(at: Standpoint) -> Iterator[Offer]:
    """What stands behind `with`: fields of an event, or values that a template asks for."""
    first = next((word for word in at.words if word.kind == "NAME"), None)
    if first is None:
        return
    given = {word.text for word in at.words if word.kind == "NAME"}
    if at.there.head == "scenario" or at.kinds[0] == "_EMIT":
        event = at.event(first.text)
        yield from fields((name, kind) for name, kind in (event.fields if event else ()) if name not in given)
    elif at.kinds[0] == "_SEND":
        readings = (at.draft.readings.of(file) for file in at.draft.templates.variants(first.text))
        asked = {use.path[0] for reading in readings for use in reading.uses if use.path}
        yield from _named(
            asked - given - set(_GIVEN) | (asked & {"code"} - given), "asked for by the template"
        )


def field_names(at: Standpoint) -> Iterator[Offer]:
    """The fields of the event of the nearest `where`."""
    event = at.where()
    yield from fields(fields_of(event).items() if event else ())
