"""What is kept of a request as evidence of who made it."""

from urllib.parse import urlsplit

from starlette.requests import Request

from consent.contract import Visit

LONGEST = 500


def visit_of(request: Request) -> Visit:
    """The peer's address, its user agent and the page that led here.

    The address is the connection's own: `X-Forwarded-For` and its like are whatever the client writes. A
    page of ours as referrer says nothing, and its URL may hold a link's token, so it is left out."""
    return Visit(
        ip=request.client.host if request.client else "",
        user_agent=request.headers.get("user-agent", "")[:LONGEST],
        referrer=_foreign_referrer(request),
    )


def _foreign_referrer(request: Request) -> str:
    referrer = request.headers.get("referer", "")[:LONGEST]
    try:
        host = urlsplit(referrer).netloc
    except ValueError:
        return ""
    return "" if host == request.headers.get("host", "") else referrer
