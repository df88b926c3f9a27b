"""Pages that say what did not work, and what to do."""

from starlette.requests import Request
from starlette.responses import Response

from web.subscriber.site import Site, html, language_for

RETRY_AFTER = 5

# A link's reason → status, and the words for a link that confirms and for all others. Only a link that was
# never ours is "not found"; one that has served is "gone" (RFC 9110 15.5.11).
LINKS = {
    "unknown": (404, "unknown_title", "unknown_text", "unknown_text"),
    "expired": (410, "expired_title", "expired_confirm", "expired_other"),
    "used": (410, "used_title", "used_text", "used_text"),
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


def link_problem(
    site: Site, request: Request, reason: str, confirming: bool = False, of_link: str = ""
) -> Response:
    """A link that does not count: `reason` is as in `LinkView`. Who was `confirming` may sign up again."""
    status, title, to_confirmer, to_others = LINKS.get(reason, LINKS["unknown"])
    language = language_for(site, request, of_link if reason != "unknown" else "")
    page = site.pages.render(
        "problem",
        language,
        title_key=title,
        text_key=to_confirmer if confirming else to_others,
        sign_up=confirming and reason == "expired",
    )
    return html(page, status)


def problem(site: Site, request: Request, status: int) -> Response:
    """Any other fault, by its HTTP status."""
    name = STATUSES.get(status, "broken")
    language = language_for(site, request)
    page = site.pages.render(
        "problem", language, title_key=f"{name}_title", text_key=f"{name}_text", sign_up=False
    )
    return html(page, status, RETRY_AFTER if status == 503 else None)
