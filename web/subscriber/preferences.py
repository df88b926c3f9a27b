"""`/p/TOKEN`: what someone gets, and in which language."""

from starlette.requests import Request
from starlette.responses import Response

from consent.contract import LinkRefused, LinkView
from web.subscriber.form import read_form, text_of, texts_of
from web.subscriber.problem import link_problem
from web.subscriber.receipt import receipt_values
from web.subscriber.site import Site, html, language_for
from web.visit import visit_of


async def get_preferences(request: Request, site: Site) -> Response:
    """Each topic with its box, ticked where the person gets it."""
    view = await site.consent.preferences(request.path_params["token"])
    if not view.valid:
        return link_problem(site, request, view.reason, of_link=view.language)
    language = language_for(site, request, view.language)
    return html(site.pages.render("preferences", language, switch=True, view=view))


async def post_preferences(request: Request, site: Site) -> Response:
    """Saved: how it stands now, read back from the records."""
    token = request.path_params["token"]
    form = await read_form(request)
    view = await site.consent.preferences(token)
    if not view.valid:
        return link_problem(site, request, view.reason, of_link=view.language)
    if text_of(form, "save") != "yes":  # an empty POST must not read as "I want nothing"
        return html(
            site.pages.render("preferences", language_for(site, request, view.language), view=view), 400
        )
    wanted = _wanted(view, texts_of(form, "topic"))
    language = text_of(form, "language")
    if language not in site.pages.languages:
        language = view.language
    try:
        receipt = await site.consent.choose(token, wanted, language, visit_of(request))
    except LinkRefused as fault:
        return link_problem(site, request, fault.reason, of_link=view.language)
    now = await site.consent.preferences(token)
    spoken = language_for(site, request, language)
    values = receipt_values(site, receipt, view, spoken)
    page = site.pages.render("chosen", spoken, view=now if now.valid else view, wanted=wanted, **values)
    return html(page)


def _wanted(view: LinkView, ticked: tuple[str, ...]) -> list[str]:
    return [topic.topic for topic in view.topics if topic.topic in ticked]
