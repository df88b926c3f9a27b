"""The mails that were sent, and one of them as its reader sees it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from engine.core.bundle import Entry
from engine.mail.foreign import read_foreign
from web.studio.frame import Studio
from web.studio.guard import MAIL_POLICY
from web.studio.mail_parts import in_scheme, links_in, preview
from web.studio.paging import Paging, asked_page, query
from web.studio.sources import Posted

_MAILS_A_PAGE = 30
_VIEWS = {"wide": "Desktop", "phone": "Phone", "text": "Text", "source": "Source"}
_LARGEST_SOURCE = 400_000
_SCHEMES = {"light": "Light", "dark": "Dark"}
_CONFIRMS = "/c/"
"""How the path begins behind which a person says yes."""
OTHERS = "-"
"""The filter for mails of no flow: those that ask for a confirmation, and what goes to the team."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A line of the list. `flow` and `step` are empty for a mail of no flow."""

    position: int
    at: int
    recipient: str
    subject: str
    preview: str
    flow: str
    step: str


def get_mails(request: Request, studio: Studio) -> Response:
    """What was sent, newest first, by person and flow."""
    who = request.query_params.get("to", "").strip()
    flow = request.query_params.get("flow", "")
    with studio.sources.records() as records:
        known = studio.snapshot.of(records).mails
    posted = studio.sources.mailbox.posted()
    found = _found(posted, known, who.casefold(), flow)
    paging = Paging.of(len(found), asked_page(request), _MAILS_A_PAGE)
    return studio.page(
        request,
        "mails",
        mails=[_line(studio, one, known) for one in paging.part(found)],
        paging=paging,
        others=OTHERS,
        to=who,
        flow=flow,
        flows=sorted(studio.sources.names.flows),
        any=bool(posted),
        link=lambda number: query(to=who, flow=flow, page=number),
    )


def _found(posted: Sequence[Posted], known: Mapping[str, Entry], who: str, flow: str) -> list[Posted]:
    """Newest first."""
    return [
        one
        for one in reversed(posted)
        if who in one.recipient.casefold()
        and (not flow or (known[one.key].flow if one.key in known else OTHERS) == flow)
    ]


def _line(studio: Studio, one: Posted, known: Mapping[str, Entry]) -> Shown:
    mail = read_foreign(studio.sources.mailbox.content(one.position) or b"")
    entry = known.get(one.key)
    return Shown(
        one.position,
        one.received_at if mail.at is None else mail.at,
        one.recipient,
        mail.subject,
        preview(mail),
        entry.flow if entry else "",
        entry.step if entry else "",
    )


def get_mail(request: Request, studio: Studio) -> Response:
    """One mail: how it looks on a wide screen and on a phone, as text, and its source."""
    position = request.path_params["position"]
    content = studio.sources.mailbox.content(position)
    if content is None:
        return studio.missing(request, "There is no such mail in the mailbox.")
    view = request.query_params.get("show", "wide")
    scheme = request.query_params.get("in", "light")
    mail = read_foreign(content)
    with studio.sources.records() as records:
        known = studio.snapshot.of(records).mails
    posted = next((one for one in studio.sources.mailbox.posted() if one.position == position), None)
    sent_at = posted.received_at if posted and mail.at is None else mail.at
    return studio.page(
        request,
        "mail",
        position=position,
        views=_VIEWS,
        view=view if view in _VIEWS else "wide",
        schemes=_SCHEMES,
        scheme=scheme if scheme in _SCHEMES else "light",
        subject=mail.subject,
        sender=mail.sender,
        recipient=posted.recipient if posted else mail.recipient,
        at=sent_at,
        entry=known.get(posted.key) if posted else None,
        html=mail.html is not None,
        text=mail.plain,
        source=content[:_LARGEST_SOURCE].decode("utf-8", "replace").replace("\r\n", "\n"),
        size=len(content),
        links=links_in(studio.sources.marks.removed(mail.html or "")),
        confirms=lambda target: urlsplit(target).path.startswith(_CONFIRMS),
    )


def get_mail_html(request: Request, studio: Studio) -> Response:
    """The HTML of a mail, under a policy that lets it do nothing. The pixel and the measured links are taken
    out: whoever looks here is not the person who got it."""
    content = studio.sources.mailbox.content(request.path_params["position"])
    html = read_foreign(content).html if content is not None else None
    headers = {"Content-Security-Policy": MAIL_POLICY}
    if html is None:
        return Response("There is no such mail, or it has no HTML.", 404, headers, "text/plain")
    scheme = request.query_params.get("in", "")
    shown = studio.sources.marks.removed(html)
    return Response(in_scheme(shown, scheme) if scheme in _SCHEMES else shown, 200, headers, "text/html")
