"""The API as one application, to be mounted at `/v1`."""

from collections.abc import Awaitable, Callable, Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from consent.contract import ConsentClient, Crowded, Unavailable
from engine.store.faults import NoRoom, StoreFault
from web.api.batch import Clock
from web.api.contacts import post_contacts
from web.api.events import post_events
from web.api.inbox import Busy, Inbox
from web.api.journeys import post_journeys
from web.api.keys import ApiKeys, Scope, demand
from web.api.merges import post_merges
from web.api.replies import Code, Refusal, refusal
from web.api.returns import Returns, post_returns
from web.api.signups import post_signups

RETRY_AFTER = 5
ROOM_AFTER = 60  # seconds: room has to be made by somebody

Handler = Callable[[Request], Awaitable[Response]]


def build_api(
    consent: ConsentClient,
    inbox: Inbox,
    returns: Returns,
    keys: ApiKeys,
    languages: Sequence[str],
    clock: Clock,
) -> Starlette:
    """All resources, each behind a key with its scope. Whatever goes wrong is answered in JSON."""

    def guarded(scope: Scope, handler: Handler) -> Handler:
        async def behind_key(request: Request) -> Response:
            demand(keys, request, scope)
            return await handler(request)

        return behind_key

    async def events(request: Request) -> Response:
        return await post_events(request, inbox, clock)

    async def contacts(request: Request) -> Response:
        return await post_contacts(request, inbox)

    async def signups(request: Request) -> Response:
        return await post_signups(request, consent, languages)

    async def reports(request: Request) -> Response:
        return await post_returns(request, returns, clock)

    async def journeys(request: Request) -> Response:
        return await post_journeys(request, consent, inbox)

    async def merges(request: Request) -> Response:
        return await post_merges(request, consent)

    api = Starlette(
        routes=[
            Route("/events", guarded(Scope.EVENTS, events), methods=["POST"]),
            Route("/contacts", guarded(Scope.CONTACTS, contacts), methods=["POST"]),
            Route("/signups", guarded(Scope.SIGNUPS, signups), methods=["POST"]),
            Route("/returns", guarded(Scope.RETURNS, reports), methods=["POST"]),
            Route("/merges", guarded(Scope.MERGES, merges), methods=["POST"]),
            Route("/flows/{name}/journeys", guarded(Scope.JOURNEYS, journeys), methods=["POST"]),
        ],
        exception_handlers={
            Refusal: _refused,
            Busy: _busy,
            Crowded: _crowded,
            Unavailable: _unavailable,
            StoreFault: _unavailable,
            NoRoom: _no_room,
            HTTPException: _no_such_place,
            Exception: _broken,
        },
    )
    api.router.redirect_slashes = False
    return api


async def _refused(request: Request, fault: Exception) -> Response:
    assert isinstance(fault, Refusal)
    return refusal(fault)


async def _busy(request: Request, fault: Exception) -> Response:
    assert isinstance(fault, Busy)
    message = (
        "There is no room now, and nothing of this call was taken. Send it again after `Retry-After` seconds."
    )
    return refusal(Refusal(429, Code.BUSY, message, {"Retry-After": str(fault.retry_after)}))


async def _crowded(request: Request, fault: Exception) -> Response:
    assert isinstance(fault, Crowded)
    message = (
        "More people are signed up than is taken in an hour, and nothing of this call was taken. Send it "
        "again after `Retry-After` seconds."
    )
    return refusal(Refusal(429, Code.BUSY, message, {"Retry-After": str(fault.seconds)}))


async def _unavailable(request: Request, fault: Exception) -> Response:
    message = (
        "Our records cannot be reached. Send all of it again after `Retry-After` seconds; "
        "what was taken already counts once."
    )
    return refusal(Refusal(503, Code.UNAVAILABLE, message, {"Retry-After": str(RETRY_AFTER)}))


async def _no_room(request: Request, fault: Exception) -> Response:
    message = (
        "Our disk is full, and nothing of this call was taken. Send all of it again after `Retry-After` "
        "seconds."
    )
    return refusal(Refusal(507, Code.NO_ROOM, message, {"Retry-After": str(ROOM_AFTER)}))


async def _no_such_place(request: Request, fault: Exception) -> Response:
    assert isinstance(fault, HTTPException)
    if fault.status_code == 405:
        allowed = (fault.headers or {}).get("Allow", "POST")
        return refusal(Refusal(405, Code.METHOD_NOT_ALLOWED, f"Use {allowed} here.", {"Allow": allowed}))
    return refusal(
        Refusal(404, Code.NOT_FOUND, "There is nothing at this address; see the list of endpoints.")
    )


async def _broken(request: Request, fault: Exception) -> Response:
    message = "Something went wrong here, not with you. Send the call again later."
    return refusal(Refusal(500, Code.INTERNAL, message))
