"""A flow as a drawing, with the people in it; and who stands at one step."""

from urllib.parse import quote

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from dsl.draw_svg import Mark, draw
from dsl.draw_words import node_words
from dsl.graph import Graph, Send
from engine.insight.standing import Place, StepFigures, arms, places, steps
from web.studio.flow_text import coloured
from web.studio.frame import Studio
from web.studio.paging import Paging, asked_page

_PEOPLE_A_PAGE = 100
_BESIDE = 620
"""Pixels that a drawing may be wide to have its text beside it."""


def get_flows(request: Request, studio: Studio) -> Response:
    """All flows by name, with what they are for."""
    flows = sorted(studio.sources.names.flows.values(), key=lambda flow: flow.flow)
    with studio.sources.records() as records:
        counted = studio.snapshot.of(records)
    return studio.page(request, "flows", flows=flows, figures=counted.figures)


def get_flow(request: Request, studio: Studio) -> Response:
    """The drawing of one flow, its text, its figures."""
    flow = studio.sources.names.flows.get(request.path_params["flow"])
    if flow is None:
        return studio.missing(request, f"There is no flow {request.path_params['flow']} in this project.")
    with studio.sources.records() as records:
        counted = studio.snapshot.of(records)
        standing = places(flow, records.journeys(), records.graphs())
    figures = steps(flow, counted.tally)
    marks = {node.step: _mark(flow, node.step, figures[node.step], standing) for node in flow.nodes}
    drawing = draw(flow, marks, arms(flow, counted.tally) if counted.figures[flow.flow].entered else {})
    return studio.page(
        request,
        "flow",
        flow=flow,
        row=counted.figures[flow.flow],
        drawing=Markup(drawing.text),
        wide=drawing.width > _BESIDE,
        text=coloured(studio.sources.texts.get(flow.flow, "")),
        sends=[(node, figures[node.step]) for node in flow.nodes if isinstance(node, Send)],
        elsewhere=len(standing.get("", ())),
    )


def _mark(flow: Graph, step: str, figures: StepFigures, standing: dict[str, list[Place]]) -> Mark:
    here = len(standing.get(step, ()))
    told = []
    if figures.sent is not None:
        told += [f"{figures.sent:,} mailed"]
        told += [f"{figures.skipped:,} skipped"] if figures.skipped else []
    elif figures.passed is not None:
        told += [f"{figures.passed:,} passed"]
    link = f"/studio/flows/{quote(flow.flow)}/steps/{quote(step, safe='')}" if here or told else ""
    return Mark(here, ", ".join(told), link)


def get_step(request: Request, studio: Studio) -> Response:
    """Who stands at one step now."""
    flow = studio.sources.names.flows.get(request.path_params["flow"])
    node = next((n for n in flow.nodes if n.step == request.path_params["step"]), None) if flow else None
    if flow is None or node is None:
        return studio.missing(request, "There is no such step in this flow.")
    with studio.sources.records() as records:
        counted = studio.snapshot.of(records)
        standing = places(flow, records.journeys(), records.graphs()).get(node.step, [])
    paging = Paging.of(len(standing), asked_page(request), _PEOPLE_A_PAGE)
    shown = paging.part(standing)
    return studio.page(
        request,
        "step",
        flow=flow,
        words=node_words(node),
        is_send=isinstance(node, Send),
        step=node.step,
        figures=steps(flow, counted.tally)[node.step],
        people=shown,
        addresses=studio.sources.people.addresses([place.contact for place in shown]),
        paging=paging,
    )
