"""`/u/TOKEN`: stop one topic or all, by a button or by the mail program's own (RFC 8058), or slow down."""

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from consent.contract import LinkRefused, LinkView, TopicView
from web.subscriber.form import read_form, text_of
from web.subscriber.problem import link_problem
from web.subscriber.receipt import receipt_values
from web.subscriber.site import Site, asked_language, html, language_for
from web.visit import visit_of


async def get_unsubscribe(request: Request, site: Site) -> Response:
    """Two buttons, and a third for fewer mails instead of none; nothing is stopped by looking."""
    view = await site.consent.unsubscription(request.path_params["token"], asked_language(site, request))
    if not view.valid:
        return link_problem(site, request, view.reason, of_link=view.language)
    return _buttons(request, site, view)


async def post_unsubscribe(request: Request, site: Site) -> Response:
    """Stopped. A POST that does not say what is answered with the buttons, and stops nothing."""
    token = request.path_params["token"]
    form = await read_form(request)
    view = await site.consent.unsubscription(token, asked_language(site, request))
    if not view.valid:
        return link_problem(site, request, view.reason, of_link=view.language)
    stop = text_of(form, "stop")
    one_click = is_one_click(form)
    if not one_click and stop == "monthly":
        return await _slowed(request, site, view)
    if not one_click and stop not in ("topic", "all"):
        return _buttons(request, site, view, unclear=True)
    everything = not one_click and stop == "all"
    how = "one_click" if one_click else "page"
    try:
        receipt = await site.consent.withdraw(token, how, everything, visit_of(request))
    except LinkRefused as fault:
        return link_problem(site, request, fault.reason, of_link=view.language)
    language = language_for(site, request, view.language)
    topic = None if everything else _topic(view)
    values = receipt_values(site, receipt, view, language, stopped=receipt.topics)
    return html(site.pages.render("stopped", language, view=view, topic=topic, **values))


async def _slowed(request: Request, site: Site, view: LinkView) -> Response:
    try:
        receipt = await site.consent.slow_down(request.path_params["token"], visit_of(request))
    except LinkRefused as fault:
        return link_problem(site, request, fault.reason, of_link=view.language)
    language = language_for(site, request, view.language)
    return html(site.pages.render("slowed", language, **receipt_values(site, receipt, view, language)))


def is_one_click(form: FormData) -> bool:
    """Whether a mail program pressed the button (RFC 8058 3.1); names and values are read without case."""
    return any(
        name.lower() == "list-unsubscribe" and isinstance(value, str) and value.strip().lower() == "one-click"
        for name, value in form.multi_items()
    )


def _buttons(request: Request, site: Site, view: LinkView, unclear: bool = False) -> Response:
    language = language_for(site, request, view.language)
    page = site.pages.render(
        "unsubscribe", language, switch=not unclear, view=view, topic=_topic(view), unclear=unclear
    )
    return html(page, 400 if unclear else 200)


def _topic(view: LinkView) -> TopicView | None:
    """The topic that the link is about; None when it is about all."""
    return next((topic for topic in view.topics if topic.topic == view.topic), None)
