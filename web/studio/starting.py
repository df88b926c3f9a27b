"""A flow that starts by request, started for one person: who, what would come of it, and what came of it."""

import asyncio
from dataclasses import dataclass
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from dsl.graph import Graph
from dsl.wording.flows import node_words
from engine.core.entering import journey_id
from engine.core.record import What
from engine.insight.outlook import ending, outlook
from engine.insight.records import Records
from engine.store.arrivals import request_id
from web.studio.frame import Studio
from web.studio.paging import query
from web.studio.persons import Unknown, look_up
from web.subscriber.form import read_form, text_of

PLACE = "studio"
"""What is kept of where a request came from."""
_PAUSE = 0.05  # seconds between looks for what came of a request …
_LOOKS = 40  # … and how many there are before the page is shown without it
_LONGEST_NUMBER = 15


@dataclass(frozen=True, slots=True)
class Came:
    """What came of a request made at `asked` (ms UTC). `at` is when the engine came to it, None: it has not
    yet. `reason` says why the flow was not entered, empty if it was; `held_out` tells that it takes no step,
    `step` in words where the journey stands, empty where it is over."""

    asked: int
    at: int | None = None
    reason: str = ""
    held_out: bool = False
    step: str = ""


def get_start(request: Request, studio: Studio) -> Response:
    """The form that asks for whom, and whether that person would enter now. Asks for nothing yet."""
    flow = _flow(request, studio)
    if isinstance(flow, str):
        return studio.missing(request, flow)
    who = request.query_params.get("who", "").strip()
    if not who:
        return studio.page(request, "start", flow=flow, who="", fault="", person=None)
    person = look_up(studio, who)
    if isinstance(person, Unknown):
        return studio.page(
            request, "start", person.status, flow=flow, who=who, fault=person.words, person=None
        )
    with studio.sources.records() as records:
        loaded = studio.sources.loaded(records.graphs().values())
        bundle, number = records.bundle(person.contact), records.mark().inbox
    foreseen = outlook(loaded, bundle, flow.flow, studio.sources.now())
    return studio.page(
        request,
        "start",
        flow=flow,
        who=who,
        fault="",
        person=person,
        foreseen=foreseen,
        stand=next((stand for stand in person.stands if stand.topic == flow.topic), None),
        then=node_words(flow.nodes[foreseen.node]) if foreseen.node is not None else "",
        number=number,
    )


async def post_start(request: Request, studio: Studio) -> Response:
    """Ask the engine for a journey, wait a little for what comes of it, and lead to the page that tells. The
    form's number makes of a form that is sent twice one request."""
    flow = _flow(request, studio)
    if isinstance(flow, str):
        return studio.missing(request, flow)
    form = await read_form(request)
    number, contact = text_of(form, "number"), text_of(form, "contact")
    if not (number.isascii() and number.isdigit() and len(number) <= _LONGEST_NUMBER):
        return studio.page(request, "missing", 400, what="This was not sent by the form of that page.")
    person = await run_in_threadpool(look_up, studio, contact)
    if isinstance(person, Unknown):
        return studio.page(
            request, "start", person.status, flow=flow, who=contact, fault=person.words, person=None
        )
    await studio.inbox.accept_requests(flow.flow, _id(int(number)), [person.contact], PLACE)
    for _ in range(_LOOKS):
        came = await run_in_threadpool(_read, studio, flow.flow, int(number), person.contact)
        if came is not None and came.at is not None:
            break
        await asyncio.sleep(_PAUSE)
    page = f"/studio/flows/{quote(flow.flow)}/start/{int(number)}"
    return RedirectResponse(page + query(who=person.contact), 303)


def get_started(request: Request, studio: Studio) -> Response:
    """What came of a request."""
    flow = _flow(request, studio)
    if isinstance(flow, str):
        return studio.missing(request, flow)
    person = look_up(studio, request.query_params.get("who", ""))
    if isinstance(person, Unknown):
        return studio.missing(request, person.words)
    came = _read(studio, flow.flow, request.path_params["number"], person.contact)
    if came is None:
        return studio.missing(request, "This was not asked for, or it is no longer kept that it was.")
    return studio.page(request, "started", flow=flow, person=person, came=came)


def _flow(request: Request, studio: Studio) -> Graph | str:
    """The flow in the address, or why it cannot be started here."""
    name = request.path_params["flow"]
    flow = studio.sources.names.flows.get(name)
    if flow is None:
        return f"There is no flow {name} in this project."
    if not studio.inbox.flows.get(name, False):
        return f"The flow {name} does not start by request."
    return flow


def _id(number: int) -> str:
    return f"{PLACE} {number}"


def _read(studio: Studio, flow: str, number: int, contact: str) -> Came | None:
    with studio.sources.records() as records:
        return _came(records, flow, number, contact)


def _came(records: Records, flow: str, number: int, contact: str) -> Came | None:
    """What came of a request by the journal; None if there is none."""
    id_ = request_id(flow, _id(number), contact)
    row = next((event for event in records.events_of(contact) if event.id == id_), None)
    if row is None:
        return None
    if records.worked_on() < row.seq:
        return Came(row.at)
    journey = journey_id(contact, flow, id_)
    lines = [line for line in records.lines(contact) if line.flow == flow and line.at >= row.at]
    end = ending(lines, journey)
    if end is None:
        return Came(row.at)
    if end.what != What.ENTERED:
        return Came(row.at, end.at, end.reason)
    standing = next((each for each in records.bundle(contact).journeys if each.id == journey), None)
    graphs = records.graphs() if standing is not None else {}
    words = node_words(graphs[standing.graph].nodes[standing.node]) if standing is not None else ""
    held_out = any(line.what == What.HELD_OUT and line.journey == journey for line in lines)
    return Came(row.at, end.at, "", held_out, words)
