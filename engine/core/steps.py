"""How a journey walks: from a node onwards, until it stands or is over."""

from dsl.graph import (
    END,
    Call,
    Emit,
    Finish,
    If,
    Repeat,
    Send,
    Set,
    Split,
    StartFlow,
    Tag,
    Tell,
    Unsubscribe,
    Wait,
    WaitFor,
    WaitForBestTime,
    WaitUntil,
    WaitUntilDate,
    WaitUntilTime,
)
from engine.core import calendar, calling, changing, deadlines, drawing, emitting, habits, mailing
from engine.core.bundle import Journey, replace
from engine.core.calendar import NEVER
from engine.core.flow import Flow
from engine.core.record import What
from engine.core.turn import Turn


def walk(turn: Turn, journey: Journey, index: int, may_send: bool = False) -> None:
    """Take the journey to node `index` and on from there. `may_send`: limits have let the mail there go."""
    flow = turn.flow(journey)
    journey = replace(journey, mail="", held=0)
    while index != END:
        node = flow.graph.nodes[index]
        journey = replace(journey, node=index)
        match node:
            case Send():
                if not may_send and mailing.limited(turn, flow, node):
                    # to be decided behind all steps; it was due when what led here was
                    turn.stand(replace(journey, held=turn.now), turn.due)
                    return
                may_send = False
                journey = mailing.send(turn, flow, journey, node)
                if journey.mail and index in flow.reports:
                    turn.stand(journey, NEVER)
                    return
                # what follows is a wait: it counts from now, unless the hand-over turns out to be late
                index = node.next
            case Wait() | WaitUntilTime() | WaitFor():
                turn.wait(journey, deadlines.of(turn, flow, node))
                return
            case WaitUntilDate():
                due = deadlines.of_date(turn, flow, journey, node)
                if due is not None:
                    turn.wait(journey, due)
                    return
                index = node.next
            case WaitForBestTime():
                due, why = habits.best_time(turn, flow, node)
                if due > turn.now:
                    turn.wait(journey, due, reason=why)
                    return
                turn.note(journey.flow, journey.id, node.step, What.PASSED, why)
                index = node.next
            case WaitUntil():
                if not flow.awaited[index].test(turn.scene(journey)):
                    turn.wait(journey, calendar.add(turn.now, node.up_to, turn.clock_of(flow)))
                    return
                turn.note(journey.flow, journey.id, node.step, What.MET)
                index = node.on_met
            case If():
                yes = flow.tests[index](turn.scene(journey))
                turn.note(journey.flow, journey.id, node.step, What.DECIDED, "yes" if yes else "no")
                index = node.then if yes else node.otherwise
            case Split():
                arm = drawing.draw(turn, flow, journey, node)
                turn.note(journey.flow, journey.id, node.step, What.ARM, arm.label)
                index = arm.next
            case Repeat():
                journey, index = _round(turn, flow, journey, node)
            case Set():
                journey = changing.set_attribute(turn, flow, journey, node)
                index = node.next
            case Tag():
                changing.tag(turn, journey, node)
                index = node.next
            case Unsubscribe():
                journey = changing.unsubscribe(turn, flow, journey, node)
                index = END if node.topic == flow.graph.topic else node.next
            case Tell():
                journey = changing.tell(turn, flow, journey, node)
                index = node.next
            case Emit():
                journey = emitting.emit(turn, flow, journey, node)
                index = node.next
            case StartFlow():
                journey = emitting.start_flow(turn, flow, journey, node)
                index = node.next
            case Call():
                journey = calling.call(turn, flow, journey, node)
                index = node.next
            case Finish():
                turn.end(journey, What.FINISHED, node.label)
                return
    turn.end(journey, What.FINISHED)


def _round(turn: Turn, flow: Flow, journey: Journey, node: Repeat) -> tuple[Journey, int]:
    """Into the next round, or on behind the last."""
    rounds = journey.visits.get(node.step, 0)
    test = flow.tests.get(journey.node)
    over = rounds >= node.times or (rounds > 0 and test is not None and test(turn.scene(journey)))
    visits = {step: count for step, count in journey.visits.items() if step != node.step}
    if over:
        turn.note(journey.flow, journey.id, node.step, What.ROUND, "over")
        return replace(journey, visits=visits), node.next
    turn.note(journey.flow, journey.id, node.step, What.ROUND, str(rounds + 1))
    return replace(journey, visits={**visits, node.step: rounds + 1}), node.body
