"""How a journey walks: from a node onwards, until it stands or is over."""

from dsl.graph import END, Call, Emit, Node, Send, Set, Split, StartFlow, Tag, Tell, Unsubscribe
from engine.core import calling, changing, drawing, emitting, mailing
from engine.core.bundle import Journey, replace
from engine.core.calendar import NEVER
from engine.core.flow import Flow
from engine.core.looking import Ends, Goes, Stands, look
from engine.core.record import What
from engine.core.turn import Turn

Onward = tuple[Journey, int] | None
"""The journey, and the node to which it goes on at once; None: it stands or is over."""


def walk(turn: Turn, journey: Journey, index: int, may_send: bool = False) -> None:
    """Take the journey to node `index` and on from there. `may_send`: limits have let the mail there go.
    While what is known of the contact is not to be used, it stands still before that node."""
    flow = turn.flow(journey)
    journey = replace(journey, mail="", held=0) if journey.mail or journey.held else journey
    if turn.bundle.restricted is not None and index != END:
        turn.stand(journey, -turn.due, index)
        return
    onward: Onward = journey, index
    while onward is not None:
        journey, index = onward
        if index in flow.looks:
            onward = _look(turn, flow, journey, index)
        else:
            journey, node = replace(journey, node=index), flow.graph.nodes[index]
            if isinstance(node, Send):
                onward = _send(turn, flow, journey, node, may_send)
            else:
                onward = _act(turn, flow, journey, node)
        may_send = False


def _look(turn: Turn, flow: Flow, journey: Journey, index: int) -> Onward:
    outcome = look(flow, index, turn.scene(journey))
    match outcome:
        case Goes(line=line, to=to, visits=visits):
            turn.tell(journey, line)
            return journey if visits is None else replace(journey, visits=visits), to
        case Stands(line=line):
            turn.tell(journey, line)
            turn.stand(journey, line.until, index)
        case Ends(line=line):
            turn.end(journey, What.FINISHED, line.reason)
    return None


def _send(turn: Turn, flow: Flow, journey: Journey, node: Send, may_send: bool) -> Onward:
    if not may_send and mailing.limited(turn, flow, node):
        # to be decided behind all steps; it was due when what led here was
        turn.stand(replace(journey, held=turn.now), turn.due)
        return None
    journey = mailing.send(turn, flow, journey, node)
    if journey.mail and journey.node in flow.reports:
        turn.stand(journey, NEVER)
        return None
    # what follows is a wait: it counts from now, unless the hand-over turns out to be late
    return journey, node.next


def _act(turn: Turn, flow: Flow, journey: Journey, node: Node) -> tuple[Journey, int]:
    match node:
        case Set():
            return changing.set_attribute(turn, flow, journey, node), node.next
        case Tag():
            changing.tag(turn, journey, node)
            return journey, node.next
        case Unsubscribe():
            journey = changing.unsubscribe(turn, flow, journey, node)
            return journey, END if node.topic == flow.graph.topic else node.next
        case Tell():
            return changing.tell(turn, flow, journey, node), node.next
        case Emit():
            return emitting.emit(turn, flow, journey, node), node.next
        case StartFlow():
            return emitting.start_flow(turn, flow, journey, node), node.next
        case Call():
            return calling.call(turn, flow, journey, node), node.next
        case Split():
            arm, grounds = drawing.draw(turn, flow, journey, node)
            turn.note(journey.flow, journey.id, node.step, What.ARM, arm.label, grounds=grounds)
            return journey, arm.next
    raise AssertionError(f"a {type(node).__name__} does no more than look")
