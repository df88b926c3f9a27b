"""`/signup`: the form, and the answer that is the same for everyone."""

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import Response

from consent.contract import InvalidAddress, Purpose, SignUp
from web.subscriber.form import read_form, text_of, texts_of
from web.subscriber.showing import LONGEST_OPEN, Showing, digest
from web.subscriber.site import Site, html, language_for
from web.visit import foreign_referrer, visit_of

LONGEST_ADDRESS = 320


@dataclass(frozen=True, slots=True)
class Box:
    """One topic on the form."""

    topic: str
    title: str
    wording: str


async def get_signup(request: Request, site: Site) -> Response:
    """The form, with no box ticked whatever the address bar says."""
    showing = Showing(
        id=site.draw(16).hex(),
        at=site.clock(),
        language=language_for(site, request),
        referrer=foreign_referrer(request),
    )
    return html(_sealed_page(site, showing, await site.consent.offered()))


async def post_signup(request: Request, site: Site) -> Response:
    """Pass the wish on, with the exact bytes of the page that it was made on; else show what is missing."""
    form = await read_form(request)
    address = text_of(form, "email").strip()
    ticked = texts_of(form, "topic")
    offered = await site.consent.offered()
    now = site.clock()

    opened = site.sealer.open(text_of(form, "seal"))
    if opened is None:
        fresh = Showing(id="", at=0, language=language_for(site, request))
        return _again(site, fresh, offered, address, (), ("changed",))
    showing, digest_then = opened
    shown = page(site, showing, offered, text_of(form, "seal"))
    if digest(page(site, showing, offered, "")) != digest_then or now - showing.at > LONGEST_OPEN:
        return _again(site, showing, offered, address, (), ("changed",))

    wanted = tuple(purpose.topic for purpose in offered if purpose.topic in ticked)
    faults = _faults(address, wanted)
    if faults:
        return _again(site, showing, offered, address, wanted, faults)
    wish = SignUp(
        email=address,
        topics=wanted,
        language=showing.language,
        form=f"signup/{showing.id}",
        shown=shown,
        visit=visit_of(request, showing.referrer),
    )
    try:
        await site.consent.sign_up(wish)
    except InvalidAddress:
        return _again(site, showing, offered, address, wanted, ("address",))
    return html(site.pages.render("sent", showing.language))


def page(site: Site, showing: Showing, offered: Sequence[Purpose], seal: str) -> bytes:
    """The form as this showing has it: pure, so that it can be made again."""
    return site.pages.render(
        "signup",
        showing.language,
        switch=True,
        showing=showing,
        boxes=[_box(purpose, showing.language, site.pages.languages) for purpose in offered],
        seal=seal,
    )


def _sealed_page(site: Site, showing: Showing, offered: Sequence[Purpose]) -> bytes:
    return page(site, showing, offered, site.sealer.seal(showing, page(site, showing, offered, "")))


def _again(
    site: Site,
    before: Showing,
    offered: Sequence[Purpose],
    address: str,
    ticked: tuple[str, ...],
    faults: tuple[str, ...],
) -> Response:
    """The form once more, with what was typed and what is wrong. It is a showing of its own."""
    showing = replace(
        before,
        id=site.draw(16).hex(),
        at=site.clock(),
        address=address[:LONGEST_ADDRESS],
        ticked=ticked,
        faults=faults,
    )
    return html(_sealed_page(site, showing, offered), 422)


def _faults(address: str, wanted: Sequence[str]) -> tuple[str, ...]:
    faults = []
    if not address or len(address) > LONGEST_ADDRESS:
        faults.append("address")
    if not wanted:
        faults.append("topics")
    return tuple(faults)


def _box(purpose: Purpose, language: str, spoken: Sequence[str]) -> Box:
    return Box(
        purpose.topic,
        _in(purpose.title, language, spoken[0]) or purpose.topic,
        _in(purpose.wording, language, spoken[0]),
    )


def _in(words: dict[str, str], language: str, default: str) -> str:
    return words.get(language) or words.get(default) or next(iter(words.values()), "")
