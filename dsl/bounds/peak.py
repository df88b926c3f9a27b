"""The most mails of one flow that a person can get in a window of days, and the way that brings them.

A window is a run of whole days on the person's clock. Whoever is earlier can do all that they could do later:
no wait ends sooner for having begun later. So it is enough to know, for each number of mails, the earliest
moment of the window by which they can have come; and a window may begin with its first mail.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from dsl.bounds.entering import Entering, entering
from dsl.bounds.length import Counted, longest, most
from dsl.bounds.moves import DAY, HOUR, WEEK, Clock, Move, least_seconds, moves, until_shown
from dsl.bounds.showing import showing
from dsl.bounds.walk import TooManyRounds, Walk
from dsl.graph import Graph, Node, Send

MANY = 1_000
"""More mails than that in one window are counted no further."""

_TOO_MANY_ROUNDS = "the rounds of `repeat` are too many to count"

Trail = tuple["Trail", str] | None
"""The mails of a way by the names of their steps, the last one outermost."""


class Window(NamedTuple):
    """`days` whole days that begin on `weekday` (0 is Monday)."""

    days: int
    weekday: int = 0

    @property
    def end(self) -> int:
        """Its length in seconds on the clock."""
        return self.days * DAY

    @property
    def clock(self) -> Clock:
        """What the clock shows at its beginning."""
        return Clock(self.weekday * DAY, WEEK)


class Stand(NamedTuple):
    """At a moment of the window (in seconds), with so many mails behind. `spare` seconds may still be gained
    while elapsed time passes: the clock goes back by an hour once in a window. Nobody enters again before
    `since`."""

    at: int
    mails: int
    spare: int
    since: int
    trail: Trail


class Most(NamedTuple):
    """The most mails, by the names of their steps; `mails` None: there is no bound, and `why`."""

    mails: int | None
    path: tuple[str, ...] = ()
    why: str = ""


class _Endless(Exception):
    """There is no bound worth the name; the message says why."""


def most_within(graph: Graph, days: int, counted: Counted, held: int = 0, again: bool = True) -> Most:
    """The most counted mails of a flow in any `days` whole days, of which 7 are a week from Monday on.

    `held`: for so many seconds each mail may be held up; a window may then begin with any of them at any time
    of the day. `again`: over all journeys of one person, and not over one alone. Errs to the high side only.
    """
    if not any(isinstance(node, Send) and counted(node) for node in graph.nodes):
        return Most(0)
    if most(graph, counted) is None:
        return Most(None, (), _TOO_MANY_ROUNDS)
    rules = entering(graph)
    if not again or rules.side_by_side:
        alone = _best(graph, days, counted, held, None)
        return Most(None, alone.path, rules.side_by_side) if again else alone
    return _best(graph, days, counted, held, rules)


def _best(graph: Graph, days: int, counted: Counted, held: int, rules: Entering | None) -> Most:
    best: Stand | None = None
    for window in _windows(graph, days):
        search = _Search(graph, window, counted, held, rules)
        try:
            search.run()
        except TooManyRounds:
            return Most(None, (), _TOO_MANY_ROUNDS)
        except _Endless as fault:
            return Most(None, _names(search.best), str(fault))
        if best is None or search.best.mails > best.mails:
            best = search.best
    return Most(best.mails, _names(best)) if best else Most(0)


def _windows(graph: Graph, days: int) -> Iterator[Window]:
    """The windows to look at: on which weekday one begins matters only where a flow knows weekdays."""
    clock = entering(graph).clock
    weekly = clock is not None and clock.period == WEEK
    weekly |= any(move.weekday is not None for node in graph.nodes for _, move in moves(node))
    for weekday in range(7 if weekly and days != 7 else 1):
        yield Window(days, weekday)


class _Search:
    """For the way with the most mails through one window. `best` is where it stands behind the last one."""

    def __init__(
        self, graph: Graph, window: Window, counted: Counted, held: int, rules: Entering | None
    ) -> None:
        self._graph = graph
        self._window = window
        self._counted = counted
        self._held = held
        self._rules = rules
        self._mailed: list[Stand] = []
        self.best = Stand(0, 0, 0, 0, None)

    def run(self) -> None:
        """Raises `TooManyRounds`, `_Endless`."""
        rules = self._rules
        if rules is None or rules.period is None:
            self._through(self._begins(None))
            return
        if rules.period == 0 and any(each.at == 0 < each.mails for each in self._through(self._entering([]))):
            raise _Endless(f"a journey can be over at once, and `{rules.again}` begins the next one")
        self.best = Stand(0, 0, 0, 0, None)
        entries = self._entries(self._through(self._begins(rules.period)), rules)
        begun: list[Stand] = []
        while entries:
            begun = _front(begun + entries)
            if self.best.mails > MANY:
                raise _Endless(f"there may be more than {MANY:,}")
            new = self._entries(self._through(self._entering(entries)), rules)
            entries = [entry for entry in new if not any(_beats(other, entry) for other in begun)]

    def _begins(self, period: int | None) -> dict[int, list[Stand]]:
        """With each mail as the first of the window, as early in it as may be."""
        shown = showing(self._graph)
        arrivals = longest(self._graph).arrivals if period is not None else {}
        in_all = most(self._graph)
        late = None if in_all is None else in_all * self._held + self._skipped()
        found = {}
        for index, node in enumerate(self._graph.nodes):
            if not (isinstance(node, Send) and self._counted(node) and index in shown):
                continue
            begin = self._first(None if self._held else shown[index])
            before = arrivals.get(index)
            since = begin
            if period is not None and before is not None and late is not None:
                since = max(begin, begin - before - late + period)
            if begin < self._window.end:
                found[index] = [Stand(begin, 0, HOUR, since, None)]
        return found

    def _skipped(self) -> int:
        """By how much more the clock may have gone on before a mail: by the hour that a clock change skips
        while elapsed time passes."""
        spans = (move.most for node in self._graph.nodes for _, move in moves(node))
        return HOUR if any(span is not None and span.seconds for span in spans) else 0

    def _entering(self, entries: list[Stand]) -> dict[int, list[Stand]]:
        """With these entries into the flow; with one at the beginning of the window if there are none."""
        period = self._rules.period if self._rules is not None else None
        entries = entries or [Stand(0, 0, 0, 0, None)]
        return {0: [entry._replace(since=entry.at + (period or 0)) for entry in entries]}

    def _entries(self, over: Iterable[Stand], rules: Entering) -> list[Stand]:
        """The entries that can follow."""
        found = []
        for stand in over:
            at = self._first(rules.clock, max(stand.at, stand.since))
            if at < self._window.end and stand.mails:
                found.append(stand._replace(at=at, since=at))
        return _front(found)

    def _through(self, begins: Mapping[int, list[Stand]]) -> list[Stand]:
        """From these steps to the end of the journey; gives how it can be over within the window."""
        self._mailed = []
        over = Walk(self._graph, self._step, _front).from_all(begins)
        if self._rules is not None and self._rules.leaving:
            over = _front(over + self._mailed)
        return over

    def _step(self, stand: Stand, _index: int, node: Node, move: Move) -> Iterator[Stand]:
        if isinstance(node, Send) and self._counted(node):
            stand = stand._replace(mails=stand.mails + 1, trail=(stand.trail, node.step))
            self._mailed.append(stand)
            if stand.mails > self.best.mails:
                self.best = stand
        elapsed = move.least.seconds
        at = stand.at + least_seconds(move.least)
        gains = {0, min(stand.spare, elapsed)}
        for gain in gains:
            then = at - gain
            then += until_shown(move, self._window.clock, then, latest=False)
            if then < self._window.end:
                yield Stand(then, stand.mails, stand.spare - gain, stand.since, stand.trail)

    def _first(self, clock: Clock | None, since: int = 0) -> int:
        """The first moment of the window, from `since` on, at which the clock shows that."""
        if clock is None:
            return max(since, 0)
        day, shows = divmod(clock.shows, DAY)
        move = Move(at=shows, weekday=day if clock.period == WEEK else None)
        since = max(since, 0)
        return since + until_shown(move, self._window.clock, since, latest=False)


def _front(stands: list[Stand]) -> list[Stand]:
    """Those stands that no other one beats."""
    kept: list[Stand] = []
    most_with: dict[tuple[int, int], int] = {}
    for stand in sorted(stands, key=lambda each: (each.at, -each.mails, -each.spare, each.since)):
        beaten = any(
            mails >= stand.mails and spare >= stand.spare and since <= stand.since
            for (spare, since), mails in most_with.items()
        )
        if not beaten:
            kept.append(stand)
            most_with[stand.spare, stand.since] = stand.mails
    return kept


def _beats(one: Stand, other: Stand) -> bool:
    return (
        one.at <= other.at
        and one.mails >= other.mails
        and one.spare >= other.spare
        and one.since <= other.since
    )


def _names(stand: Stand) -> tuple[str, ...]:
    names: list[str] = []
    trail = stand.trail
    while trail is not None:
        trail, name = trail
        names.append(name)
    return tuple(reversed(names))
