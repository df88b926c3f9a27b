"""A flow held back in the studio, and let go again: as `virta pause` and `virta resume` do."""

from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from engine.delivery.orders import Order, Pause, Resume
from web.studio.frame import Studio
from web.subscriber.form import read_form, text_of


async def post_hold(request: Request, studio: Studio) -> Response:
    """Pause the flow, or resume it, and lead back to its page. An order that is in force already changes
    nothing, so a form that is sent twice does no harm."""
    flow = request.path_params["flow"]
    if flow not in studio.sources.names.flows:
        return studio.missing(request, f"There is no flow {flow} in this project.")
    asked = text_of(await read_form(request), "order")
    orders: dict[str, Order] = {"pause": Pause(flow), "resume": Resume(flow)}
    if asked not in orders:
        return studio.page(request, "missing", 400, what="This was not sent by the form of that page.")
    await run_in_threadpool(studio.sources.instruct, orders[asked])
    return RedirectResponse(f"/studio/flows/{quote(flow)}#hold", 303)
