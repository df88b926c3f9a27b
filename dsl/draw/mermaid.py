"""A flow as a drawing, in Mermaid's notation."""

from collections.abc import Iterator

from dsl.draw.marks import NOBODY, Live
from dsl.graph import (
    END,
    Call,
    Emit,
    Finish,
    Graph,
    If,
    Node,
    Repeat,
    Split,
    StartFlow,
    Wait,
    WaitFor,
    WaitForBestTime,
    WaitUntil,
    WaitUntilDate,
    WaitUntilTime,
)
from dsl.wording.flows import node_notes, node_words, start_notes, starts, ways


def mermaid(flow: Graph, live: Live = NOBODY) -> str:
    """The flow from its starts to its ends, for Mermaid (`flowchart TD`), with the people in it. Equal
    arguments give equal text."""
    return "\n".join(["flowchart TD", *(f"    {line}" for line in _lines(flow, live))]) + "\n"


def _lines(flow: Graph, live: Live) -> Iterator[str]:
    for number, words in enumerate(starts(flow)):
        told = (words,) if number else (words, *start_notes(flow), live.start)
        yield f'start{number}(["{_text(*told)}"]) --> n0'
    ends = False
    for index, node in enumerate(flow.nodes):
        yield f"n{index}{_shape(node, _text(node_words(node), *node_notes(node), live.mark(node.step).told))}"
        for label, target in ways(node):
            ends = ends or target == END
            arrow = f'-->|"{_text(live.along(node.step, label))}"|' if label else "-->"
            yield f"n{index} {arrow} {'stop' if target == END else f'n{target}'}"
    if ends:
        yield 'stop(["end"])'


def _shape(node: Node, text: str) -> str:
    words = f'"{text}"'
    match node:
        case Wait() | WaitForBestTime() | WaitUntilTime() | WaitUntilDate() | WaitUntil() | WaitFor():
            return f"({words})"
        case If():
            return f"{{{words}}}"
        case Split():
            return f"{{{{{words}}}}}"
        case Finish() | Repeat():
            return f"([{words}])"
        case Emit() | Call() | StartFlow():
            return f"[/{words}/]"
        case _:
            return f"[{words}]"


def _text(*lines: str) -> str:
    """Lines that Mermaid shows as they are."""
    return "<br/>".join(_escaped(line) for line in lines if line)


def _escaped(words: str) -> str:
    for sign, code in (("#", "#35;"), ('"', "#quot;"), ("<", "#lt;"), (">", "#gt;"), ("\n", " ")):
        words = words.replace(sign, code)
    return words
