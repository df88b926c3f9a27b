"""Which names a place asks for."""

from collections.abc import Iterator

from dsl.meaning.names import fields_of
from dsl.meaning.scope import PREDICTED
from dsl.meaning.shop import NAMING_FIELDS
from dsl.nodes.flows import Tag
from dsl.nodes.terms import Tagged, within
from virta.language_server.completion import names
from virta.language_server.completion.offer import Offer, Sort
from virta.language_server.completion.standpoint import Standpoint, inner, path_before
from virta.language_server.declared import type_words

_BEHIND: dict[str, names.Names] = {
    "_USE": names.schemas,
    "_TOPIC": names.topics,
    "_UNSUBSCRIBE_FROM": names.topics,
    "_WITHDRAWS": names.purposes,
    "AGREED_TO": names.purposes,
    "_GOAL": names.events,
    "_WAIT_FOR": names.events,
    "HISTORY": names.events,
    "NO": names.events,
    "_EMIT": names.own_events,
    "SEGMENT_CHANGE": names.segments,
    "IN_SEGMENT": names.segments,
    "_FOR_SEGMENT": names.segments,
    "COUPON": names.coupons,
    "_CALL": names.webhooks,
    "MAIL_TEST": names.mails,
    "_KEEP_WINNER_BY": names.metrics,
    "_ADAPT_BY": names.metrics,
    "_PER": names.units,
    "_START_EVERY": names.days,
    "_SET": names.contact_paths,
    "_BECAUSE": names.reasons,
    "_OPENS": names.mails,
    "_CLICKS": names.mails,
    "_SKIPPED": names.mails,
    "NO_SEND": names.mails,
    "_IN": names.steps,
    "_ARM": names.arms,
    "_CHOOSE": names.arms,
    "_OF": names.splits,
    "_AS": names.labels,
    "_LIST_OF": names.types,
    "_WITH": names.given_names,
}
"""By the kind of the word that stands right before."""


def names_at(at: Standpoint) -> Iterator[Offer]:
    """The names that may stand where the grammar takes a name."""
    kinds = at.kinds
    last = kinds[-1] if kinds else ""
    if at.there.opens:
        if last == "_EVENT":
            yield from names.shop_events(at)
        elif last == "_USE":
            yield from names.schemas(at)
        return
    if last == "_DOT":
        yield from _members(at)
    elif last == "_SEND":
        yield from (names.mails(at) if at.there.head == "scenario" else names.templates(at))
    elif last == "_FLOW":
        yield from (names.started_flows(at) if "_START" in kinds else names.flows(at))
    elif last == "_ON" or (last == "_OR" and kinds[0] == "_WAIT_FOR" and at.where() is None):
        yield from names.events(at)
    elif last == "_TO" and kinds[0] == "_MOVED":
        yield from names.steps(at)
    elif last == "_ONE_JOURNEY_PER":
        yield Offer("trigger.", Sort.FIELD)
    elif last in _BEHIND:
        yield from _BEHIND[last](at)
    elif last == "_COMMA" and "_WITH" in kinds and at.there.choices == {"NAME"}:
        yield from names.given_names(at)
    elif at.there.head in ("contact", "event") and last == "NAME":
        yield from names.types(at)
    elif at.there.head == "scenario" and at.there.above and not kinds:
        yield from names.person_lines(at)
    elif at.there.head == "scenario" and "_EXPECT" in at.there.choices:
        yield from names.events(at)
    elif "STRING" in at.there.choices or "_RBRACKET" in at.there.choices:
        yield from _values(at)
    elif last == "_WHERE":
        yield from names.field_names(at)


def _members(at: Standpoint) -> Iterator[Offer]:
    """What stands behind a dot."""
    parts = path_before(at.words, len(at.words) - 1)
    if not parts:
        return
    before = len(at.words) - 2 * len(parts)
    asked = at.words[before - 1].kind if before > 0 else ""
    event = at.event(parts[0])
    if asked in ("HISTORY", "NO") and event:
        declared = fields_of(event)
        parts = parts[1:]
    elif parts[0] == "predicted" and len(parts) == 1:
        yield from (Offer(name, Sort.FIELD, kind.kind) for name, kind in PREDICTED.items())
        return
    elif parts[0] in (roots := at.roots()):
        declared = dict(roots[parts[0]])
        parts = parts[1:]
    else:
        where = at.where()
        declared = fields_of(where) if where else {}
    for part in parts:
        found = declared.get(part)
        declared = dict(inner(found)) if found else {}
    yield from names.fields(declared.items())


def _values(at: Standpoint) -> Iterator[Offer]:
    """What a condition or a value may begin with, and what the other side of a comparison may be."""
    if at.kinds and at.kinds[-1] == "OPERATOR":
        yield from (Offer(f'"{each}"', Sort.VALUE) for each in texts_at(at))
    if at.where() is not None:
        yield from names.field_names(at)
    for root, declared in at.roots().items():
        yield from (Offer(f"{root}.{name}", Sort.FIELD, type_words(kind)) for name, kind in declared.items())
    yield from (Offer(f"predicted.{name}", Sort.FIELD, kind.kind) for name, kind in PREDICTED.items())
    yield from (Offer(each, Sort.WORD) for each in ("now", "today"))
    if at.kinds == ("_WAIT_UNTIL",):
        yield from (Offer(each, Sort.WORD) for each in names.WEEKDAYS)


_NAMED = {
    "flow": names.flows,
    "mail": names.mails,
    "template": names.templates,
    "topic": names.topics,
}


def texts_at(at: Standpoint) -> Iterator[str]:
    """The texts that may stand where a text does: the choices of a field, names that it holds, tags."""
    kinds = at.kinds
    if not kinds:
        return
    if kinds[-1] in ("TAGGED", "TAG_CHANGE"):
        yield from tags(at)
        return
    end = len(kinds)
    while end and kinds[end - 1] in ("OPERATOR", "MEMBER", "_LBRACKET", "_COMMA", "STRING", "_TO"):
        end -= 1
    parts = path_before(at.words, end)
    if at.there.head == "scenario" and "_WITH" in kinds:
        event = at.event(next((word.text for word in at.words if word.kind == "NAME"), ""))
        declared = dict(event.fields).get(parts[-1]) if event and parts else None
        event_of = event
    elif at.there.head == "scenario" and at.there.above and len(parts) == 1:
        declared, event_of = at.draft.names.attribute(parts[0]), None
        yield from at.draft.languages if parts[0] == "language" else ()
    else:
        declared, event_of = (at.typed(parts), at.where()) if parts else (None, None)
    yield from declared.choices if declared else ()
    if event_of and event_of.built_in and parts:
        named = _NAMED.get(NAMING_FIELDS.get(parts[-1], ""))
        yield from (offer.label for offer in named(at)) if named else ()


def tags(at: Standpoint) -> list[str]:
    """Every tag that the project's flows add or ask for."""
    found: set[str] = set()
    for flow in at.draft.flows:
        steps = flow.all_steps
        found |= {step.tag.value for step in steps if isinstance(step, Tag)}
        found |= {each.tag for each in within(flow.lines) if isinstance(each, Tagged)}
    return sorted(found)
