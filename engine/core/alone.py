"""Which steps concern nobody but the journey that takes them, and where a timer sets off nothing else."""

from collections.abc import Container

from dsl.graph import (
    END,
    Finish,
    Graph,
    If,
    Node,
    Repeat,
    Split,
    Wait,
    WaitFor,
    WaitForBestTime,
    WaitUntil,
    WaitUntilDate,
    WaitUntilTime,
)
from engine.core.record import Line, What

_LOOKS = (
    Wait,
    WaitUntilTime,
    WaitUntilDate,
    WaitForBestTime,
    WaitUntil,
    WaitFor,
    If,
    Split,
    Repeat,
    Finish,
)
_ASKS = (If, Repeat, WaitUntilDate, WaitForBestTime)
"""Steps that look at more of a contact than the id and the clock."""


def only_looks(graph: Graph, trials: Container[int]) -> frozenset[int]:
    """The nodes that change nothing but their journey, and the end. One with a trial counts who comes."""
    return frozenset(
        index for index, node in enumerate(graph.nodes) if isinstance(node, _LOOKS) and index not in trials
    ) | {END}


def behind(node: Node) -> tuple[int, tuple[Line, ...]] | None:
    """Where a journey goes that has waited there to the end, and what it tells of that; None for a step that
    is no wait."""
    match node:
        case Wait() | WaitUntilTime() | WaitUntilDate() | WaitForBestTime():
            return node.next, ()
        case WaitFor() | WaitUntil():
            return node.on_timeout, (Line(node.step, What.TIMED_OUT.value),)
    return None


def alone(graph: Graph, looks: frozenset[int], watches: bool) -> tuple[frozenset[int], frozenset[int]]:
    """The nodes whose timer changes nothing but the journey that stands there, wherever it goes before it
    stands again; and those of them for which the contact must be known. None where the flow `watches`: what
    a journey there does may set the contact's own moment anew."""
    if watches:
        return frozenset(), frozenset()
    found, asking = set(), set()
    for index, node in enumerate(graph.nodes):
        onward = behind(node)
        met = None if onward is None else _met(graph, onward[0], looks)
        if met is not None:
            found.add(index)
            if any(isinstance(graph.nodes[step], _ASKS) for step in met):
                asking.add(index)
    return frozenset(found), frozenset(asking)


def _met(graph: Graph, first: int, looks: frozenset[int]) -> set[int] | None:
    """The steps that a journey may meet from a node on before it stands again; None if one of them does more
    than look."""
    met: set[int] = set()
    ahead = [first]
    while ahead:
        index = ahead.pop()
        if index not in looks:
            return None
        if index != END and index not in met:
            met.add(index)
            ahead += _passed(graph.nodes[index])
    return met


def _passed(node: Node) -> tuple[int, ...]:
    """Where a journey may go on at once that comes to a step which only looks."""
    match node:
        case WaitUntilDate(next=there) | WaitForBestTime(next=there):
            return (there,)
        case If(then=then, otherwise=otherwise):
            return then, otherwise
        case Split(arms=arms):
            return tuple(arm.next for arm in arms)
        case Repeat(body=body, next=there):
            return body, there
    return ()
