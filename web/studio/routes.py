"""Where the studio's pages stand."""

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from consent.contract import Unavailable
from engine.store.database import StoreFault
from web.api.inbox import Busy, Inbox
from web.body import TooLarge
from web.studio.asides import get_asides, post_asides
from web.studio.flows import get_drawing, get_flow, get_flows, get_step
from web.studio.frame import Studio, stylesheet
from web.studio.guard import LocalOnly
from web.studio.holding import post_hold
from web.studio.log import get_log
from web.studio.mailbox import get_mail, get_mail_html, get_mails
from web.studio.overview import get_overview
from web.studio.persons import get_person
from web.studio.sources import Sources
from web.studio.starting import get_start, get_started, post_start
from web.subscriber.form import Garbled

Look = Callable[[Request, Studio], Response]
Act = Callable[[Request, Studio], Awaitable[Response]]

PAGES: dict[str, Look] = {
    "/": get_overview,
    "/flows": get_flows,
    "/flows/{flow}": get_flow,
    "/flows/{flow}/drawing.svg": get_drawing,
    "/flows/{flow}/start": get_start,
    "/flows/{flow}/start/{number:int}": get_started,
    "/flows/{flow}/steps/{step}": get_step,
    "/mails": get_mails,
    "/mails/{position:int}": get_mail,
    "/mails/{position:int}/html": get_mail_html,
    "/people": get_person,
    "/set-aside": get_asides,
    "/log": get_log,
}


ACTS: dict[str, Act] = {
    "/flows/{flow}/start": post_start,
    "/flows/{flow}/hold": post_hold,
    "/set-aside": post_asides,
}
"""All that can be done here: a POST to the page that asks for it."""


def build_studio(sources: Sources, inbox: Inbox) -> Starlette:
    """The studio, to be mounted at `/studio`. It answers browsers on this machine only, and changes nothing
    itself: what is asked for on its pages goes into `inbox`, as what the API is asked for."""
    studio = Studio.of(sources, inbox)
    routes = [Route(path, _act(act, studio), methods=["POST"]) for path, act in ACTS.items()]
    routes += [Route(path, _look(look, studio), methods=["GET"]) for path, look in PAGES.items()]
    routes.append(Route(f"/style.{stylesheet()[0]}.css", _style))
    app = Starlette(
        routes=routes,
        middleware=[Middleware(LocalOnly)],
        exception_handlers={404: _missing(studio), 405: _no_act},
    )
    app.router.redirect_slashes = False
    return app


def to_studio(request: Request) -> Response:
    """The overview, for whoever leaves out the last stroke."""
    return RedirectResponse("/studio/", 307)


def _look(look: Look, studio: Studio) -> Callable[[Request], "object"]:
    async def handle(request: Request) -> Response:
        try:
            return await run_in_threadpool(look, request, studio)
        except StoreFault as fault:
            return studio.page(request, "missing", 503, what=str(fault))

    return handle


def _act(act: Act, studio: Studio) -> Callable[[Request], "object"]:
    async def handle(request: Request) -> Response:
        try:
            return await act(request, studio)
        except (StoreFault, Unavailable) as fault:
            return studio.page(request, "missing", 503, what=str(fault))
        except Busy as fault:
            told = (
                f"There is no room now, and nothing was asked for. Try again in {fault.retry_after} seconds."
            )
            return studio.page(request, "missing", 503, what=told)
        except (Garbled, TooLarge):
            return studio.page(request, "missing", 400, what="This was not sent by the form of that page.")

    return handle


async def _no_act(request: Request, fault: Exception) -> Response:
    return PlainTextResponse("Nothing can be changed here.\n", 405, {"Allow": "GET, HEAD"})


def _missing(studio: Studio) -> Callable[[Request, Exception], Response]:
    def page(request: Request, fault: Exception) -> Response:
        return studio.missing(request, "There is no such page in the studio.")

    return page


async def _style(request: Request) -> Response:
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(stylesheet()[1], headers=headers, media_type="text/css")
