"""`/l/TOKEN` and `/o/TOKEN.gif`: where measured links lead through, and the pixel.

Nothing here writes to consent, sets a cookie or keeps an address: all that can come of it is an event about a
mail, and only for a GET by what may be a person. `docs/measurement.md` has the rules.
"""

import base64
from typing import Protocol

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from engine.mail.measured import LINK, PIXEL

_GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
_AHEAD = ("sec-purpose", "purpose", "x-purpose", "x-moz")
_HEADERS = {"Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}


class Measurement(Protocol):
    """Reads tokens and takes hits; it judges by itself who made them."""

    def target(self, token: str) -> str | None:
        """Where the link leads; None: nobody here made it. Counts nothing."""

    def clicked(self, token: str, user_agent: str) -> None:
        """The link was followed."""

    def opened(self, token: str, user_agent: str) -> None:
        """The pixel was fetched."""


def measured_routes(measurement: Measurement) -> list[Route]:
    """The two places. A link that was not made here leads nowhere."""

    async def link(request: Request) -> Response:
        token = request.path_params["token"]
        target = measurement.target(token)
        if target is None:
            raise HTTPException(404)
        if _is_fetch(request):
            measurement.clicked(token, request.headers.get("user-agent", ""))
        return RedirectResponse(target, 302, _HEADERS)

    async def pixel(request: Request) -> Response:
        if _is_fetch(request):
            measurement.opened(request.path_params["token"], request.headers.get("user-agent", ""))
        return Response(_GIF, 200, _HEADERS, "image/gif")

    return [Route(f"{LINK}{{token}}", link), Route(f"{PIXEL}{{token}}.gif", pixel)]


def _is_fetch(request: Request) -> bool:
    """Whether this is a GET for somebody to see now, not a look ahead."""
    return request.method == "GET" and not any(name in request.headers for name in _AHEAD)
