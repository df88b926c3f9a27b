"""What a flow can come to in time and in mails, against what its head and the limits say."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from dsl.bounds.caps import cap_words, caps_of_topic, window_of
from dsl.bounds.length import Length, longest, most, pauses
from dsl.bounds.moves import DAY, most_seconds
from dsl.bounds.peak import most_within
from dsl.bounds.walk import TooManyRounds
from dsl.bounds.words import mails_words, time_words
from dsl.checks.advice import Close
from dsl.draft import Draft
from dsl.found.finding import Finding, Span
from dsl.found.source import warning
from dsl.graph import Cap, Entry, Goal, Graph, Program, Send
from dsl.meaning.walk import step_names
from dsl.nodes.flows import Flow, Step
from dsl.nodes.heads import Enter, GoalLine
from dsl.wording.values import duration_words

Counted = Callable[[Send], bool]


class _Limit(NamedTuple):
    cap: Cap
    whose: str
    counted: Counted
    refused: str


def check_bounds(draft: Draft, program: Program) -> Iterator[Finding]:
    """Re-entries and goals that are too short for their flow, and more mails than limits let through."""
    marketing = frozenset(topic.name for topic in program.topics if topic.purpose == "marketing")
    graphs = {graph.flow: graph for graph in program.flows}
    for flow in draft.flows:
        graph = graphs[flow.name.text]
        way = longest(graph)
        yield from _entry(flow, graph, way)
        yield from _goal(flow, graph, way)
        yield from _too_many(flow, graph, program, marketing)


def _entry(flow: Flow, graph: Graph, way: Length) -> Iterator[Finding]:
    again = graph.again_after
    if graph.entry is not Entry.AGAIN or again is None:
        return
    if way.seconds is None or most_seconds(again) >= way.seconds:
        return
    span = next(head.span for head in flow.heads if isinstance(head, Enter))
    yield warning(
        "W230",
        span,
        f"A journey can take up to {time_words(way.seconds)}, and nobody enters who is still under way: so "
        f"{duration_words(again)} after the entry may be too soon.",
        f"Write `enter again after {_days(way.seconds)}` or longer.",
    )


def _goal(flow: Flow, graph: Graph, way: Length) -> Iterator[Finding]:
    goal = graph.goal
    if goal is None or (way.seconds is not None and way.seconds <= most_seconds(goal.within)):
        return
    span = next(head.span for head in flow.heads if isinstance(head, GoalLine))
    found = _longest_pause(graph, goal)
    if found is not None:
        before, behind, pause = found
        yield warning(
            "W231",
            span,
            f"Between `{before}` and `{behind}` lie up to {time_words(pause)}, and the goal counts what "
            f"happens within {duration_words(goal.within)} of a mail: what comes later counts for none.",
            f"Write `within {_days(pause)}` or longer.",
        )
        return
    last = _last_mail(graph, way) if graph.holdout else None
    if last is not None and last > most_seconds(goal.within):
        yield warning(
            "W231",
            span,
            f"Those held out are compared by what happens within {duration_words(goal.within)} of the entry, "
            f"and the last mail may come {time_words(last)} after it.",
            f"Write `within {_days(last)}` or longer.",
        )


def _longest_pause(graph: Graph, goal: Goal) -> tuple[str, str, int] | None:
    """The two mails with the longest pause between them that is longer than the goal counts."""
    try:
        found = [(pause, between) for between, pause in pauses(graph).items() if pause is not None]
    except TooManyRounds:
        return None
    if not found:
        return None
    pause, (before, behind) = max(found, key=lambda each: (each[0], -each[1][0], -each[1][1]))
    if pause <= most_seconds(goal.within):
        return None
    return graph.nodes[before].step, graph.nodes[behind].step, pause


def _last_mail(graph: Graph, way: Length) -> int | None:
    """How long after the entry the last mail may come; None: no bound, or no mail."""
    times = [way.arrivals.get(index) for index, node in enumerate(graph.nodes) if isinstance(node, Send)]
    known = [time for time in times if time is not None]
    return max(known) if known and len(known) == len(times) else None


def _too_many(flow: Flow, graph: Graph, program: Program, marketing: frozenset[str]) -> Iterator[Finding]:
    """The first limit that one journey alone may run into."""
    if any(Close().look(flow.steps)):
        return  # two mails at once are told of already
    for limit in _limits(graph, program, marketing):
        cap, unit = limit.cap, window_of(limit.cap)
        if unit < 1:
            continue
        # a mail that may wait for the next unit has room there
        units = 1 + (0 if cap.wait is None else most_seconds(cap.wait) // (unit * DAY))
        in_all = most(graph, limit.counted)
        if in_all is None or in_all <= cap.count * units:
            continue
        found = most_within(graph, unit * units, limit.counted, again=False)
        if found.mails is None or found.mails <= cap.count * units:
            continue
        path = ", ".join(f"`{name}`" for name in found.path)
        span_words = {1: "a day", 7: "a week"}.get(unit * units, f"{unit * units} days")
        yield warning(
            "W232",
            _place(flow, found.path[cap.count * units]),
            f"One journey can send {mails_words(found.mails)} in {span_words}: {path}. {limit.whose} "
            f"`{cap_words(cap)}` lets {cap.count * units} through, and {limit.refused}.",
            "Write longer waits between them, or fewer mails.",
        )
        return


def _limits(graph: Graph, program: Program, marketing: frozenset[str]) -> Iterator[_Limit]:
    def of_marketing(send: Send) -> bool:
        return send.topic in marketing

    for cap in graph.limits.caps:
        yield _Limit(cap, "The flow's", of_marketing, _lost(cap))
    for topic in program.topics:
        for cap in caps_of_topic(topic):
            yield _Limit(cap, f"Topic `{topic.name}`'s", _on_topic(topic.name), "no more may go")
    for cap in program.limits.caps:
        yield _Limit(cap, "The project's", of_marketing, _lost(cap))


def _on_topic(name: str) -> Counted:
    return lambda send: send.topic == name


def _lost(cap: Cap) -> str:
    if cap.wait is None:
        return "the rest is skipped"
    return f"the rest waits up to {duration_words(cap.wait)} for room and is skipped if none comes"


def _place(flow: Flow, name: str) -> Span:
    names = step_names(flow)
    steps: dict[str, Step] = {names[id(step)]: step for step in flow.all_steps}
    return steps[name].span


def _days(seconds: int) -> str:
    """Whole days, rounded up."""
    days = -(-seconds // DAY)
    return f"{days} day{'s' if days != 1 else ''}"
