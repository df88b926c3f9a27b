"""Steps that only look: they wait, or choose a way, and change nothing but the journey that takes them."""

from typing import TypeAlias

from msgspec import Struct

from dsl.graph import (
    END,
    Finish,
    If,
    Repeat,
    Split,
    Wait,
    WaitFor,
    WaitForBestTime,
    WaitUntil,
    WaitUntilDate,
    WaitUntilTime,
)
from engine.core import choice, deadlines, habits
from engine.core.conditions import Scene
from engine.core.flow import Flow
from engine.core.record import Ground, Line, What, Why


class Goes(Struct, frozen=True, gc=False):
    """The journey goes on at once, to the node `to`, with these `visits` if they are others now."""

    line: Line
    to: int
    visits: dict[str, int] | None = None


class Stands(Struct, frozen=True, gc=False):
    """It stands at the step, until what the line says."""

    line: Line


class Ends(Struct, frozen=True, gc=False):
    """It is over."""

    line: Line


Outcome: TypeAlias = Goes | Stands | Ends

_OVER = Ends(Line("", What.FINISHED.value))


def look(flow: Flow, index: int, scene: Scene) -> Outcome:
    """What comes of a journey that comes to a node of `flow.looks`. Where the scene has no journey, the node
    may be none of those that ask for more of a contact than the id and the clock."""
    if index == END:
        return _OVER
    node = flow.graph.nodes[index]
    match node:
        case Wait() | WaitUntilTime() | WaitFor():
            return _until(node.step, deadlines.of(node, scene.now, scene.clock))
        case If():
            held = flow.tests[index](scene)
            why = flow.grounds[index](scene, held)
            line = Line(node.step, What.DECIDED.value, "yes" if held else "no", 0, why)
            return Goes(line, node.then if held else node.otherwise)
        case Split():
            arm = choice.arm(flow.graph.flow, node, scene.bundle.contact)
            line = Line(node.step, What.ARM.value, arm.label, 0, flow.chances[index][arm.label])
            return Goes(line, arm.next)
        case Repeat():
            return _round(flow, index, node, scene)
        case Finish():
            return Ends(Line("", What.FINISHED.value, node.label))
        case WaitUntilDate():
            return _date(flow, index, node, scene)
        case WaitForBestTime():
            due, reason = habits.best_time(node, scene)
            if due > scene.now:
                return _until(node.step, due, reason.value)
            return Goes(Line(node.step, What.PASSED.value, reason.value), node.next)
        case WaitUntil():
            if flow.awaited[index].test(scene):
                line = Line(node.step, What.MET.value, "", 0, flow.grounds[index](scene, True))
                return Goes(line, node.on_met)
            return _until(node.step, deadlines.of(node, scene.now, scene.clock))
    raise AssertionError(f"a {type(node).__name__} does more than look")


def _until(step: str, due: int, why: str = "") -> Stands:
    return Stands(Line(step, What.WAITS.value, why, due))


def _date(flow: Flow, index: int, node: WaitUntilDate, scene: Scene) -> Outcome:
    value = flow.values[index](scene)
    if value is None:
        return Goes(Line(node.step, What.PASSED.value, Why.DATE_UNKNOWN.value), node.next)
    due = deadlines.of_date(value, node.at, scene.clock)
    if due > scene.now:
        return _until(node.step, due)
    grounds = flow.grounds[index](scene, True)
    return Goes(Line(node.step, What.PASSED.value, Why.DATE_PASSED.value, 0, grounds), node.next)


def _round(flow: Flow, index: int, node: Repeat, scene: Scene) -> Goes:
    """Into the next round, or on behind the last."""
    assert scene.journey is not None
    before = scene.journey.visits
    rounds, test = before.get(node.step, 0), flow.tests.get(index)
    visits = {step: count for step, count in before.items() if step != node.step}
    over = rounds >= node.times
    grounds: tuple[Ground, ...] = ()
    if test is not None and 0 < rounds < node.times:
        over = test(scene)
        grounds = flow.grounds[index](scene, over)
    if over:
        return Goes(Line(node.step, What.ROUND.value, "over", 0, grounds), node.next, visits)
    visits[node.step] = rounds + 1
    return Goes(Line(node.step, What.ROUND.value, str(rounds + 1), 0, grounds), node.body, visits)
