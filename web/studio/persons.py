"""One person's story."""

from itertools import groupby

from starlette.requests import Request
from starlette.responses import Response

from consent.contract import InvalidAddress
from dsl.draw_words import node_words
from engine.insight.story import Line, Person, last_refusal, story
from web.studio.frame import Studio
from web.studio.paging import query

_NEWEST = 12
FILTERS = {
    "": ("All", ()),
    "mail": ("Mails", ("mail", "skipped")),
    "consent": ("Consent", ("consent", "stop")),
    "event": ("Events", ("event",)),
    "flow": ("Flows", ("flow", "wait", "segment")),
}
"""What can be shown of a story, by the word in the address: its name, and the kinds of lines."""


def get_person(request: Request, studio: Studio) -> Response:
    """The form to look somebody up, and what is known of whoever was asked for."""
    address = request.query_params.get("address", "").strip()
    if not address:
        return studio.page(request, "people", address="", fault="", newest=_newest(studio))
    try:
        person = studio.sources.people.person(address)
    except InvalidAddress as fault:
        told = f"“{address}” is no e-mail address: {fault}"
        return studio.page(request, "people", 400, address=address, fault=told, newest=_newest(studio))
    if person is None:
        told = f"Nobody with the address {address} is known here: no sign-up and no event has named it."
        return studio.page(request, "people", 404, address=address, fault=told, newest=_newest(studio))
    return _story(request, studio, person)


def _newest(studio: Studio) -> list[str]:
    """Who got the newest mails."""
    recipients = (one.recipient for one in reversed(studio.sources.mailbox.posted()))
    found: dict[str, None] = {}
    for recipient in recipients:
        found[recipient] = None
        if len(found) == _NEWEST:
            break
    return list(found)


def _story(request: Request, studio: Studio, person: Person) -> Response:
    names = studio.sources.names
    with studio.sources.records() as records:
        lines = story(names, person, records.lines(person.contact), records.events_of(person.contact))
        bundle = records.bundle(person.contact)
        graphs = records.graphs()
    under_way = [
        (journey, node_words(graphs[journey.graph].nodes[journey.node]))
        for journey in bundle.journeys
        if journey.graph in graphs
    ]
    chosen = request.query_params.get("show", "")
    kinds = FILTERS.get(chosen, FILTERS[""])[1]
    shown = [line for line in lines if not kinds or line.kind in kinds]
    positions = {one.key: one.position for one in studio.sources.mailbox.posted()}
    return studio.page(
        request,
        "person",
        person=person,
        attributes=sorted(
            (name, value)
            for name, value in bundle.attributes.items()
            if value is not None and name not in ("email_domain", "language")
        ),
        segments=sorted(names.segments.get(name) or name for name in bundle.segments),
        under_way=under_way,
        days=_days(shown, studio),
        counts={word: _count(lines, FILTERS[word][1]) for word in FILTERS},
        filters=FILTERS,
        chosen=chosen if chosen in FILTERS else "",
        refused=last_refusal(lines),
        positions=positions,
        preferences=studio.sources.people.preferences(person.contact),
        link=lambda word: query(address=person.address, show=word),
    )


def _count(lines: list[Line], kinds: tuple[str, ...]) -> int:
    return sum(not kinds or line.kind in kinds for line in lines)


def _days(lines: list[Line], studio: Studio) -> list[tuple[int, list[Line]]]:
    """The lines of each day, under the moment of its first."""
    days = groupby(lines, key=lambda line: studio.day(line.at))
    return [(group[0].at, group) for _, group in ((day, list(part)) for day, part in days)]
