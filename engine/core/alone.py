"""Which steps concern nobody but the journey that takes them, and where a timer sets off nothing else."""

from collections.abc import Container

from dsl.graph import (
    END,
    Amount,
    And,
    Arithmetic,
    Attribute,
    Between,
    Compare,
    Day,
    Expression,
    Finish,
    Flag,
    Graph,
    If,
    Known,
    Moment,
    Negative,
    Node,
    Not,
    Now,
    Number,
    OneOf,
    Or,
    Repeat,
    Split,
    Tagged,
    Text,
    TimeSince,
    Today,
    Wait,
    WaitFor,
    WaitForBestTime,
    WaitUntil,
    WaitUntilDate,
    WaitUntilTime,
    YearsSince,
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

_OF_PARTS = (And, Or, Not, Compare, Between, OneOf, Known, TimeSince, Arithmetic, Negative, YearsSince)
_WRITTEN = (Text, Number, Amount, Flag, Day, Moment, Now, Today)
_NO_ATTRIBUTES = ("id", "created_at")
"""What is written like one, and stands elsewhere."""


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


def attributes(graph: Graph, looks: frozenset[int], index: int) -> tuple[str, ...] | None:
    """The attributes that decide on what comes of the timer at one of these nodes, in order, if nothing else
    of the contact does but the id and the clock. None: more does."""
    onward = behind(graph.nodes[index])
    assert onward is not None, "only a wait has an end"
    names: set[str] = set()
    for step in _met(graph, onward[0], looks) or ():
        node = graph.nodes[step]
        if not isinstance(node, _ASKS):
            continue
        found = _attributes(node.test) if isinstance(node, If) else None
        if found is None:
            return None
        names |= found
    return tuple(sorted(names))


def _attributes(asked: Expression) -> set[str] | None:
    """Those that a condition or a value looks at; None if it looks at anything else of the contact, or of the
    journey."""
    if isinstance(asked, _WRITTEN):
        return set()
    if isinstance(asked, Attribute):
        return None if asked.name in _NO_ATTRIBUTES else {asked.name}
    if isinstance(asked, Tagged):
        return {"tags"}
    if not isinstance(asked, _OF_PARTS):
        return None
    names: set[str] = set()
    for field in asked.__struct_fields__:
        held = getattr(asked, field)
        for part in held if isinstance(held, tuple) else (held,):
            if isinstance(part, Expression):
                found = _attributes(part)
                if found is None:
                    return None
                names |= found
    return names


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
