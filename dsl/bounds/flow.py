"""What is known of one flow before anybody walks through it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from dsl.bounds.caps import Let, caps_of_topic, fewest_a_day, let_through, longest_hold, tightest
from dsl.bounds.length import fewest, longest, most, shortest
from dsl.bounds.peak import Most, most_within
from dsl.graph import Graph, Program, Send, TopicType

WINDOWS = (1, 7, 30)
"""In days: a day, a week from Monday on, and any 30 days in a row."""


@dataclass(frozen=True, slots=True)
class Peak:
    """The most mails in a window: as the flows are written (`mails`, None: no bound, and `why`; `path` are
    the names of the steps that send them), and with all limits (`let_through`; `by` says what cuts them)."""

    mails: int | None
    path: tuple[str, ...]
    why: str
    let_through: int | None
    by: str


@dataclass(frozen=True, slots=True)
class FlowBounds:
    """A journey sends from `fewest` to `most` mails if it goes on to an end of its flow, and takes from
    `shortest` to `longest` seconds on the clock, without what holds mails up; None: no bound, for the reason
    `endless`. `day`, `week` and `month` (any 30 days) are over all journeys of one person. `per` is the field
    that tells journeys side by side apart."""

    flow: str
    fewest: int | None
    most: int | None
    shortest: int
    longest: int | None
    endless: str
    per: str | None
    day: Peak
    week: Peak
    month: Peak


def of_flow(graph: Graph, program: Program) -> FlowBounds:
    """What is known of a flow under its own limits and those of its project and topics."""
    long = longest(graph)
    day, week, month = (peak(graph, program, days, _topics(graph)) for days in WINDOWS)
    return FlowBounds(
        graph.flow,
        fewest(graph),
        most(graph),
        shortest(graph).seconds or 0,
        long.seconds,
        long.why,
        graph.journey_per,
        day,
        week,
        month,
    )


def peak(graph: Graph, program: Program, days: int, topics: Collection[str]) -> Peak:
    """The most mails of a flow on these topics in any window of 1, 7 or 30 days."""
    written = most_within(graph, days, lambda send: send.topic in topics)
    let = _let(graph, program, days, topics)
    cut = let.mails is not None and (written.mails is None or let.mails < written.mails)
    return Peak(written.mails, written.path, written.why, let.mails, let.by if cut else "")


def _let(graph: Graph, program: Program, days: int, topics: Collection[str]) -> Let:
    """What all limits let through of a flow's mails on these topics."""
    mine = [topic for topic in program.topics if topic.name in _topics(graph) and topic.name in topics]
    marketing = [topic for topic in mine if topic.purpose == "marketing"]
    service = [topic for topic in mine if topic.purpose == "service"]
    found = _sum(_of_topic(graph, topic, days, 0, None) for topic in service)
    if not marketing:
        return found
    held = longest_hold((program.limits, graph.limits))
    per_day = fewest_a_day((*program.limits.caps, *graph.limits.caps))
    lets = [
        let_through(program.limits.caps, "the project's", days, per_day),
        let_through(graph.limits.caps, "the flow's", days, per_day),
        _sum(_of_topic(graph, topic, days, held, per_day) for topic in marketing),
    ]
    if len(marketing) > 1:
        names = {topic.name for topic in marketing}
        lets.append(_plain(most_within(graph, days, lambda send: send.topic in names, held)))
    return _sum((tightest(lets), found)) if service else tightest(lets)


def _of_topic(graph: Graph, topic: TopicType, days: int, held: int, per_day: int | None) -> Let:
    def counted(send: Send) -> bool:
        return send.topic == topic.name

    found = most_within(graph, days, counted, held)
    cap = let_through(caps_of_topic(topic), f"topic `{topic.name}`'s", days, per_day)
    return tightest([_plain(found), cap])


def _plain(found: Most) -> Let:
    return Let(found.mails)


def _sum(every: Iterable[Let]) -> Let:
    """All together; None as soon as one has no bound."""
    mails: int | None = 0
    why: list[str] = []
    for let in every:
        mails = None if mails is None or let.mails is None else mails + let.mails
        why += [let.by] if let.by else []
    return Let(mails, " and ".join(dict.fromkeys(why)))


def _topics(graph: Graph) -> frozenset[str]:
    return frozenset(node.topic for node in graph.nodes if isinstance(node, Send))
