"""A flow as a drawing, in the DOT language of Graphviz."""

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
    Send,
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


def dot(flow: Graph, live: Live = NOBODY) -> str:
    """The flow from its starts to its ends as a directed graph, with the people in it. Equal arguments give
    equal text. (The language: graphviz.org/doc/info/lang.html.)"""
    lines = "".join(f"    {line};\n" for line in _lines(flow, live))
    return f"digraph {_text(flow.flow)} {{\n{lines}}}\n"


def _lines(flow: Graph, live: Live) -> Iterator[str]:
    yield 'node [fontname="sans-serif", fontsize=11]'
    yield 'edge [fontname="sans-serif", fontsize=10]'
    for number, words in enumerate(starts(flow)):
        told = (words,) if number else (words, *start_notes(flow), live.start)
        yield f"start{number} [shape=oval, style=bold, label={_text(*told)}]"
        yield f"start{number} -> n0"
    ends = False
    for index, node in enumerate(flow.nodes):
        text = _text(node_words(node), *node_notes(node), live.mark(node.step).told)
        yield f"n{index} [{_shape(node)}, label={text}]"
        for label, target in ways(node):
            ends = ends or target == END
            words = f" [label={_text(live.along(node.step, label))}]" if label else ""
            yield f"n{index} -> {'stop' if target == END else f'n{target}'}{words}"
    if ends:
        yield 'stop [shape=doublecircle, width=0.2, label=""]'


def _shape(node: Node) -> str:
    match node:
        case Send():
            return "shape=box, style=bold"
        case Wait() | WaitForBestTime() | WaitUntilTime() | WaitUntilDate() | WaitUntil() | WaitFor():
            return "shape=box, style=rounded"
        case If():
            return "shape=hexagon"
        case Split():
            return "shape=hexagon, style=bold"
        case Repeat():
            return "shape=box, peripheries=2"
        case Emit() | Call() | StartFlow():
            return "shape=cds"
        case Finish():
            return "shape=oval"
        case _:
            return "shape=note"


def _text(*lines: str) -> str:
    """Lines as a quoted string that Graphviz shows as they are."""
    return '"' + "\\n".join(_escaped(line) for line in lines if line) + '"'


def _escaped(words: str) -> str:
    for sign, code in (("\\", "\\\\"), ('"', '\\"'), ("\n", " ")):
        words = words.replace(sign, code)
    return words
