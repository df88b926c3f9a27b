"""A flow as a drawing, in Mermaid's notation."""

from collections.abc import Iterator

from dsl.draw_words import node_words, starts, ways
from dsl.graph import (
    END,
    Finish,
    Graph,
    If,
    Node,
    Repeat,
    Split,
    Wait,
    WaitFor,
    WaitUntil,
    WaitUntilDate,
    WaitUntilTime,
)


def mermaid(flow: Graph) -> str:
    """The flow from its starts to its ends, for Mermaid (`flowchart TD`). Equal graphs give equal text."""
    return "\n".join(["flowchart TD", *(f"    {line}" for line in _lines(flow))]) + "\n"


def _lines(flow: Graph) -> Iterator[str]:
    for number, words in enumerate(starts(flow)):
        yield f'start{number}(["{_text(words)}"]) --> n0'
    ends = False
    for index, node in enumerate(flow.nodes):
        yield f"n{index}{_shape(node)}"
        for label, target in ways(node):
            ends = ends or target == END
            arrow = f'-->|"{_text(label)}"|' if label else "-->"
            yield f"n{index} {arrow} {'stop' if target == END else f'n{target}'}"
    if ends:
        yield 'stop(["end"])'


def _shape(node: Node) -> str:
    words = f'"{_text(node_words(node))}"'
    match node:
        case Wait() | WaitUntilTime() | WaitUntilDate() | WaitUntil() | WaitFor():
            return f"({words})"
        case If():
            return f"{{{words}}}"
        case Split():
            return f"{{{{{words}}}}}"
        case Finish() | Repeat():
            return f"([{words}])"
        case _:
            return f"[{words}]"


def _text(words: str) -> str:
    """Words that Mermaid shows as they are."""
    for sign, code in (("#", "#35;"), ('"', "#quot;"), ("<", "#lt;"), (">", "#gt;"), ("\n", " ")):
        words = words.replace(sign, code)
    return words
