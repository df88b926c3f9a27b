"""Where the subscriber's pages stand."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from web.subscriber.confirm import get_confirm, get_refuse, post_confirm, post_refuse
from web.subscriber.preferences import get_preferences, post_preferences
from web.subscriber.signup import get_signup, post_signup
from web.subscriber.site import Site
from web.subscriber.unsubscribe import get_unsubscribe, post_unsubscribe

Handler = Callable[[Request, Site], Awaitable[Response]]

# path → what looks, what acts
PAGES: dict[str, tuple[Handler, Handler]] = {
    "/signup": (get_signup, post_signup),
    "/c/{token}": (get_confirm, post_confirm),
    "/r/{token}": (get_refuse, post_refuse),
    "/u/{token}": (get_unsubscribe, post_unsubscribe),
    "/p/{token}": (get_preferences, post_preferences),
}


def subscriber_routes(site: Site) -> list[Route]:
    """All pages. GET and HEAD reach only what looks, POST only what acts; there is no other method."""
    return [
        Route(path, _by_method(look, act, site), methods=["GET", "POST"])
        for path, (look, act) in PAGES.items()
    ]


def _by_method(look: Handler, act: Handler, site: Site) -> Callable[[Request], Awaitable[Response]]:
    async def handle(request: Request) -> Response:
        handler = act if request.method == "POST" else look
        return await handler(request, site)

    return handle
