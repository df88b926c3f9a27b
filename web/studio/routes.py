"""Where the studio's pages stand."""

from collections.abc import Callable

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from engine.store.database import StoreFault
from web.studio.flows import get_drawing, get_flow, get_flows, get_step
from web.studio.frame import Studio, stylesheet
from web.studio.guard import LocalOnly
from web.studio.log import get_log
from web.studio.mailbox import get_mail, get_mail_html, get_mails
from web.studio.overview import get_overview
from web.studio.persons import get_person
from web.studio.sources import Sources

Look = Callable[[Request, Studio], Response]

PAGES: dict[str, Look] = {
    "/": get_overview,
    "/flows": get_flows,
    "/flows/{flow}": get_flow,
    "/flows/{flow}/drawing.svg": get_drawing,
    "/flows/{flow}/steps/{step}": get_step,
    "/mails": get_mails,
    "/mails/{position:int}": get_mail,
    "/mails/{position:int}/html": get_mail_html,
    "/people": get_person,
    "/log": get_log,
}


def build_studio(sources: Sources) -> Starlette:
    """The studio, to be mounted at `/studio`. It answers GET and HEAD to browsers on this machine only."""
    studio = Studio.of(sources)
    routes = [Route(path, _look(look, studio)) for path, look in PAGES.items()]
    routes.append(Route(f"/style.{stylesheet()[0]}.css", _style))
    app = Starlette(
        routes=routes, middleware=[Middleware(LocalOnly)], exception_handlers={404: _missing(studio)}
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


def _missing(studio: Studio) -> Callable[[Request, Exception], Response]:
    def page(request: Request, fault: Exception) -> Response:
        return studio.missing(request, "There is no such page in the studio.")

    return page


async def _style(request: Request) -> Response:
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(stylesheet()[1], headers=headers, media_type="text/css")
