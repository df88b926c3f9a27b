"""`/v/TOKEN`: a mail as it was sent, for whoever sees it badly in their mail program.

Looking writes nothing, here as on every page: no event, no cookie. The mail is a document that the shop
made, so it comes under a policy by which it can run nothing and belongs to no site.
"""

import re
from typing import Protocol

from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from engine.mail.measured import VIEW
from web.subscriber.problem import link_problem
from web.subscriber.site import Site

_HEADERS = {
    # Links may open a window, which is not under this policy: most HTML of mails asks for one.
    "Content-Security-Policy": (
        "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
        "style-src 'unsafe-inline'; img-src data: https:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "unsafe-none",  # browsers show no page that is sandboxed and says otherwise
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, no-store",
}
_LINK = re.compile(r"https?://[^\s<>\"']*[^\s<>\"'.,;:!?()\[\]]")


class Shown(Protocol):
    """The body of a mail, HTML or plain text; or the `reason` why there is none, a key of `problem.LINKS`."""

    @property
    def reason(self) -> str: ...
    @property
    def html(self) -> bool: ...
    @property
    def text(self) -> str: ...


class ShownMails(Protocol):
    """Finds mails by the tokens in their links, and writes nothing."""

    async def look(self, token: str) -> Shown:
        """What a token's link shows."""


def shown_routes(site: Site, mails: ShownMails) -> list[Route]:
    """The one place; GET and HEAD alone."""

    async def shown(request: Request) -> Response:
        found = await mails.look(request.path_params["token"])
        if found.reason:
            return link_problem(site, request, found.reason)
        if found.html:
            return Response(found.text, 200, _HEADERS, "text/html")
        page = site.pages.render("text_mail", site.pages.languages[0], text=_linked(found.text))
        return Response(page, 200, _HEADERS, "text/html")

    return [Route(f"{VIEW}{{token}}", shown, methods=["GET"])]


def _linked(text: str) -> Markup:
    """Plain text as HTML, its links to be followed."""
    parts: list[str] = []
    copied = 0
    for found in _LINK.finditer(text):
        url = escape(found.group())
        parts += (escape(text[copied : found.start()]), Markup('<a href="{0}">{0}</a>').format(url))
        copied = found.end()
    return Markup("").join((*parts, escape(text[copied:])))
