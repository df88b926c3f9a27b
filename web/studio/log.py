"""The consent service's log: its newest leaves, and how anybody can check it."""

from starlette.requests import Request
from starlette.responses import Response

from web.studio.frame import Studio

_LEAVES_A_PAGE = 40


def get_log(request: Request, studio: Studio) -> Response:
    """The newest leaves, or those before the position in the address."""
    text = request.query_params.get("before", "")
    before = int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None
    page = studio.sources.people.log(before, _LEAVES_A_PAGE)
    return studio.page(request, "log", log=page, before=before)
