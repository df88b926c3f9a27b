"""A flow as a drawing, with the people in it; and who waits at one step."""

from dataclasses import dataclass, replace
from urllib.parse import quote

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from dsl.draw.marks import Live, Mark
from dsl.draw.svg import draw
from dsl.graph import Graph, If, Node, Send
from dsl.wording.flows import node_words
from engine.insight.held_back import cancels, held_back
from engine.insight.rulings import earlier_of, told_of
from engine.insight.standing import arms, crowds, marks, places, steps
from engine.mail.foreign import read_foreign
from web.studio.flow_text import coloured
from web.studio.frame import Studio
from web.studio.guard import PICTURE_POLICY
from web.studio.paging import Paging, asked_page
from web.studio.snapshot import Counted

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
        standing = crowds(flow, records.people(), records.graphs())
        rulings = records.rulings()
        held = held_back(records, studio.sources.now())
        cancelled = cancels(records.instructions(), flow.flow, studio.clock)
        unknown = sum(one.effect.body.flow == flow.flow for one in records.unknown())
    figures = steps(flow, counted.tally)
    shown = {step: _linked(flow, step, mark) for step, mark in marks(figures, standing).items()}
    entered = counted.figures[flow.flow].entered
    drawing = draw(flow, Live(shown, arms(flow, counted.tally), entered) if entered else Live(shown))
    return studio.page(
        request,
        "flow",
        flow=flow,
        row=counted.figures[flow.flow],
        drawing=Markup(drawing.text),
        wide=drawing.width > _BESIDE,
        text=coloured(studio.sources.texts.get(flow.flow, "")),
        sends=[
            (node, figures[node.step], _newest(studio, counted, flow.flow, node.step))
            for node in flow.nodes
            if isinstance(node, Send)
        ],
        elsewhere=standing[""],
        rulings=told_of(flow, rulings, studio.clock),
        ruled_before=earlier_of(flow, rulings, studio.clock),
        by_request=studio.inbox.flows.get(flow.flow, False),
        paused=held.orders.paused.get(flow.flow),
        waits=held.of(flow.flow),
        cancelled=cancelled,
        unknown=unknown,
    )


def get_drawing(request: Request, studio: Studio) -> Response:
    """The drawing of one flow as a picture of its own, to be moved and enlarged freely."""
    flow = studio.sources.names.flows.get(request.path_params["flow"])
    if flow is None:
        return studio.missing(request, f"There is no flow {request.path_params['flow']} in this project.")
    return Response(
        draw(flow, alone=True).text, 200, {"Content-Security-Policy": PICTURE_POLICY}, "image/svg+xml"
    )


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest mail of a step, in the mailbox."""

    position: int
    subject: str


def _newest(studio: Studio, counted: Counted, flow: str, step: str) -> Newest | None:
    """The newest mail of a step, if the mailbox has it."""
    key = counted.newest.get((flow, step))
    position = studio.sources.mailbox.position(key) if key else None
    content = studio.sources.mailbox.content(position) if position is not None else None
    if position is None or content is None:
        return None
    return Newest(position, read_foreign(content).subject)


def _linked(flow: Graph, step: str, mark: Mark) -> Mark:
    """The mark with a way to the people of the step, if anybody came by."""
    link = f"/studio/flows/{quote(flow.flow)}/steps/{quote(step, safe='')}" if mark.told else ""
    return replace(mark, link=link)


def get_step(request: Request, studio: Studio) -> Response:
    """Which journeys wait at one step now, and whose they are."""
    flow = studio.sources.names.flows.get(request.path_params["flow"])
    node = next((n for n in flow.nodes if n.step == request.path_params["step"]), None) if flow else None
    if flow is None or node is None:
        return studio.missing(request, "There is no such step in this flow.")
    with studio.sources.records() as records:
        counted = studio.snapshot.of(records)
        standing = places(flow, records.journeys(flow.flow), records.graphs()).get(node.step, [])
    paging = Paging.of(len(standing), asked_page(request), _PEOPLE_A_PAGE)
    shown = paging.part(standing)
    return studio.page(
        request,
        "step",
        flow=flow,
        words=node_words(node),
        kind=_kind(node),
        is_send=isinstance(node, Send),
        newest=_newest(studio, counted, flow.flow, node.step) if isinstance(node, Send) else None,
        step=node.step,
        persons=len({place.contact for place in standing}),
        figures=steps(flow, counted.tally)[node.step],
        people=shown,
        addresses=studio.sources.people.addresses([place.contact for place in shown]),
        paging=paging,
    )


def _kind(node: Node) -> tuple[str, str]:
    """A step's kind and what it is about, as its drawing has them."""
    words = node_words(node)
    if isinstance(node, If):
        return "if", words
    for kind in ("wait for", "wait until", "repeat"):
        if words.startswith(f"{kind} "):
            return kind, words.removeprefix(f"{kind} ")
    kind, _, rest = words.partition(" ")
    return (kind, rest) if rest else ("", words)
