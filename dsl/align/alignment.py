"""Two versions of a flow, laid side by side."""

from collections import deque
from collections.abc import Container, Iterator
from dataclasses import dataclass
from typing import Literal

from dsl.align.change import Change, changes
from dsl.align.content import content, has_made_name
from dsl.align.heads import head_lines
from dsl.align.steps import Pairs, out_of_order, pair
from dsl.graph import END, Graph, Node
from dsl.wording.flows import ways

How = Literal["moved", "name", "content", "next", "end"]


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the people go who stand at a step of the old version: to `new`, by a line `moved OLD to NEW`, by
    the step's `name` or `content`; or, as the step is no more, to the `next` one on their way that is still
    there; None: to the `end`. `says` is what the step said, `changes` what it says otherwise now."""

    old: str
    new: str | None
    how: How
    says: str
    changes: tuple[Change, ...] = ()

    @property
    def removed(self) -> bool:
        """Whether the step is no more."""
        return self.how in ("next", "end")


@dataclass(frozen=True, slots=True)
class Added:
    """A step that the old version does not have."""

    new: str
    says: str


@dataclass(frozen=True, slots=True)
class Alignment:
    """`placements` has every old step in written order, `added` every new one that has no partner, `heads`
    what the head says otherwise. `reordered` are new steps that stand before or behind others otherwise than
    their partners did; `rerouted` those that lead elsewhere, although no step beside them came or went."""

    flow: str
    placements: tuple[Placement, ...]
    added: tuple[Added, ...]
    heads: tuple[Change, ...]
    reordered: tuple[str, ...] = ()
    rerouted: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether the two versions differ in anything that people could notice, names of steps included."""
        return bool(self.added or self.heads or self.reordered or self.rerouted) or any(
            each.removed or each.changes or each.old != each.new for each in self.placements
        )


def align(old: Graph, new: Graph) -> Alignment:
    """Every step of `old` with its place in `new`. Equal graphs give the identity."""
    pairs = pair(old, new)
    partners = {place for place, _ in pairs.values()}
    return Alignment(
        new.flow,
        tuple(_placement(old, new, index, pairs) for index in range(len(old.nodes))),
        tuple(
            Added(node.step, content(node)[0][1])
            for index, node in enumerate(new.nodes)
            if index not in partners
        ),
        tuple(changes(head_lines(old), head_lines(new))),
        tuple(new.nodes[place].step for place in out_of_order(pairs)),
        tuple(new.nodes[place].step for place in _rerouted(old, new, pairs)),
    )


def _placement(old: Graph, new: Graph, index: int, pairs: Pairs) -> Placement:
    node = old.nodes[index]
    says = content(node)[0][1]
    found = pairs.get(index)
    if found is None:
        onward = _surviving(old, index, pairs)
        name = None if onward is None else new.nodes[pairs[onward][0]].step
        return Placement(node.step, name, "end" if name is None else "next", says)
    place, how = found
    partner = new.nodes[place]
    told = list(changes(content(node), content(partner)))
    was, is_ = _own_name(old, node), _own_name(new, partner)
    if was != is_:
        told.append(Change("name", was, is_))
    return Placement(node.step, partner.step, how, says, tuple(told))


def _own_name(graph: Graph, node: Node) -> str:
    return "" if has_made_name(graph, node) else node.step


def _surviving(old: Graph, index: int, pairs: Pairs) -> int | None:
    """The step nearest behind one that is no more, on the ways of the old version, that is still there."""
    seen, waiting = {index}, deque([index])
    while waiting:
        for _, target in ways(old.nodes[waiting.popleft()]):
            if target in pairs:
                return target
            if target != END and target not in seen:
                seen.add(target)
                waiting.append(target)
    return None


def _rerouted(old: Graph, new: Graph, pairs: Pairs) -> Iterator[int]:
    """New steps from which a way leads to another step than from their partners, where that is not because
    a step came or went."""
    back = {place: index for index, (place, _) in pairs.items()}
    for index, (place, _) in sorted(pairs.items()):
        was = [_beyond(old, target, set(pairs)) for _, target in ways(old.nodes[index])]
        now = [_beyond(new, target, set(back)) for _, target in ways(new.nodes[place])]
        told = [(one, two) for one, two in zip(was, now, strict=False) if one is not None and two is not None]
        if len(was) == len(now) and any(one != END if two == END else one != back[two] for one, two in told):
            yield place


def _beyond(graph: Graph, index: int, paired: Container[int]) -> int | None:
    """The first paired step from `index` on, `END` if there is none; None where the ways part before."""
    seen: set[int] = set()
    while index != END and index not in paired:
        targets = {target for _, target in ways(graph.nodes[index])}
        if len(targets) > 1 or index in seen:
            return None
        seen.add(index)
        index = targets.pop() if targets else END
    return index
