"""The head of a flow in the words of the language, line by line."""

from collections.abc import Iterator

from dsl.bounds.caps import cap_words
from dsl.graph import Entry, Graph, Limits
from dsl.wording.flows import starts
from dsl.wording.values import condition_words, duration_words


def head_lines(graph: Graph) -> Iterator[tuple[str, str]]:
    """Every line of the head, defaults left out: what it is about, and the whole line."""
    yield "title", f'"{graph.title}"'
    if graph.topic is not None:
        yield "topic", f"topic {graph.topic}"
    for start in starts(graph):
        yield "start", f"start {start}"
    yield "enter", _entry(graph)
    if graph.journey_per is not None:
        yield "one journey per", f"one journey per trigger.{graph.journey_per}"
    for leave in graph.leaves:
        where = f" where {condition_words(leave.where)}" if leave.where is not None else ""
        yield "leave on", f"leave on {leave.event}{where}"
    if graph.leave_when is not None:
        yield "leave when", f"leave when {condition_words(graph.leave_when)}"
    if graph.goal is not None:
        where = f" where {condition_words(graph.goal.where)}" if graph.goal.where is not None else ""
        yield "goal", f"goal {graph.goal.event}{where} within {duration_words(graph.goal.within)}"
    yield from limit_lines(graph.limits)
    yield "priority", f"priority {graph.priority}"
    if graph.time_zone is not None:
        yield "time zone", f'time zone "{graph.time_zone}"'
    if graph.holdout:
        yield "holdout", f"holdout {graph.holdout.normalize():f}%"


def limit_lines(limits: Limits) -> Iterator[tuple[str, str]]:
    """The lines of limits, those of one span under one name."""
    for cap in limits.caps:
        span = duration_words(cap.rolling) if cap.rolling is not None else cap.unit
        yield f"limit per {span}", cap_words(cap)
    for quiet in limits.quiet:
        yield "quiet", f"quiet {quiet.start} to {quiet.end}"


def _entry(graph: Graph) -> str:
    if graph.entry is Entry.AGAIN and graph.again_after is not None:
        return f"enter again after {duration_words(graph.again_after)}"
    return "enter every time" if graph.entry is Entry.EVERY_TIME else "enter once"
