"""Timers that concern nothing but one journey: what comes of them, without all that is known of the contact.

Most timers of a flow only lead from one wait to the next. Nothing of the contact is asked on the way but the
clock and, at a split, the id. So what comes of such a timer is the same for all who stand there, and is
reckoned once for all whose time comes together.
"""

from typing import TypeAlias

from msgspec import Struct

from dsl.graph import END, Split
from engine.core import choice
from engine.core.alone import attributes, behind
from engine.core.bundle import Bundle, Journey, replace
from engine.core.calendar import NEVER
from engine.core.conditions import Scene
from engine.core.flow import Flow
from engine.core.loaded import Loaded
from engine.core.looking import Goes, Stands, look
from engine.core.record import Line
from engine.core.values import decoder

Values: TypeAlias = tuple[bytes | None, ...]
"""Attributes as rows hold them, so that no two of different types are taken for the same; None: not known."""


class Stride(Struct, frozen=True, gc=False):
    """From a wait to the next one: the node at which the journey stands then (`END`: it is over), its
    deadline in ms UTC, the lines of the journal in order, and its `visits` (None: as they were)."""

    node: int
    due: int
    lines: tuple[Line, ...]
    visits: dict[str, int] | None = None


class Strides:
    """What comes of the timers of one batch at `now` (ms UTC), by what is loaded.

    A stride is what `advance` would make of the timer, and nothing else would come of it: if the timer is not
    stale, no mail of the journey is open or held, nothing else of the contact is due (no `watch`, no other
    journey), and the contact has been looked at by the present segments and starts.
    """

    def __init__(self, loaded: Loaded, now: int) -> None:
        self._loaded = loaded
        self._now = now
        self._ways: dict[_Place, _Way | None] = {}
        self._names: dict[tuple[str, int], tuple[str, ...] | None] = {}

    def of(
        self, graph: str, node: int, clock: str, contact: str, values: Values | None = None
    ) -> Stride | None:
        """What comes of the timer of a journey at a node of the graph of that digest, with that `clock`, and
        these `values` of the `names` that are asked for there. None: more must be known of the contact.
        Whoever goes the same way is given the same object."""
        place = (graph, node, clock, values)
        try:
            way = self._ways[place]
        except KeyError:
            way = self._ways[place] = self._begin(graph, node, clock, values)
        while isinstance(way, _Fork):
            way = way.arm(contact)
        return way

    def asks(self, graph: str, node: int) -> bool:
        """Whether `known` tells what comes of such a timer, and `of` does not."""
        flow = self._loaded.graphs.get(graph)
        return flow is not None and node in flow.asks

    def names(self, graph: str, node: int) -> tuple[str, ...] | None:
        """The attributes by which `of` tells what comes of a timer, where `asks` says so. None: it takes more
        than these."""
        place = (graph, node)
        if place not in self._names:
            flow = self._loaded.graphs[graph]
            self._names[place] = attributes(flow.graph, flow.looks, node)
        return self._names[place]

    def known(self, bundle: Bundle, journey: Journey) -> Stride:
        """What comes of the timer of a journey that stands where `asks` says so. The contact's journeys need
        not be in the `bundle`."""
        flow = self._loaded.graphs[journey.graph]
        scene = Scene(bundle, self._now, flow.clock or self._loaded.clock(bundle), journey)
        way = _behind(flow, journey.node, scene)
        assert isinstance(way, Stride), "where the journey is known, every split is chosen"
        return way

    def _begin(self, graph: str, node: int, clock: str, values: Values | None) -> "_Way | None":
        flow = self._loaded.graphs.get(graph)
        if flow is None or node not in flow.alone or (node in flow.asks and values is None):
            return None
        anybody = _ANYBODY
        if values is not None:
            names = self.names(graph, node)
            assert names is not None, "of more than attributes nothing is known here"
            told = {
                name: _value(value) for name, value in zip(names, values, strict=True) if value is not None
            }
            anybody = Bundle("", attributes=told)
        return _behind(flow, node, Scene(anybody, self._now, flow.clock or self._loaded.zone(clock)))


class _Fork:
    """A split, at which the ways of those part who came there together."""

    def __init__(self, flow: Flow, index: int, split: Split, scene: Scene, lines: tuple[Line, ...]) -> None:
        self._flow = flow
        self._index = index
        self._split = split
        self._scene = scene
        self._lines = lines
        self._arms: dict[str, _Way] = {}

    def arm(self, contact: str) -> "_Way":
        """The way of a contact."""
        label = choice.arm(self._flow.graph.flow, self._split, contact).label
        way = self._arms.get(label)
        if way is None:
            own = Scene(Bundle(contact), self._scene.now, self._scene.clock)
            outcome = look(self._flow, self._index, own)
            assert isinstance(outcome, Goes)
            way = _onward(self._flow, outcome.to, self._scene, (*self._lines, outcome.line))
            self._arms[label] = way
        return way


_Way: TypeAlias = Stride | _Fork
_Place: TypeAlias = tuple[str, int, str, Values | None]
_value = decoder().decode

_ANYBODY = Bundle("")
"""Who stands for all that nothing is asked of."""


def _behind(flow: Flow, index: int, scene: Scene) -> _Way:
    onward = behind(flow.graph.nodes[index])
    assert onward is not None, "only a wait has an end"
    return _onward(flow, onward[0], scene, onward[1])


def _onward(flow: Flow, index: int, scene: Scene, lines: tuple[Line, ...]) -> _Way:
    """The rest of the way from a node; up to the first split where the scene is everybody's."""
    visits = None
    while True:
        node = None if index == END else flow.graph.nodes[index]
        if scene.journey is None and isinstance(node, Split):
            return _Fork(flow, index, node, scene, lines)
        outcome = look(flow, index, scene)
        lines = (*lines, outcome.line)
        match outcome:
            case Goes():
                index = outcome.to
                if outcome.visits is not None and scene.journey is not None:
                    visits = outcome.visits
                    scene.journey = replace(scene.journey, visits=visits)
            case Stands():
                return Stride(index, outcome.line.until, lines, visits)
            case _:
                return Stride(END, NEVER, lines, visits)
