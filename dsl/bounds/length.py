"""One journey from its entry to its end: how many mails, and how much time."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from dsl.bounds.moves import (
    DAY,
    Clock,
    Move,
    least_seconds,
    most_seconds,
    shown_before,
    until_shown,
)
from dsl.bounds.walk import TooManyRounds, Walk
from dsl.graph import Graph, Node, Send, WaitUntilDate
from dsl.wording.flows import node_words

_ENDLESS = 10**15

_CLOCKS = 12
"""So many times of day at the beginning are told apart at one step; beyond, they are taken as not known."""

Counted = Callable[[Send], bool]
"""Which mails count."""


class Way(NamedTuple):
    """A way so far: `passed` seconds since its beginning, when the clock showed `clock` (None: not known)."""

    passed: int
    clock: Clock | None


@dataclass(frozen=True, slots=True)
class Length:
    """How long a journey takes, in seconds on the clock; None: without end, and `why`. `arrivals` is the same
    for each step, by its index, from the entry to the arrival there."""

    seconds: int | None
    why: str
    arrivals: dict[int, int | None]


def every_mail(_: Send) -> bool:
    """All mails count."""
    return True


def fewest(graph: Graph, counted: Counted = every_mail) -> int | None:
    """The fewest mails of a journey that goes on to an end of its flow. None: too many rounds to count."""
    return _mails(graph, counted, min)


def most(graph: Graph, counted: Counted = every_mail) -> int | None:
    """The most mails of a journey. None: too many rounds to count."""
    return _mails(graph, counted, max)


def _mails(graph: Graph, counted: Counted, best: Callable[[list[int]], int]) -> int | None:
    def step(label: int, _index: int, node: Node, _move: Move) -> tuple[int, ...]:
        return (label + (isinstance(node, Send) and counted(node)),)

    def prune(labels: list[int]) -> list[int]:
        return [best(labels)] if labels else []

    try:
        ends = Walk(graph, step, prune).onward([0])
    except TooManyRounds:
        return None
    return ends[0] if ends else 0


def shortest(graph: Graph, index: int = 0) -> Length:
    """The shortest way from a step to an end of the flow: an awaited condition holds already, an event comes
    at once, a date has passed, and nobody leaves. Never too long, and where elapsed time stands between two
    times of day perhaps too short."""
    return _length(graph, index, latest=False)


def longest(graph: Graph, index: int = 0) -> Length:
    """The longest way from a step to an end of the flow: nothing is met or heard, and each time of day has
    just passed. Never too short; mails that are held or late come on top."""
    return _length(graph, index, latest=True)


def _length(graph: Graph, index: int, latest: bool) -> Length:
    extreme = max if latest else min
    arrivals: dict[int, int] = {}

    def step(way: Way, at: int, _node: Node, move: Move) -> tuple[Way]:
        arrivals[at] = extreme(arrivals.get(at, way.passed), way.passed)
        return (_on(way, move, latest),)

    try:
        ends = Walk(graph, step, lambda ways: _extremes(ways, latest)).onward([Way(0, None)], index)
    except TooManyRounds:
        return Length(None if latest else 0, "the rounds of `repeat` are too many to count", {})
    found = {at: None if passed >= _ENDLESS else passed for at, passed in arrivals.items()}
    passed = extreme((way.passed for way in ends), default=0)
    if passed < _ENDLESS:
        return Length(passed, "", found)
    endless = next(
        node for at, node in enumerate(graph.nodes) if at in found and isinstance(node, WaitUntilDate)
    )
    return Length(None, f"`{node_words(endless)}` has no end", found)


def _extremes(ways: list[Way], latest: bool) -> list[Way]:
    """For each clock the way that has taken the least time or (`latest`) the most."""
    if len(ways) == 1:
        return ways
    extreme = max if latest else min
    best: dict[Clock | None, int] = {}
    for way in ways:
        best[way.clock] = extreme(best.get(way.clock, way.passed), way.passed)
    if len(best) > _CLOCKS:
        return [Way(extreme(best.values()), None)]
    return [Way(passed, clock) for clock, passed in best.items()]


def _on(way: Way, move: Move, latest: bool) -> Way:
    passing = move.most if latest else move.least
    if passing is None:
        return Way(_ENDLESS, None)
    passed = way.passed + (most_seconds(passing) if latest else least_seconds(passing))
    clock = way.clock
    if passing.seconds or passing.months:
        # elapsed time moves the clock by an hour more or less where it changes, months move the weekday
        clock = None if passing.seconds or clock is None else Clock(clock.shows % DAY, DAY)
    passed += until_shown(move, clock, passed, latest)
    return Way(passed, shown_before(move, clock, passed))


def pauses(graph: Graph) -> dict[tuple[int, int], int | None]:
    """The longest that it takes from each mail to each that can be the next behind it, by their indices, in
    seconds; None: without end. Mails that are held or late come on top. Raises `TooManyRounds`."""
    arrivals: dict[tuple[int, int], int] = {}

    def step(label: tuple[int, Way], at: int, node: Node, move: Move) -> tuple[tuple[int, Way], ...]:
        mail, way = label
        if isinstance(node, Send) and not (at == mail and way.passed == 0):
            arrivals[mail, at] = max(arrivals.get((mail, at), 0), way.passed)
            return ()
        return ((mail, _on(way, move, latest=True)),)

    def prune(labels: list[tuple[int, Way]]) -> list[tuple[int, Way]]:
        of_mails: dict[int, list[Way]] = {}
        for mail, way in labels:
            of_mails.setdefault(mail, []).append(way)
        return [(mail, way) for mail, ways in of_mails.items() for way in _extremes(ways, latest=True)]

    begins = {at: [(at, Way(0, None))] for at, node in enumerate(graph.nodes) if isinstance(node, Send)}
    Walk(graph, step, prune).from_all(begins)
    return {between: None if passed >= _ENDLESS else passed for between, passed in arrivals.items()}
