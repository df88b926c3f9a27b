"""Pages that say what did not work, and what to do."""

from starlette.requests import Request
from starlette.responses import Response

from consent.contract import About, LinkView
from web.subscriber.site import Site, html, language_for

RETRY_AFTER = 5

# A link's reason → status, title and text. Only a link that was never ours is "not found"; one that has
# served is "gone" (RFC 9110 15.5.11).
LINKS = {
    "unknown": (404, "unknown_title", "unknown_text"),
    "expired": (410, "over_title", "over_text"),
    "gone": (410, "gone_title", "gone_text"),
    # What the link is for holds already, so to a mail program that pressed its button too it has worked.
    "erased": (200, "erased_title", "erased_text"),
}

# The same of links of a change of address, where the text goes by how the request was closed.
ADDRESS = {
    "used": ("used_title", {"": "used_closed", "confirmed": "used_yes", "moved": "used_moved"}),
    "expired": ("expired_title", {"": "expired_address"}),
}

# Status → the words for it.
STATUSES = {
    400: "garbled",
    403: "foreign",
    404: "missing",
    405: "method",
    413: "large",
    503: "down",
}


def link_problem(site: Site, request: Request, reason: str, of_link: str = "") -> Response:
    """A link to stop, to choose or to see a mail that does not count: `reason` is as in `LinkView`."""
    return _link_page(site, request, *LINKS.get(reason, LINKS["unknown"]), of_link)


def confirm_problem(site: Site, request: Request, view: LinkView, offers: bool = False) -> Response:
    """A link to confirm or refuse that does not count. Who has agreed to nothing by it may sign up again, and
    gets a new one; `offers`: so may whoever has one that nobody knows, as its key was taken out."""
    if offers and not view.valid and view.reason == "unknown":
        return _link_page(site, request, 404, "unknown_title", "unknown_confirm", "", sign_up=True)
    if view.valid:  # a link to refuse, with its path changed into one to confirm
        return link_problem(site, request, "unknown")
    if view.about is not About.SIGN_UP and view.reason in ADDRESS:
        title, texts = ADDRESS[view.reason]
        text = texts.get(view.closed, texts[""])
        return _link_page(site, request, 410, title, text, view.language)
    if view.reason == "used":
        text = "used_yes" if view.closed == "confirmed" else "used_no"
        return _link_page(
            site, request, 410, "used_title", text, view.language, sign_up=view.closed != "confirmed"
        )
    if view.reason == "expired":
        return _link_page(site, request, 410, "expired_title", "expired_confirm", view.language, sign_up=True)
    return link_problem(site, request, view.reason, view.language)


def _link_page(
    site: Site, request: Request, status: int, title: str, text: str, of_link: str, sign_up: bool = False
) -> Response:
    language = language_for(site, request, of_link)
    page = _page(site, request, language, title, text, sign_up)
    return html(page, status)


def problem(site: Site, request: Request, status: int) -> Response:
    """Any other fault, by its HTTP status."""
    name = STATUSES.get(status, "broken")
    language = language_for(site, request)
    page = _page(site, request, language, f"{name}_title", f"{name}_text")
    return html(page, status, RETRY_AFTER if status == 503 else None)


def _page(site: Site, request: Request, language: str, title: str, text: str, sign_up: bool = False) -> bytes:
    """In other languages the same page can be had where looking alone led to it, not pressing."""
    looked = request.method in ("GET", "HEAD")
    return site.pages.render(
        "problem", language, switch=looked, title_key=title, text_key=text, sign_up=sign_up
    )
