"""From nodes to the graph that the engine runs. Only for projects without errors."""

from decimal import Decimal
from typing import Literal

from dsl import graph
from dsl.draft import Draft
from dsl.graph import Duration, Graph
from dsl.lower import declared
from dsl.lower import heads as lower_heads
from dsl.lower.needs import needs_of
from dsl.lower.steps import Steps
from dsl.lower.values import condition
from dsl.meaning.walk import looks_made, written_name
from dsl.nodes.flows import Flow, Send
from dsl.nodes.heads import (
    Enter,
    FlowTopic,
    GoalLine,
    Holdout,
    JourneyPer,
    LeaveOn,
    LeaveWhen,
    Moved,
    Priority,
    Start,
    TimeZone,
)
from dsl.nodes.schema import Cap, Quiet


def lower(draft: Draft) -> graph.Program:
    """The whole project as data."""
    names = draft.names
    return graph.Program(
        tuple(sorted(names.attributes.items())),
        tuple(names.events[name] for name in sorted(names.events)),
        tuple(map(declared.topic, names.topics.values())),  # in the order in which people are asked
        tuple(declared.segment(each, draft) for _, each in sorted(names.segments.items())),
        tuple(_flow(each, draft) for _, each in sorted(names.flows.items())),
        tuple(declared.coupon(each) for _, each in sorted(names.coupons.items())),
        declared.limits(names.limits.caps, names.limits.quiets) if names.limits else graph.Limits(),
        tuple(declared.webhook(each) for _, each in sorted(names.webhooks.items())),
        draft.sales,
        tuple(sorted(draft.similar.items())),
    )


_OF_A_SEGMENT = graph.StartOnSegment | graph.StartEvery | graph.StartAt


def _flow(flow: Flow, draft: Draft) -> Graph:
    scope = draft.inside(flow)
    anywhere = scope.anywhere()
    heads = flow.heads
    topic = next((head.topic.text for head in heads if isinstance(head, FlowTopic)), None)
    enter = next((head for head in heads if isinstance(head, Enter)), None)
    per = next((head.path.parts[-1].text for head in heads if isinstance(head, JourneyPer)), None)
    starts = tuple(lower_heads.start(head, draft) for head in heads if isinstance(head, Start))
    leaves = tuple(
        graph.Leave(head.event.text, lower_heads.where(head, anywhere))
        for head in heads
        if isinstance(head, LeaveOn)
    )
    leave_when = next((condition(head.test, anywhere) for head in heads if isinstance(head, LeaveWhen)), None)
    goal = next(
        (
            graph.Goal(head.event.text, head.within or Duration(), lower_heads.where(head, scope))
            for head in heads
            if isinstance(head, GoalLine)
        ),
        None,
    )
    nodes = Steps(flow, draft, topic).nodes()
    asked = [start.segment for start in starts if isinstance(start, _OF_A_SEGMENT)]
    return Graph(
        flow=flow.name.text,
        title=flow.title or flow.name.text,
        topic=topic,
        purpose=_purpose(flow, topic, draft),
        starts=starts,
        nodes=nodes,
        needs=needs_of([*starts, *leaves, *filter(None, (leave_when, goal)), *nodes], asked),
        entry=graph.Entry(enter.kind) if enter else lower_heads.usual_entry(starts),
        again_after=enter.after if enter else None,
        journey_per=per,
        leaves=leaves,
        leave_when=leave_when,
        goal=goal,
        limits=declared.limits(
            (head for head in heads if isinstance(head, Cap)),
            (head for head in heads if isinstance(head, Quiet)),
        ),
        priority=next((int(head.number) for head in heads if isinstance(head, Priority)), 5),
        time_zone=next((head.zone.value for head in heads if isinstance(head, TimeZone) and head.zone), None),
        holdout=next((head.percent for head in heads if isinstance(head, Holdout)), Decimal(0)),
        moved=tuple((head.old.text, head.new.text) for head in heads if isinstance(head, Moved)),
        named=tuple(filter(looks_made, map(written_name, flow.all_steps))),
    ).sealed()


def _purpose(flow: Flow, topic: str | None, draft: Draft) -> Literal["marketing", "service"]:
    """That of the flow's topic; without one, marketing as soon as one of its mails is."""
    topics = (
        [topic]
        if topic
        else [step.topic.text for step in flow.all_steps if isinstance(step, Send) and step.topic]
    )
    return (
        "service"
        if topics and all(draft.names.purpose(each) == "service" for each in topics)
        else "marketing"
    )
