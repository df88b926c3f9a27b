"""The mails that were sent, and one of them as its reader sees it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser

from starlette.requests import Request
from starlette.responses import Response

from engine.core.bundle import Entry
from engine.mail.foreign import read_foreign
from web.studio.frame import Studio
from web.studio.guard import MAIL_POLICY
from web.studio.paging import Paging, asked_page, query
from web.studio.sources import Posted

_MAILS_A_PAGE = 30
_VIEWS = {"wide": "Desktop", "phone": "Phone", "text": "Text", "source": "Source"}
_LARGEST_SOURCE = 400_000
_LINK = re.compile(r"https?://\S+")
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
        " ".join(_LINK.sub("", mail.plain or "").split())[:140],
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
    )


def get_mail_html(request: Request, studio: Studio) -> Response:
    """The HTML of a mail, under a policy that lets it do nothing. The pixel and the measured links are taken
    out: whoever looks here is not the person who got it."""
    content = studio.sources.mailbox.content(request.path_params["position"])
    html = read_foreign(content).html if content is not None else None
    headers = {"Content-Security-Policy": MAIL_POLICY}
    if html is None:
        return Response("There is no such mail, or it has no HTML.", 404, headers, "text/plain")
    return Response(studio.sources.marks.removed(html), 200, headers, "text/html")


def links_in(html: str) -> list[tuple[str, str]]:
    """Words and target of each link to a web page, in order, each target once. In a preview that can do
    nothing they cannot be followed, so they are listed beside it."""
    reader = _Links()
    reader.feed(html)
    reader.close()
    return list({target: (words, target) for words, target in reversed(reader.found)}.values())[::-1]


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, str]] = []
        self._target = ""
        self._words: list[str] = []

    def parse_marked_section(self, i: int, report: bool = True) -> int:
        """`<![…]>`, in which the library's own reading raises for words that it does not know."""
        return self.parse_bogus_comment(i)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a":
            self._target, self._words = given.get("href") or "", []
        elif tag == "img" and self._target:
            self._words.append(given.get("alt") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._target.startswith(("http://", "https://")):
            self.found.append((" ".join(" ".join(self._words).split()) or self._target, self._target))
        if tag == "a":
            self._target = ""

    def handle_data(self, data: str) -> None:
        if self._target:
            self._words.append(data)
