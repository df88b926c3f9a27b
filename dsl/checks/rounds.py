"""How many rounds of `repeat` a journey can go through at one instant, without a wait."""

from collections.abc import Iterable
from typing import NamedTuple

from dsl.nodes.flows import Finish, If, Repeat, Split, Step, Wait, WaitFor, WaitUntil, blocks
from dsl.nodes.terms import Literal, Path


class Rounds(NamedTuple):
    """The most rounds at one instant: on a way through steps without a wait (None: there is no such way),
    from their beginning, to their end, and anywhere within."""

    through: int | None = 0
    head: int = 0
    tail: int = 0
    most: int = 0


_WAIT = Rounds(None)


def rounds(steps: Iterable[Step]) -> Rounds:
    """The most rounds that steps, one after another, go through at one instant."""
    found = Rounds()
    for step in steps:
        found = _then(found, _of(step))
    return found


def _of(step: Step) -> Rounds:
    match step:
        case Wait() | Finish():
            return _WAIT
        case WaitFor():
            return _then(_WAIT, _either([*_ways(step), Rounds()]))
        case WaitUntil(until):
            # a condition may hold already, and a date have passed: then nobody waits
            timed = isinstance(until, Literal) and until.kind == "time"
            at_once = not (timed or (isinstance(until, Path) and len(until.parts) == 1))
            return _then(_either([_WAIT, Rounds()]) if at_once else _WAIT, _either([*_ways(step), Rounds()]))
        case If(otherwise=otherwise):
            ways = _ways(step)
            return _either(ways if otherwise is not None else [*ways, Rounds()])
        case Split():
            return _either(_ways(step) or [Rounds()])
        case Repeat():
            return _repeated(rounds(step.steps), max(int(step.times), 1))
    return Rounds()


def _ways(step: Step) -> list[Rounds]:
    return [rounds(block) for block in blocks(step)]


def _then(one: Rounds, other: Rounds) -> Rounds:
    through = None if one.through is None or other.through is None else one.through + other.through
    return Rounds(
        through,
        one.head if one.through is None else max(one.head, one.through + other.head),
        other.tail if other.through is None else max(other.tail, other.through + one.tail),
        max(one.most, other.most, one.tail + other.head),
    )


def _either(ways: list[Rounds]) -> Rounds:
    through = [way.through for way in ways if way.through is not None]
    return Rounds(
        max(through) if through else None,
        max(way.head for way in ways),
        max(way.tail for way in ways),
        max(way.most for way in ways),
    )


def _repeated(one: Rounds, times: int) -> Rounds:
    """A round counts as one at least, and as many as it goes through within."""
    if one.through is None:
        return one._replace(most=max(one.most, one.tail + one.head if times > 1 else 0))
    each = max(one.through, 1)
    head = max(times * each, (times - 1) * each + one.head)
    tail = max(times * each, (times - 1) * each + one.tail)
    amid = one.tail + (times - 2) * each + one.head if times > 1 else 0
    return Rounds(times * each, head, tail, max(one.most, head, tail, amid))
