"""The boxes of a drawing: which kind each step is of, the lines in it, and how large that makes it."""

import re
from dataclasses import dataclass

from dsl.draw.marks import NOTHING, Mark
from dsl.graph import (
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
from dsl.wording.flows import node_notes, node_words, start_notes, starts

TEXT_AT = 46.0
LINE, LABEL, NOTE = 18.0, 15.0, 16.0
PADDING = 11.0
_WIDTH = 236.0
_LETTERS = 21  # in a line: 14 px semibold in what is left of the width
_SMALL_LETTERS = 28  # the same at 12 px
_NARROW = frozenset(("if", "split", "start", "wait", "hear", "finish"))  # towards corners and round ends
_PIECE = re.compile(r"[^_./-]+[_./-]*|[_./-]+")
_MOST_LINES = 4
_STOP = 18.0


@dataclass(frozen=True, slots=True)
class Part:
    """A box to draw. `words` are lines, `notes` smaller ones below them; `whole` is all of the text, for
    those who hear or point at it."""

    kind: str
    label: str
    words: tuple[str, ...]
    notes: tuple[str, ...]
    whole: str
    mark: Mark

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in pixels."""
        if self.kind == "stop":
            return _STOP, _STOP
        return _WIDTH, 2 * PADDING + LABEL + LINE * len(self.words) + NOTE * len(self.small)

    @property
    def small(self) -> tuple[str, ...]:
        """The notes, and what has gone through."""
        return (*self.notes, self.mark.passed) if self.mark.passed else self.notes


STOP = Part("stop", "", (), (), "the flow ends", NOTHING)


def start_parts(flow: Graph, told: str) -> list[Part]:
    """The starts of a flow; what holds for all of them stands on the first, with `told`."""
    first, *others = starts(flow)
    return [
        _part("start", "start", first, Mark(passed=told), notes=start_notes(flow)),
        *(_part("start", "start", words, NOTHING) for words in others),
    ]


def step_part(node: Node, mark: Mark) -> Part:
    """A step."""
    words = node_words(node)
    match node:
        case Send():
            return _part("send", "send", node.template, mark)
        case WaitFor():
            return _part("hear", "wait for", words.removeprefix("wait for "), mark)
        case Wait() | WaitForBestTime() | WaitUntilTime() | WaitUntilDate() | WaitUntil():
            return _part("wait", "wait", words.removeprefix("wait "), mark)
        case If():
            return _part("if", "if", words, mark)
        case Split():
            return _part("split", "split", node.step, mark, notes=node_notes(node))
        case Repeat():
            return _part("repeat", "repeat", words.removeprefix("repeat "), mark)
        case Emit():
            return _part("emit", "emit", node.event, mark)
        case Call():
            return _part("call", "call", node.webhook, mark)
        case StartFlow():
            return _part("begin", "start flow", node.flow, mark)
        case Finish():
            return _part("finish", "finish", node.label or "the flow ends", mark, words)
        case _:
            label, _, rest = words.partition(" ")
            return _part("change", label, rest, mark)


def _part(
    kind: str, label: str, words: str, mark: Mark, whole: str = "", notes: tuple[str, ...] = ()
) -> Part:
    letters = _LETTERS - 1 if kind in _NARROW else _LETTERS
    spoken = "; ".join((whole or f"{label} {words}", *notes))
    small = tuple(line for note in notes for line in wrapped(note, _SMALL_LETTERS))
    return Part(kind, label, wrapped(words, letters), small, spoken, mark)


def wrapped(words: str, letters: int) -> tuple[str, ...]:
    """The words in lines that fit a step's box; what is too much for it ends in an ellipsis. A word that is
    longer than a line is broken behind a `_`, `.`, `/` or `-` of it where there is one."""
    lines = [""]
    for word in words.split():
        for number, piece in enumerate(_pieces(word, letters)):
            joined = f"{lines[-1]} {piece}".strip()
            if len(joined) <= letters and not number:
                lines[-1] = joined
            else:
                lines.append(piece)
    if len(lines) > _MOST_LINES:
        lines = [*lines[: _MOST_LINES - 1], f"{lines[_MOST_LINES - 1][: letters - 1]}…"]
    return tuple(lines)


def _pieces(word: str, letters: int) -> list[str]:
    """A word in pieces of at most so many letters, each as long as it can be."""
    pieces = [""]
    for part in _PIECE.findall(word):
        for piece in [part[at : at + letters] for at in range(0, len(part), letters)]:
            if len(pieces[-1]) + len(piece) <= letters:
                pieces[-1] += piece
            else:
                pieces.append(piece)
    return [piece for piece in pieces if piece]
