"""Which step of a new version is which of the old one.

By `moved OLD to NEW`; else by the name that somebody wrote; else by what the steps say, in written order. Two
steps that are paired never share a partner, and equal inputs give equal pairs.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Literal

from dsl.align.content import Content, content, has_made_name
from dsl.graph import Graph, Send, Split

By = Literal["moved", "name", "content"]
Pairs = Mapping[int, tuple[int, By]]
"""By the index of an old step, the index of the new one, and how it was found."""

_ALIKE = 1_000_000
_SAME_KIND = 1
_NEIGHBOUR = 10
"""Two steps that say the same are worth more than any number of those that say something else; and among
equals counts whether they stand beside the same steps as before."""


def pair(old: Graph, new: Graph) -> Pairs:
    """The pairs of two versions of a flow."""
    found: dict[int, tuple[int, By]] = {}
    places = {node.step: index for index, node in enumerate(new.nodes)}
    before = {node.step: index for index, node in enumerate(old.nodes)}
    taken: set[int] = set()
    for name, target in new.moved:
        if name in before and target in places and places[target] not in taken:
            found[before[name]] = (places[target], "moved")
            taken.add(places[target])
    for index, node in enumerate(old.nodes):
        place = places.get(node.step)
        if index in found or place is None or place in taken or has_made_name(old, node):
            continue
        if not has_made_name(new, new.nodes[place]):
            found[index] = (place, "name")
            taken.add(place)
    alike = _Likeness(old, new)
    for index, place in _by_content(alike, {index: place for index, (place, _) in found.items()}):
        found[index] = (place, "content")
    return found


class _Likeness:
    """How much speaks for two steps of two versions being one."""

    def __init__(self, old: Graph, new: Graph) -> None:
        self.old, self.new = old, new
        self._said = [content(node) for node in old.nodes]
        self._says = [content(node) for node in new.nodes]

    def of(self, one: int, two: int) -> int:
        """0: they are not one. A mail with another template is another mail, and a split with other arms
        another split, whatever they are called."""
        was, said, says = self.old.nodes[one], self._said[one], self._says[two]
        if type(was) is not type(self.new.nodes[two]):
            return 0
        if said != says and (isinstance(was, Split) or (isinstance(was, Send) and said[0] != says[0])):
            return 0
        beside = sum(
            _beside(self.old, self._said, one + step) == _beside(self.new, self._says, two + step)
            for step in (-1, 1)
        )
        return (_ALIKE if said == says else _SAME_KIND) + _NEIGHBOUR * beside


def _beside(graph: Graph, says: Sequence[Content], place: int) -> object:
    """The step at a place by its own name or by what it says; None outside of the flow."""
    if not 0 <= place < len(graph.nodes):
        return None
    node = graph.nodes[place]
    return says[place] if has_made_name(graph, node) else node.step


def _by_content(alike: _Likeness, paired: dict[int, int]) -> list[tuple[int, int]]:
    """More pairs: of steps that stand in one order before and after, then of those that stand elsewhere."""
    olds, news = len(alike.old.nodes), len(alike.new.nodes)
    found: dict[int, int] = {}
    edges = [(-1, -1), *_in_order(sorted(paired.items())), (olds, news)]
    for (first, begin), (last, end) in pairwise(edges):
        ours = [index for index in range(first + 1, last) if index not in paired]
        theirs = [index for index in range(begin + 1, end) if index not in paired.values()]
        found.update(_likest(alike, ours, theirs))
    known = {**paired, **found}
    ours = [index for index in range(olds) if index not in known]
    theirs = [index for index in range(news) if index not in known.values()]
    found.update(_elsewhere(alike, ours, theirs, known))
    return sorted(found.items())


def out_of_order(pairs: Pairs) -> list[int]:
    """New steps whose partners stood before or behind others otherwise: all but a longest run in order."""
    every = sorted((one, two) for one, (two, _) in pairs.items())
    kept = set(_in_order(every))
    return sorted(two for one, two in every if (one, two) not in kept)


def _in_order(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """A longest run of pairs that stand in one order on both sides."""
    best: list[list[tuple[int, int]]] = []
    for one, two in pairs:
        before = max((run for run in best if run[-1][1] < two), key=len, default=[])
        best.append([*before, (one, two)])
    return max(best, key=len, default=[])


def _likest(alike: _Likeness, ours: list[int], theirs: list[int]) -> list[tuple[int, int]]:
    """The best pairs of two rows of steps that keep their order."""
    likeness = [[alike.of(one, two) for two in theirs] for one in ours]
    worth = [[0] * (len(theirs) + 1) for _ in range(len(ours) + 1)]
    for row in range(len(ours) - 1, -1, -1):
        for column in range(len(theirs) - 1, -1, -1):
            both = likeness[row][column] and worth[row + 1][column + 1] + likeness[row][column]
            worth[row][column] = max(both, worth[row + 1][column], worth[row][column + 1])
    found: list[tuple[int, int]] = []
    row = column = 0
    while row < len(ours) and column < len(theirs):
        here = likeness[row][column]
        if here and worth[row][column] == worth[row + 1][column + 1] + here:
            found.append((ours[row], theirs[column]))
            row, column = row + 1, column + 1
        elif worth[row][column] == worth[row + 1][column]:
            row += 1
        else:
            column += 1
    return found


def _elsewhere(
    alike: _Likeness, ours: list[int], theirs: list[int], paired: Mapping[int, int]
) -> list[tuple[int, int]]:
    """Pairs of steps that say the same and stand elsewhere, together with the step before or behind them."""
    found: list[tuple[int, int]] = []
    for one in ours:
        for two in theirs:
            beside = paired.get(one - 1, -1) == two - 1 >= 0 or paired.get(one + 1) == two + 1
            if beside and alike.of(one, two) >= _ALIKE:
                found.append((one, two))
                theirs = [place for place in theirs if place != two]
                break
    return found
