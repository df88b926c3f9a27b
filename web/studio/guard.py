"""Who may look: a browser on this machine, which asked for these pages by the name of this machine."""

from collections.abc import Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_NAMES = frozenset(("localhost", "127.0.0.1", "::1"))
_METHODS = frozenset(("GET", "HEAD", "POST"))
_OWN_SITES = frozenset(("", "same-origin", "none"))
_PASSED_ON = frozenset(("forwarded", "via", "x-real-ip"))
_PASSED_ON_PREFIX = "x-forwarded-"

PAGE_POLICY = (
    "default-src 'none'; script-src 'none'; style-src 'self'; img-src 'self' data:; frame-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
"""For a drawing by itself: it brings its own colours."""
MAIL_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data: https: 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
"""For a mail in a frame: it can run nothing, send nothing, and belongs to no site."""


class LocalOnly:
    """ASGI middleware: refuses whatever does not come from this machine to a name of this machine (another
    name may lead here too: DNS rebinding), what a proxy here passes on for others, what other sites load,
    those at another port of this machine among them, and every POST that no page of the studio sends."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        fault = _fault(scope)

        async def send_for_us_alone(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["Cross-Origin-Resource-Policy"] = "same-origin"
            await send(message)

        if fault is None:
            await self.app(scope, receive, send_for_us_alone)
        else:
            await PlainTextResponse(fault[1], fault[0], fault[2])(scope, receive, send_for_us_alone)


def _fault(scope: Scope) -> tuple[int, str, Mapping[str, str]] | None:
    """Status, words and headers of a refusal; None where there is nothing to refuse."""
    headers = Headers(scope=scope)
    client = scope.get("client")
    if client is None or not is_loopback(client[0]) or _named(headers.get("host", "")) not in _NAMES:
        return 403, "The studio is for a browser on the machine that serves it.\n", {}
    if _passed_on(headers):
        return 403, "The studio is not shown through a proxy: nobody could tell for whom it asks.\n", {}
    if scope["method"] not in _METHODS:
        return 405, "Nothing can be changed here.\n", {"Allow": "GET, HEAD"}
    if scope["method"] == "POST":
        return (
            None if _from_own_page(headers) else (403, "Only the studio's own pages may ask for this.\n", {})
        )
    if headers.get("sec-fetch-site", "") not in _OWN_SITES and headers.get("sec-fetch-mode") != "navigate":
        return 403, "Other sites may not load parts of the studio.\n", {}
    return None


def _from_own_page(headers: Headers) -> bool:
    """What the browser itself says of where a form stands; one that says nothing of it sends none."""
    site = headers.get("sec-fetch-site")
    return site == "same-origin" if site else headers.get("origin") == f"http://{headers.get('host')}"


def is_from_this_machine(scope: Scope) -> bool:
    """Whether a request comes from this machine, to a name of this machine, and not by way of a proxy."""
    headers = Headers(scope=scope)
    client = scope.get("client")
    return (
        client is not None
        and is_loopback(client[0])
        and _named(headers.get("host", "")) in _NAMES
        and not _passed_on(headers)
    )


def _passed_on(headers: Headers) -> bool:
    return any(name in _PASSED_ON or name.startswith(_PASSED_ON_PREFIX) for name in headers)


def is_loopback(address: str) -> bool:
    """Whether an IP address is this machine's own."""
    return address == "::1" or address.removeprefix("::ffff:").startswith("127.")


def _named(host: str) -> str:
    """The name in a Host header, without its port."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()
