"""Who is set aside, and the word to try them again: as `virta doctor --resolve set-aside` gives it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from engine.delivery.orders import TryAgain
from engine.insight.apart import Apart, apart
from web.studio.frame import Studio
from web.studio.paging import Paging, asked_page, query
from web.subscriber.form import read_form, text_of

_SIZE = 50
_ASKED = "asked"


@dataclass(frozen=True, slots=True)
class Shared:
    """What failed, at how many people, and those of them who stand on this page."""

    cause: str
    count: int
    people: Sequence[Apart]


def get_asides(request: Request, studio: Studio) -> Response:
    """Everybody who is set aside, by what failed, with the buttons to try them again."""
    with studio.sources.records() as records:
        found = sorted(apart(records), key=lambda one: (one.cause, one.since, one.contact))
    counts = {cause: sum(1 for _ in group) for cause, group in groupby(found, key=lambda one: one.cause)}
    paging = Paging.of(len(found), asked_page(request), _SIZE)
    part = paging.part(found)
    groups = [
        Shared(cause, counts[cause], list(people))
        for cause, people in groupby(part, key=lambda one: one.cause)
    ]
    addresses = studio.sources.people.addresses([one.contact for one in part])
    return studio.page(
        request,
        "asides",
        total=len(found),
        groups=groups,
        addresses=addresses,
        paging=paging,
        asked=_ASKED in request.query_params,
        link=lambda number: query(page=number),
    )


async def post_asides(request: Request, studio: Studio) -> Response:
    """Ask the engine to try somebody again, or all who share a cause. A form that is sent twice does no harm:
    whoever got over it is set aside no more."""
    form = await read_form(request)
    kind, value = text_of(form, "of"), text_of(form, "value")
    orders = {"contact": TryAgain(contact=value), "cause": TryAgain(cause=value)}
    if kind not in orders or not value:
        return studio.page(request, "missing", 400, what="This was not sent by the form of that page.")
    await run_in_threadpool(studio.sources.instruct, orders[kind])
    return RedirectResponse(f"/studio/set-aside?{_ASKED}", 303)
