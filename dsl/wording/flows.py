"""The parts of a flow in words and in order: what every drawing of it shows."""

from collections.abc import Iterator

from dsl.graph import (
    Arm,
    Call,
    Emit,
    Finish,
    Graph,
    If,
    Node,
    Repeat,
    Send,
    Set,
    Split,
    Start,
    StartAt,
    StartByRequest,
    StartEvery,
    StartFlow,
    StartOnDate,
    StartOnEvent,
    StartOnSegment,
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
from dsl.wording.values import condition_words, duration_words, value_words


def start_words(start: Start) -> str:
    """What starts the flow, as it could be written behind `start`."""
    match start:
        case StartOnEvent(event=event, where=where):
            return f"on {event}" + (f" where {condition_words(where)}" if where else "")
        case StartOnSegment(segment=segment, joining=joining):
            return f"on {'joining' if joining else 'leaving'} segment {segment}"
        case StartOnDate():
            words = f"on {value_words(start.value)}{' every year' if start.every_year else ''}"
            if start.offset is not None:
                words += f" {duration_words(start.offset)} {'before' if start.before else 'after'}"
            return f"{words} at {start.at}"
        case StartEvery(segment=segment, at=at):
            day = f"month on day {start.month_day}" if start.month_day else start.weekday or "day"
            return f"every {day} at {at} for segment {segment}"
        case StartAt(segment=segment, local=local):
            return f"at {local.replace('T', ' ')} for segment {segment}"
        case StartByRequest():
            return "by request"


def node_words(node: Node) -> str:
    """A step as it could be written; a condition and a wait's arms stand without theirs."""
    match node:
        case Send(template=template):
            return f"send {template}"
        case Wait(duration=duration, at=at):
            return f"wait {duration_words(duration)}" + (f" at {at}" if at else "")
        case WaitForBestTime(up_to=up_to):
            return f"wait for best time up to {duration_words(up_to)}"
        case WaitUntilTime(day=day, at=at):
            return f"wait until {day} at {at}" if day else f"wait until {at}"
        case WaitUntilDate(value=value, at=at):
            return f"wait until {value_words(value)}" + (f" at {at}" if at else "")
        case WaitUntil(test=test, up_to=up_to):
            return f"wait until {condition_words(test)} up to {duration_words(up_to)}"
        case WaitFor(hears=hears, up_to=up_to):
            heard = " or ".join(dict.fromkeys(hear.event for hear in hears))
            return f"wait for {heard} up to {duration_words(up_to)}"
        case If(test=test):
            return condition_words(test)
        case Split():
            return f"split {node.step}"
        case Repeat(times=times, until=until):
            return f"repeat up to {times} times" + (f" until {condition_words(until)}" if until else "")
        case Set(attribute=attribute, value=value):
            return f"set contact.{attribute} to {value_words(value) if value else 'unknown'}"
        case Tag(tag=tag, add=add):
            return ("add" if add else "remove") + f' tag "{tag}"'
        case Unsubscribe(topic=topic):
            return f"unsubscribe from {topic}"
        case Tell(address=address):
            return f"tell {address}"
        case Emit(event=event):
            return f"emit {event}"
        case Call(webhook=webhook):
            return f"call {webhook}"
        case StartFlow(flow=flow):
            return f"start flow {flow}"
        case Finish(label=label):
            return f"finish as {label}" if label else "finish"


def node_notes(node: Node) -> tuple[str, ...]:
    """What a drawing tells of a step beside its words: how the winner of a split is found."""
    if not isinstance(node, Split) or node.winner is None:
        return ()
    metric = node.winner.event or node.winner.metric
    if node.winner.adapts:
        return (f"adapt by {metric}",)
    return (f"keep winner by {metric} after {node.winner.after:,} contacts",)


def start_notes(flow: Graph) -> tuple[str, ...]:
    """What a drawing tells beside the starts: whom the flow holds out."""
    return (f"{flow.holdout.normalize():f}% held out",) if flow.holdout else ()


def ways(node: Node) -> Iterator[tuple[str, int]]:
    """Where a journey can go from a step: the word on the arrow (empty where there is but one) and the index
    of the next step."""
    match node:
        case Send() | Wait() | WaitForBestTime() | WaitUntilTime() | WaitUntilDate():
            yield "", node.next
        case Set() | Tag() | Unsubscribe() | Tell() | Emit() | Call() | StartFlow():
            yield "", node.next
        case WaitUntil():
            yield "met", node.on_met
            yield "timeout", node.on_timeout
        case Repeat():
            yield "again", node.body
            yield "done", node.next
        case WaitFor():
            for heard in node.hears:
                yield f"on {heard.event}", heard.next
            yield "timeout", node.on_timeout
        case If():
            yield "yes", node.then
            yield "no", node.otherwise
        case Split():
            for arm in node.arms:
                yield arm_words(arm), arm.next


def arm_words(arm: Arm) -> str:
    """An arm's share and name."""
    return f"{arm.weight.normalize():f}% {arm.label}"


def starts(flow: Graph) -> list[str]:
    """What starts the flow, one text each."""
    return [start_words(start) for start in flow.starts]
