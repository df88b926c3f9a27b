"""What a step says, in the words of the language and without its name: what makes two steps alike."""

from collections.abc import Iterable

from dsl.graph import (
    Call,
    Emit,
    Fill,
    Graph,
    Node,
    Send,
    Split,
    Tell,
    Value,
    WaitFor,
)
from dsl.meaning.walk import looks_made
from dsl.wording.flows import arm_words, node_words
from dsl.wording.values import condition_words, value_words

Content = tuple[tuple[str, str], ...]
"""What is said, part by part: what the part is about (empty for the step itself), and its words."""


def has_made_name(graph: Graph, node: Node) -> bool:
    """Whether nobody named this step: `wait_2` then counts places, and says nothing of which wait it is.
    Mails and splits always have a name of their own, by the template or the split, however it is spelled."""
    return not isinstance(node, Send | Split) and looks_made(node.step) and node.step not in graph.named


def content(node: Node) -> Content:
    """All that a step says."""
    said = "split" if isinstance(node, Split) else node_words(node)  # a split is named by what it splits
    return (("", said), *_details(node))


def _details(node: Node) -> Iterable[tuple[str, str]]:
    match node:
        case Send():
            yield from _values(node.values)
            yield "topic", node.topic
            for name, text in (("from", node.sender), ("reply to", node.reply_to)):
                if text is not None:
                    yield name, text
            if node.subject:
                yield "subject", _text(node.subject)
        case Tell():
            yield "text", _text(node.text)
        case Emit() | Call():
            yield from _values(node.values)
        case WaitFor():
            for heard in node.hears:
                if heard.where is not None:
                    yield f"{heard.event} where", condition_words(heard.where)
        case Split():
            yield "arms", ", ".join(arm_words(arm) for arm in node.arms)
            if node.winner is not None:
                yield "winner", _winner(node)


def _winner(node: Split) -> str:
    winner = node.winner
    assert winner is not None
    by = winner.event if winner.metric == "event" else winner.metric
    return f"adapt by {by}" if winner.adapts else f"keep winner by {by} after {winner.after} contacts"


def _values(values: Iterable[tuple[str, Value]]) -> Iterable[tuple[str, str]]:
    for name, value in values:
        yield f"with {name}", value_words(value)


def _text(pieces: Iterable[str | Fill]) -> str:
    return "".join(piece if isinstance(piece, str) else f"{{{_filled(piece)}}}" for piece in pieces)


def _filled(fill: Fill) -> str:
    return value_words(fill.value) + (f' or "{fill.otherwise}"' if fill.otherwise else "")
