"""The whole of what is served, put together from its parts."""

from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import urlsplit

from asgi_cross_origin_protection import CrossOriginProtection
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from consent.contract import ConsentClient, Unavailable
from web.api.inbox import Inbox
from web.api.keys import ApiKeys
from web.api.returns import Returns
from web.api.service import build_api
from web.body import TooLarge
from web.brand import Brand
from web.headers import SecurityHeaders
from web.measured import Measurement, measured_routes
from web.shown import ShownMails, shown_routes
from web.subscriber.form import Garbled
from web.subscriber.problem import problem
from web.subscriber.routes import subscriber_routes
from web.subscriber.site import Site
from web.ui.pages import Pages
from web.ui.stylesheet import stylesheet_route


def build_app(
    consent: ConsentClient,
    inbox: Inbox,
    returns: Returns,
    measurement: Measurement,
    shown: ShownMails,
    keys: ApiKeys,
    brand: Brand,
    *,
    languages: Sequence[str],
    url: str,
    clock: Callable[[], int],
) -> Starlette:
    """The subscriber's pages, mails in the browser, measured links, the API at `/v1` and `/health`.

    `languages` are the project's, the default first; `url` is where people reach the pages; `clock` gives
    milliseconds since 1970 UTC. The server in front must hand through the peer's own address: uvicorn with
    `proxy_headers=False`.
    """
    site = Site(consent, Pages(brand, languages))
    return _app(
        site,
        url,
        *measured_routes(measurement),
        *shown_routes(site, shown),
        Mount("/v1", build_api(consent, inbox, returns, keys, languages, clock)),
    )


def build_consent_app(
    consent: ConsentClient,
    calls: ASGIApp,
    prefix: str,
    brand: Brand,
    *,
    languages: Sequence[str],
    url: str,
) -> Starlette:
    """The subscriber's pages alone, for when they are served without the engine, and the `calls` of the
    consent service below `prefix`."""
    site = Site(consent, Pages(brand, languages))
    return _app(site, url, Mount(prefix, calls), keyed=(prefix,))


def _app(site: Site, url: str, *others: BaseRoute, keyed: Sequence[str] = ("/v1",)) -> Starlette:
    """The subscriber's pages, and what stands beside them; `keyed` are places that a key opens."""
    app = Starlette(
        routes=[
            Route("/", to_signup, methods=["GET"]),
            Route("/health", health, methods=["GET"]),
            stylesheet_route(),
            *subscriber_routes(site),
            *others,
        ],
        middleware=[
            Middleware(SecurityHeaders),
            Middleware(
                CrossOriginProtection,
                allowed_origins=[_origin(url)],
                # The key or the link's token is all that counts there, and no browser adds it by itself.
                # Withdrawing in particular has to work from wherever a mail program posts.
                exempt_paths=[*keyed, "/u"],
                deny_app=_foreign(site),
            ),
        ],
        exception_handlers=_problems(site),
    )
    app.router.redirect_slashes = False
    return app


async def to_signup(request: Request) -> Response:
    """The form is where whoever names the shop alone most likely wants to be."""
    return RedirectResponse("/signup", 307)


async def health(request: Request) -> Response:
    """The process answers; it says nothing of what stands behind it."""
    return JSONResponse({"status": "ok"})


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _foreign(site: Site) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    async def deny(scope: Scope, receive: Receive, send: Send) -> None:
        await problem(site, Request(scope), 403)(scope, receive, send)

    return deny


def _problems(site: Site) -> dict[type[Exception], Callable[[Request, Exception], Awaitable[Response]]]:
    def page(status: int) -> Callable[[Request, Exception], Awaitable[Response]]:
        async def shown(request: Request, fault: Exception) -> Response:
            return problem(site, request, status)

        return shown

    async def by_status(request: Request, fault: Exception) -> Response:
        assert isinstance(fault, HTTPException)
        response = problem(site, request, fault.status_code)
        response.headers.update(fault.headers or {})
        return response

    return {
        HTTPException: by_status,
        TooLarge: page(413),
        Garbled: page(400),
        Unavailable: page(503),
        Exception: page(500),
    }
