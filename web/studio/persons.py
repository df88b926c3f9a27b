"""One person's story."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from starlette.requests import Request
from starlette.responses import Response

from consent.contract import InvalidAddress
from dsl.wording.flows import node_words
from engine.insight.apart import apart, known_of, sentence
from engine.insight.rulings import with_rulings
from engine.insight.story import Line, Person, last_refusal, own_zone, story, their_hour, told
from engine.insight.values import value_words
from web.studio.frame import Studio
from web.studio.paging import query

_NEWEST = 12
FILTERS = {
    "": ("Mails and consent", ("mail", "skipped", "consent", "stop")),
    "mail": ("Mails", ("mail", "skipped")),
    "consent": ("Consent", ("consent", "stop")),
    "event": ("Events", ("event",)),
    "flow": ("Flows", ("flow", "wait", "segment")),
    "all": ("All", ()),
}
"""What can be shown of a story, by the word in the address: its name, and the kinds of lines."""
_FOLDED = {
    "requested": "Asked for {} things, and agreed to the words of each. They count once they are confirmed.",
    "confirmed": "Confirmed {} things by the link in the mail.",
    "withdrawn": "Took {} agreements back.",
    "expired": "Did not confirm {} things in time. Nothing was agreed to.",
}
"""What the log says of several topics at one moment, in one line."""


@dataclass(frozen=True, slots=True)
class Group:
    """Lines that are shown as one, with words of its own above them where there are several."""

    lines: Sequence[Line]
    words: str = ""


@dataclass(frozen=True, slots=True)
class Month:
    """The days of a month, newest first, each under the moment of its first line. `count` is of lines."""

    at: int
    count: int
    days: Sequence[tuple[int, Sequence[Group]]]


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody was found: the status of the answer, and why, in words."""

    status: int
    words: str


def look_up(studio: Studio, who: str) -> Person | Unknown:
    """Whoever has that address, or that contact id. Raises `StoreFault`."""
    try:
        person = studio.sources.people.person(who)
    except InvalidAddress as fault:
        return Unknown(400, f"“{who}” is no e-mail address and no contact id: {fault}")
    if person is not None:
        return person
    named = f"the address {who}" if "@" in who else f"the contact id {who}"
    words = f"Nobody with {named} is known here: no sign-up and no event has named it, or they were erased."
    return Unknown(404, words)


def get_person(request: Request, studio: Studio) -> Response:
    """The form to look somebody up, and what is known of whoever was asked for."""
    address = request.query_params.get("address", "").strip()
    if not address:
        return studio.page(request, "people", address="", fault="", newest=_newest(studio))
    person = look_up(studio, address)
    if isinstance(person, Unknown):
        return studio.page(
            request, "people", person.status, address=address, fault=person.words, newest=_newest(studio)
        )
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
        journal, events = records.lines(person.contact), records.events_of(person.contact)
        lines = story(names, person, journal, events, studio.clock)
        lines = with_rulings(lines, names.flows, records.rulings())
        aside = next(iter(apart(records, person.contact)), None)
        bundle = known_of(records, person.contact, aside)
        graphs = records.graphs()
    theirs = own_zone(bundle) or studio.clock
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
            (name, value_words(value, names.attributes.get(name), studio.clock))
            for name, value in bundle.attributes.items()
            if value is not None and name not in ("email_domain", "language")
        ),
        segments=sorted(names.segments.get(name) or name for name in bundle.segments),
        under_way=under_way,
        restricted=bundle.restricted,
        apart=aside,
        apart_words=sentence(aside, studio.clock) if aside is not None else "",
        months=_months(shown, studio),
        told=lambda line: told(line, studio.clock),
        hours=lambda line: their_hour(line, studio.clock, theirs),
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


def _months(lines: list[Line], studio: Studio) -> list[Month]:
    """The newest month and day first; within a day the order of time, as its causes and effects read."""
    found = []
    for _, part in groupby(lines, key=lambda line: studio.day(line.at).replace(day=1)):
        month = list(part)
        days = [list(day) for _, day in groupby(month, key=lambda line: studio.day(line.at))]
        found.append(Month(month[0].at, len(month), [(day[0].at, _folded(day)) for day in reversed(days)]))
    return found[::-1]


def _folded(lines: list[Line]) -> list[Group]:
    """The lines of a day, those that the log has of one moment and kind together."""
    found = []
    for (what, _), part in groupby(lines, key=lambda line: (line.what, line.at)):
        group = list(part)
        if what in _FOLDED and len(group) > 1:
            found.append(Group(group, _FOLDED[what].format(len(group))))
        else:
            found += [Group([line]) for line in group]
    return found
