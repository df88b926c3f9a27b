"""`/c/TOKEN` and `/r/TOKEN`: the two links of a proof mail. Looking changes nothing, a POST decides; it
brings along when the page was looked at."""

from starlette.requests import Request
from starlette.responses import Response

from consent.contract import About, LinkRefused
from web.body import TooLarge
from web.subscriber.address import ASKS, REFUSED, REFUSES, moved
from web.subscriber.form import Garbled, read_form, text_of
from web.subscriber.notice import told
from web.subscriber.problem import confirm_problem
from web.subscriber.receipt import receipt_values
from web.subscriber.site import Site, html, language_for
from web.visit import visit_of


async def get_confirm(request: Request, site: Site) -> Response:
    """What is to be agreed to, and a button."""
    view = await site.consent.confirmation(request.path_params["token"])
    if not view.valid or view.about not in ASKS:
        return confirm_problem(site, request, view, offers=True)
    language = language_for(site, request, view.language)
    notice = told([(topic.title, topic) for topic in view.topics], language, site.pages.languages[0])
    return html(site.pages.render(ASKS[view.about], language, switch=True, view=view, notice=notice))


async def post_confirm(request: Request, site: Site) -> Response:
    """Agreed: the receipt."""
    token, fetched = request.path_params["token"], await _fetched(request)
    view = await site.consent.confirmation(token)
    try:
        receipt = await site.consent.confirm(token, visit_of(request), fetched)
    except LinkRefused:
        return confirm_problem(site, request, await site.consent.confirmation(token), offers=True)
    if view.about is About.NEW_ADDRESS:
        return await moved(request, site, receipt)
    language = language_for(site, request, view.language)
    values = receipt_values(site, receipt, view, language, agreed=receipt.topics)
    return html(site.pages.render("confirmed", language, view=view, **values))


async def get_refuse(request: Request, site: Site) -> Response:
    """ "This wasn't me", with a button."""
    view = await site.consent.confirmation(request.path_params["token"])
    if not view.valid:
        return confirm_problem(site, request, view)
    language = language_for(site, request, view.language)
    return html(site.pages.render(REFUSES[view.about], language, switch=True, view=view))


async def post_refuse(request: Request, site: Site) -> Response:
    """The request is closed."""
    token, fetched = request.path_params["token"], await _fetched(request)
    view = await site.consent.confirmation(token)
    try:
        await site.consent.refuse(token, visit_of(request), fetched)
    except LinkRefused:
        return confirm_problem(site, request, await site.consent.confirmation(token))
    return html(site.pages.render(REFUSED[view.about], language_for(site, request, view.language)))


async def _fetched(request: Request) -> str:
    """What the page carried on which the button was pressed; a button counts without it too."""
    try:
        return text_of(await read_form(request), "fetched")
    except (Garbled, TooLarge):
        return ""
