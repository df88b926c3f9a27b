"""`/signup`: the form, and the answer that is the same for everyone."""

from collections.abc import Sequence

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from consent.client import is_address
from consent.contract import BESIDE_TOPICS, Crowded, InvalidAddress, Purpose, SignUp, Unavailable
from web.subscriber.boxes import boxes_of
from web.subscriber.form import read_form, text_of, texts_of
from web.subscriber.problem import RETRY_AFTER
from web.subscriber.signup_form import NOTHING, Entries, Form, blank_form, served_form
from web.subscriber.site import Site, html, language_for
from web.visit import visit_of

LONGEST_ADDRESS = 320
LONGEST_AGE = 3
_SINGLE = ("form", "served", "language", "email", "age")


async def get_signup(request: Request, site: Site) -> Response:
    """The form, with no box ticked whatever the address bar says."""
    offered = await site.consent.offered()
    return await _shown(site, blank_form(site.pages, language_for(site, request), offered), offered)


async def post_signup(request: Request, site: Site) -> Response:
    """Pass the wish on, with the exact bytes of the page that it was made on; else show what is missing. If
    nobody takes it, nothing of it has to be entered again."""
    fields = await read_form(request)
    try:
        return await _passed_on(request, site, fields)
    except Unavailable as fault:
        return _unsent(request, site, fields, fault)


async def _passed_on(request: Request, site: Site, fields: FormData) -> Response:
    offered = await site.consent.offered()
    form = blank_form(site.pages, language_for(site, request, text_of(fields, "language")), offered)
    address, age = text_of(fields, "email").strip(), text_of(fields, "age").strip()
    if text_of(fields, "form") != form.id:
        # Words that were not shown cannot be agreed to: the boxes are to be ticked anew.
        return await _again(site, form, offered, Entries(address, age, faults=("changed",)))
    ticked = texts_of(fields, "topic")
    wanted = tuple(purpose.topic for purpose in offered if purpose.topic in ticked)
    years = _years(age) if site.pages.brand.asks_age else None
    ageless = site.pages.brand.asks_age and years is None
    faults = _faults(address, ageless, wanted)
    if faults:
        return await _again(site, form, offered, Entries(address, age, wanted, faults))
    wish = SignUp(
        email=address,
        topics=wanted,
        language=form.language,
        form="signup",
        shown=form.shown,
        visit=visit_of(request),
        age=years,
        form_version=form.id,
        boxes=boxes_of(form.shown),
        served=text_of(fields, "served"),
    )
    try:
        await site.consent.sign_up(wish)
    except InvalidAddress:
        return await _again(site, form, offered, Entries(address, age, wanted, ("address",)))
    return html(site.pages.render("sent", form.language))


def _unsent(request: Request, site: Site, fields: FormData, fault: Unavailable) -> Response:
    """What came, to be sent again as it is; the words that it agrees to were read on the form."""
    language = language_for(site, request, text_of(fields, "language"))
    kept = [(name, text) for name in _SINGLE if (text := text_of(fields, name))]
    kept += [("topic", topic) for topic in texts_of(fields, "topic")]
    page = site.pages.render(
        "unsent",
        language,
        crowded=isinstance(fault, Crowded),
        address=text_of(fields, "email").strip(),
        kept=kept,
    )
    return html(page, 503, fault.seconds if isinstance(fault, Crowded) else RETRY_AFTER)


async def _again(site: Site, form: Form, offered: Sequence[Purpose], entries: Entries) -> Response:
    return await _shown(site, form, offered, entries, 422)


async def _shown(
    site: Site, form: Form, offered: Sequence[Purpose], entries: Entries = NOTHING, status: int = 200
) -> Response:
    served = await site.consent.serve_form(form.id)
    return html(served_form(site.pages, form, offered, served, entries), status)


def _years(age: str) -> int | None:
    return int(age) if age.isdecimal() and len(age) <= LONGEST_AGE else None


def _faults(address: str, ageless: bool, wanted: Sequence[str]) -> tuple[str, ...]:
    faults = []
    if len(address) > LONGEST_ADDRESS or not is_address(address):
        faults.append("address")
    if ageless:
        faults.append("age")
    if all(topic in BESIDE_TOPICS for topic in wanted):
        faults.append("topics")
    return tuple(faults)
