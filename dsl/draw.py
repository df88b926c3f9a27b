"""A flow as a drawing, in Mermaid's notation."""

from collections.abc import Iterator

from dsl.graph import (
    END,
    Arm,
    Finish,
    Graph,
    If,
    Node,
    Repeat,
    Send,
    Set,
    Split,
    StartOnEvent,
    StartOnSegment,
    Tag,
    Tell,
    Unsubscribe,
    Wait,
    WaitFor,
    WaitUntil,
    WaitUntilDate,
    WaitUntilTime,
)
from dsl.wording import condition_words, duration_words, value_words


def mermaid(flow: Graph) -> str:
    """The flow from its starts to its ends, for Mermaid (`flowchart TD`). Equal graphs give equal text."""
    return "\n".join(["flowchart TD", *(f"    {line}" for line in _lines(flow))]) + "\n"


def _lines(flow: Graph) -> Iterator[str]:
    for number, start in enumerate(flow.starts):
        if isinstance(start, StartOnEvent):
            where = f" where {condition_words(start.where)}" if start.where else ""
            words = f"on {start.event}{where}"
        elif isinstance(start, StartOnSegment):
            words = f"on {'joining' if start.joining else 'leaving'} {start.segment}"
        else:
            words = f"on {value_words(start.value)}{' every year' if start.every_year else ''} at {start.at}"
        yield f'start{number}(["{_text(words)}"]) --> n0'
    ends = False
    for index, node in enumerate(flow.nodes):
        yield f"n{index}{_shape(node)}"
        for label, target in _ways(node):
            ends = ends or target == END
            arrow = f'-->|"{_text(label)}"|' if label else "-->"
            yield f"n{index} {arrow} {'stop' if target == END else f'n{target}'}"
    if ends:
        yield 'stop(["end"])'


def _shape(node: Node) -> str:
    match node:
        case Send():
            return f'["{_text(f"send {node.template}")}"]'
        case Wait(duration=duration, at=at):
            return f'("{_text(f"wait {duration_words(duration)}" + (f" at {at}" if at else ""))}")'
        case WaitUntilTime(day=day, at=at):
            return f'("{_text(f"wait until {day} at {at}" if day else f"wait until {at}")}")'
        case WaitUntilDate(value=value, at=at):
            return f'("{_text(f"wait until {value_words(value)}" + (f" at {at}" if at else ""))}")'
        case WaitUntil(test=test, up_to=up_to):
            words = f"wait until {condition_words(test)} up to {duration_words(up_to)}"
            return f'("{_text(words)}")'
        case Repeat(times=times):
            return f'(["{_text(f"repeat up to {times} times")}"])'
        case Set(attribute=attribute, value=value):
            words = f"set contact.{attribute} to {value_words(value) if value else 'unknown'}"
            return f'["{_text(words)}"]'
        case Tag(tag=tag, add=add):
            return f'["{_text(("add" if add else "remove") + f" tag {tag}")}"]'
        case Unsubscribe(topic=topic):
            return f'["{_text(f"unsubscribe from {topic}")}"]'
        case Tell(address=address):
            return f'["{_text(f"tell {address}")}"]'
        case WaitFor(up_to=up_to):
            return f'("{_text(f"wait up to {duration_words(up_to)}")}")'
        case If(test=test):
            return f'{{"{_text(condition_words(test))}"}}'
        case Split():
            return f'{{{{"{_text(f"split {node.step}")}"}}}}'
        case Finish(label=label):
            return f'(["{_text(f"finish as {label}" if label else "finish")}"])'


def _ways(node: Node) -> Iterator[tuple[str, int]]:
    match node:
        case Send() | Wait() | WaitUntilTime() | WaitUntilDate() | Set() | Tag() | Unsubscribe() | Tell():
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
                yield _arm(arm), arm.next


def _arm(arm: Arm) -> str:
    return f"{arm.weight.normalize():f}% {arm.label}"


def _text(words: str) -> str:
    """Words that Mermaid shows as they are."""
    for sign, code in (("#", "#35;"), ('"', "#quot;"), ("<", "#lt;"), (">", "#gt;"), ("\n", " ")):
        words = words.replace(sign, code)
    return words
