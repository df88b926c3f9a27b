"""`/c/TOKEN` and `/r/TOKEN`: the two links of a proof mail. Looking changes nothing, a POST decides."""

from starlette.requests import Request
from starlette.responses import Response

from consent.contract import LinkRefused
from web.subscriber.problem import confirm_problem
from web.subscriber.receipt import receipt_values
from web.subscriber.site import Site, html, language_for
from web.visit import visit_of


async def get_confirm(request: Request, site: Site) -> Response:
    """What is to be agreed to, and a button."""
    view = await site.consent.confirmation(request.path_params["token"])
    if not view.valid:
        return confirm_problem(site, request, view)
    language = language_for(site, request, view.language)
    return html(site.pages.render("confirm", language, switch=True, view=view))


async def post_confirm(request: Request, site: Site) -> Response:
    """Agreed: the receipt."""
    token = request.path_params["token"]
    view = await site.consent.confirmation(token)
    try:
        receipt = await site.consent.confirm(token, visit_of(request))
    except LinkRefused:
        return confirm_problem(site, request, await site.consent.confirmation(token))
    language = language_for(site, request, view.language)
    values = receipt_values(site, receipt, view, language, agreed=receipt.topics)
    return html(site.pages.render("confirmed", language, view=view, **values))


async def get_refuse(request: Request, site: Site) -> Response:
    """ "This wasn't me", with a button."""
    view = await site.consent.confirmation(request.path_params["token"])
    if not view.valid:
        return confirm_problem(site, request, view)
    language = language_for(site, request, view.language)
    return html(site.pages.render("refuse", language, switch=True, view=view))


async def post_refuse(request: Request, site: Site) -> Response:
    """The request is closed."""
    token = request.path_params["token"]
    view = await site.consent.confirmation(token)
    try:
        await site.consent.refuse(token, visit_of(request))
    except LinkRefused:
        return confirm_problem(site, request, await site.consent.confirmation(token))
    return html(site.pages.render("refused", language_for(site, request, view.language)))
