"""How a journey walks: from a node onwards, until it stands or is over."""

from typing import Any

from dsl.graph import END, Finish, If, Send, Split, Wait, WaitFor
from engine.core import calendar, choice
from engine.core.bundle import Effect, Journey, MailBody, replace
from engine.core.calendar import NEVER
from engine.core.conditions import Scene
from engine.core.loaded import Flow, Tongue
from engine.core.record import What
from engine.core.turn import Turn


def walk(turn: Turn, journey: Journey, index: int) -> None:
    """Take the journey to node `index` and on from there."""
    flow = turn.flow(journey)
    journey = replace(journey, mail="")
    while index != END:
        node = flow.graph.nodes[index]
        journey = replace(journey, node=index)
        match node:
            case Send():
                journey = send(turn, flow, journey, node)
                if index in flow.reports:
                    turn.stand(journey, NEVER)
                    return
                # what follows is a wait: it counts from now, unless the hand-over turns out to be late
                index = node.next
            case Wait():
                turn.stand(journey, wait_until(turn, node))
                return
            case WaitFor():
                due = calendar.add(turn.now, node.up_to, turn.clock)
                turn.note(journey.flow, journey.id, node.step, What.WAITS)
                turn.stand(journey, due)
                return
            case If():
                yes = flow.tests[index](turn.scene(journey))
                turn.note(journey.flow, journey.id, node.step, What.DECIDED, "yes" if yes else "no")
                index = node.then if yes else node.otherwise
            case Split():
                arm = choice.arm(journey.flow, node, journey.contact)
                turn.note(journey.flow, journey.id, node.step, What.ARM, arm.label)
                index = arm.next
            case Finish():
                turn.end(journey, What.FINISHED, node.label)
                return
    turn.end(journey, What.FINISHED)


def wait_until(turn: Turn, node: Wait) -> int:
    """The instant at which a wait that begins now is over."""
    due = calendar.add(turn.now, node.duration, turn.clock)
    return calendar.next_at(due, node.at, turn.clock) if node.at else due


def send(turn: Turn, flow: Flow, journey: Journey, node: Send) -> Journey:
    """Ask for a mail. The journey remembers its key until the hand-over is known or no longer matters."""
    index = journey.node
    key = turn.loaded.key(journey.id, node.step, visit=1)  # without loops, no step is met twice
    scene = turn.scene(journey)
    tongue = flow.sends[index]
    body = MailBody(
        flow=journey.flow,
        journey=journey.id,
        step=node.step,
        template=node.template,
        topic=node.topic,
        service=node.topic in turn.loaded.service_topics,
        at=turn.now,
        trigger_id=journey.trigger_id,
        attributes={
            **turn.bundle.attributes,
            "id": journey.contact,
            "created_at": turn.bundle.created,
        },
        trigger=journey.trigger,
        received=journey.received.get(node.received_step, {}),
        values={name: value(scene) for name, value in tongue.values},
        subject=spoken(tongue, scene),
        sender=node.sender or "",
        reply_to=node.reply_to or "",
        report=index in flow.reports or turn.loaded.hears_of_mails,
        measured="measurement" in turn.bundle.agreed,
    )
    turn.mail(Effect(key, journey.contact, "mail", body))
    return replace(journey, mail=key, sent=(*journey.sent, node.step))


def spoken(tongue: Tongue, scene: Scene) -> str:
    """The subject of a send's own block, with its values filled in."""
    return "".join(
        piece if isinstance(piece, str) else _word(piece[0](scene), piece[1]) for piece in tongue.subject
    )


def _word(value: Any, otherwise: str) -> str:
    if value is None:
        return otherwise
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
