"""What the subscriber's pages are made with."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from consent.contract import ConsentClient
from web.ui.language import choose
from web.ui.pages import Pages


@dataclass(frozen=True, slots=True)
class Site:
    """Where what is shown comes from, and how it looks."""

    consent: ConsentClient
    pages: Pages


def language_for(site: Site, request: Request, of_link: str = "") -> str:
    """What `?language=` asks for, else the link's language, else the browser's, else the project's."""
    asked = request.query_params.get("language", "")
    accepted = request.headers.get("accept-language", "")
    return choose(site.pages.languages, asked, of_link, accepted=accepted)


def asked_language(site: Site, request: Request) -> str:
    """What `?language=` asks for, if it is spoken here; else empty."""
    asked = request.query_params.get("language", "")
    return asked if asked in site.pages.languages else ""


def html(page: bytes, status: int = 200, retry_after: int | None = None) -> Response:
    """A page; what it says depends on the browser's language, and nobody may keep it."""
    headers = {"Vary": "Accept-Language", "Cache-Control": "no-store"}
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    return Response(page, status, headers, "text/html")
