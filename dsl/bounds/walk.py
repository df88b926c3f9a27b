"""Going all ways through a flow at once: what is known at each step is a handful of labels, of which only
those are kept that another one does not beat. So a hundred conditions in a row cost a hundred steps, and not
as many as there are ways; rounds of `repeat` are gone through one by one.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Generic, TypeVar

from dsl.bounds.moves import Move, moves
from dsl.graph import END, Graph, Node, Repeat

_WORK = 50_000

Label = TypeVar("Label")
Step = Callable[[Label, int, Node, Move], Iterable[Label]]
"""What becomes of a label on a way on from a step (its index and itself); nothing if it is of no interest."""
Prune = Callable[[list[Label]], list[Label]]
"""Those of many labels at one step that no other one beats."""


class TooManyRounds(Exception):
    """The rounds of a flow come to more than can be counted in a moment."""


class Walk(Generic[Label]):
    """All ways through one graph."""

    def __init__(self, graph: Graph, step: Step[Label], prune: Prune[Label]) -> None:
        self._nodes = graph.nodes
        self._ways = [tuple(moves(node)) for node in graph.nodes]
        self._behind = round_ends(graph)
        self._step = step
        self._prune = prune
        self._work = 0
        self._ended: list[Label] = []

    def onward(self, labels: list[Label], index: int = 0) -> list[Label]:
        """From a step on, in whichever round it stands; gives the labels at the end of the flow. Raises
        `TooManyRounds`."""
        return self.from_all({index: labels})

    def from_all(self, begins: Mapping[int, list[Label]]) -> list[Label]:
        """The same from several steps on at once: labels that meet beat one another."""
        self._ended = []
        self._run(0, len(self._nodes), {}, begins)
        return self._prune(self._ended)

    def _run(
        self, begin: int, behind: int, pending: dict[int, list[Label]], begins: Mapping[int, list[Label]]
    ) -> list[Label]:
        """Through the steps from `begin` to before `behind`, in written order, with those labels that begin
        here; gives the labels that lead back to before `begin`: to the `repeat` around these steps."""
        index = begin
        while index < behind:
            labels = pending.pop(index, []) + begins.get(index, [])
            node = self._nodes[index]
            if isinstance(node, Repeat):
                over = self._round(index, node, labels, node.times, free=node.until is not None)
                if any(index < each < self._behind[index] for each in begins):
                    # whoever begins within a round may be in any of them
                    back = self._prune(self._run(index + 1, self._behind[index], {}, begins))
                    over += back + self._round(index, node, back, node.times - 1, free=True)
                self._put(node.next, over, pending)
                index = self._behind[index]
                continue
            if labels:
                labels = self._prune(labels)
                self._work += len(labels)
                if self._work > _WORK:
                    raise TooManyRounds
                for target, move in self._ways[index]:
                    new = [each for label in labels for each in self._step(label, index, node, move)]
                    self._put(target, new, pending)
            index += 1
        return [label for labels in pending.values() for label in labels]

    def _round(self, index: int, node: Repeat, labels: list[Label], times: int, free: bool) -> list[Label]:
        """Through up to `times` rounds; gives the labels behind the last. `free`: it may be any of them."""
        over: list[Label] = []
        for number in range(times):
            if not labels:
                break
            back = self._run(index + 1, self._behind[index], {node.body: self._prune(labels)}, {})
            labels = self._prune(back)
            if free or number == times - 1:
                over += labels
        return self._prune(over)

    def _put(self, target: int, labels: list[Label], pending: dict[int, list[Label]]) -> None:
        if not labels:
            return
        if target == END:
            self._ended += labels
        else:
            pending.setdefault(target, []).extend(labels)


def round_ends(graph: Graph) -> dict[int, int]:
    """For each `repeat`, by its index, the index of the first step behind its block."""
    return {
        index: max(_within(graph, index), default=index) + 1
        for index, node in enumerate(graph.nodes)
        if isinstance(node, Repeat)
    }


def _within(graph: Graph, repeat: int) -> set[int]:
    """The steps of a round, those of rounds within it included."""
    node = graph.nodes[repeat]
    assert isinstance(node, Repeat)
    found: set[int] = set()
    waiting = [node.body]
    while waiting:
        index = waiting.pop()
        if index in found or index in (repeat, END):
            continue
        found.add(index)
        inner = graph.nodes[index]
        waiting += [target for target, _ in moves(inner)]
        if isinstance(inner, Repeat):
            waiting.append(inner.next)
    return found
