"""`/p/TOKEN`: what someone gets, how often, whether they have a break, and in which language."""

from msgspec.structs import replace
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from consent.contract import Frequency, LinkRefused, LinkView, TopicView
from web.subscriber.address import ask_to_move
from web.subscriber.form import read_form, text_of, texts_of
from web.subscriber.problem import link_problem
from web.subscriber.receipt import receipt_values
from web.subscriber.site import Site, asked_language, html, language_for
from web.visit import visit_of

FREQUENCIES = {
    "any": Frequency.AS_IT_COMES,
    "weekly": Frequency.WEEKLY,
    "monthly": Frequency.MONTHLY,
}
PAUSES = (30, 90)  # days
_DAYS = {str(days): days for days in (0, *PAUSES)}
AGAIN_AFTER = 3600  # seconds


async def get_preferences(request: Request, site: Site) -> Response:
    """Each choice as it stands."""
    view = await site.consent.preferences(request.path_params["token"], asked_language(site, request))
    if not view.valid:
        return link_problem(site, request, view.reason, of_link=view.language)
    return html(_form(site, view, language_for(site, request, view.language)))


async def post_preferences(request: Request, site: Site) -> Response:
    """Saved: how it stands now, read back from the records."""
    token = request.path_params["token"]
    form = await read_form(request)
    asked = asked_language(site, request)
    view = await site.consent.preferences(token, asked)
    if not view.valid:
        return link_problem(site, request, view.reason, of_link=view.language)
    if text_of(form, "move") == "yes":
        moving = await ask_to_move(request, site, view, form)
        return moving or html(_form(site, view, language_for(site, request, view.language), misfit=True), 422)
    if text_of(form, "save") != "yes":  # an empty POST must not read as "I want nothing"
        return html(_form(site, view, language_for(site, request, view.language)), 400)
    wanted = _wanted(view, form)
    language = text_of(form, "language")
    if language not in site.pages.languages:
        language = view.language
    if (
        language != view.language and not asked
    ):  # what they leave is named in the language they chose just now
        view = await site.consent.preferences(token, language)
    try:
        receipt = await site.consent.choose(
            token,
            wanted,
            language,
            visit_of(request),
            FREQUENCIES.get(text_of(form, "frequency")),
            _DAYS.get(text_of(form, "pause")),
            _shown(view, form),
            asked,
        )
    except LinkRefused as fault:
        return link_problem(site, request, fault.reason, of_link=view.language)
    if receipt.cut:
        language = view.language  # another was not saved
    spoken = language_for(site, request, language)
    now = await site.consent.preferences(token, asked or language)
    shown = now if now.valid else view
    # Nobody agrees by this page: what they get they agreed to before, and what is new waits for its link.
    stood = {topic.topic for topic in view.topics if stands(topic)}
    left = stood - {topic.topic for topic in shown.topics if stands(topic)}
    values = receipt_values(
        site,
        receipt,
        replace(shown, topics=(*view.topics, *shown.topics)),
        spoken,
        stopped=[topic.topic for topic in view.topics if topic.topic in left],
        waiting=[topic.topic for topic in shown.topics if stands(topic) and topic.topic not in stood],
    )
    page = site.pages.render(
        "chosen",
        spoken,
        view=shown,
        wanted=[topic.topic for topic in shown.topics if stands(topic)] if receipt.cut else wanted,
        noted=noted(view, shown),
        everything=text_of(form, "stop") == "all",
        paused_until=_until(site, shown, spoken),
        **values,
    )
    return html(page, 429, AGAIN_AFTER) if receipt.cut else html(page)


def _form(site: Site, view: LinkView, language: str, misfit: bool = False) -> bytes:
    """`misfit`: what was entered as another address is none."""
    return site.pages.render(
        "preferences",
        language,
        switch=True,
        view=view,
        stands=stands,
        pauses=PAUSES,
        paused_until=_until(site, view, language),
        misfit=misfit,
    )


def stands(topic: TopicView) -> bool:
    """Whether somebody gets a topic, or asked for it and can still confirm: its box is ticked."""
    return topic.gets or topic.state == "pending"


def noted(before: LinkView, after: LinkView) -> list[str]:
    """What was changed beside the topics: `frequency`, `pause`, `language`."""
    changed = {
        "frequency": before.frequency != after.frequency,
        "pause": before.paused_until != after.paused_until,
        "language": before.language != after.language,
    }
    return [name for name, differs in changed.items() if differs]


def _until(site: Site, view: LinkView, language: str) -> str:
    return site.pages.date(view.paused_until, language) if view.paused_until else ""


def _shown(view: LinkView, form: FormData) -> list[str] | None:
    """The topics that the page had when it was sent, for nothing was said of others; None: all was meant."""
    if text_of(form, "stop") == "all":
        return None
    had = text_of(form, "shown").split()
    return [topic.topic for topic in view.topics if not had or topic.topic in had]


def _wanted(view: LinkView, form: FormData) -> list[str]:
    if text_of(form, "stop") == "all":
        return []
    ticked = texts_of(form, "topic")
    return [topic.topic for topic in view.topics if topic.topic in ticked]
