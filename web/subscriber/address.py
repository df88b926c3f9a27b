"""Another address: the form on the preferences page, and the pages behind the links of its two mails."""

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from consent.contract import About, InvalidAddress, LinkRefused, LinkView, Receipt
from web.subscriber.form import text_of
from web.subscriber.problem import link_problem
from web.subscriber.receipt import receipt_values
from web.subscriber.site import Site, html, language_for
from web.visit import visit_of

LONGEST = 320
ASKS = {About.SIGN_UP: "confirm", About.NEW_ADDRESS: "address_confirm"}
"""The page behind the link to confirm, by what is asked; a notice has none."""

REFUSES = {
    About.SIGN_UP: "refuse",
    About.NEW_ADDRESS: "address_refuse",
    About.OLD_ADDRESS: "address_refuse",
}
REFUSED = {
    About.SIGN_UP: "refused",
    About.NEW_ADDRESS: "address_refused",
    About.OLD_ADDRESS: "address_refused",
}


async def ask_to_move(request: Request, site: Site, view: LinkView, form: FormData) -> Response | None:
    """The new address is asked, the old one told; the answer is the same for every address, and does not even
    repeat it. None: what was entered is none."""
    language = language_for(site, request, view.language)
    email = text_of(form, "email").strip()
    if not email or len(email) > LONGEST:
        return None
    try:
        await site.consent.ask_to_move(request.path_params["token"], email, visit_of(request))
    except InvalidAddress:
        return None
    except LinkRefused as fault:
        return link_problem(site, request, fault.reason, of_link=view.language)
    return html(site.pages.render("address_sent", language))


async def moved(request: Request, site: Site, receipt: Receipt) -> Response:
    """The new address is in force: what goes on, and the receipt."""
    view = await site.consent.confirmation(request.path_params["token"])
    language = language_for(site, request, view.language)
    values = receipt_values(site, receipt, view, language, goes_on=receipt.topics)
    return html(site.pages.render("address_confirmed", language, view=view, **values))
