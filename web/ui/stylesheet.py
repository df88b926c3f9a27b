"""The one stylesheet, under a name that changes with its bytes."""

from functools import cache
from hashlib import sha256
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

FILE = Path(__file__).parent / "style.css"


@cache
def stylesheet() -> tuple[str, bytes]:
    """Its path and bytes. The name holds a digest: a page kept as evidence says how it looked, and browsers
    may keep the file for ever."""
    content = FILE.read_bytes()
    return f"/ui/style.{sha256(content).hexdigest()[:16]}.css", content


async def get_stylesheet(request: Request) -> Response:
    """The stylesheet."""
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(stylesheet()[1], headers=headers, media_type="text/css")


def stylesheet_route() -> Route:
    """Where the pages' `<link>` leads."""
    return Route(stylesheet()[0], get_stylesheet, methods=["GET"])
