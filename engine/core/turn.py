"""One stimulus being worked through: the contact as it changes, and what is gathered on the way."""

from collections import deque
from collections.abc import Collection
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from dsl.graph import Wait, WaitUntilDate, WaitUntilTime
from engine.core import calendar
from engine.core.bundle import (
    Advanced,
    Bundle,
    Effect,
    Entry,
    Happened,
    Journey,
    Recall,
    Requested,
    Stimulus,
    in_order,
    replace,
)
from engine.core.calendar import NEVER
from engine.core.conditions import Scene
from engine.core.counted import Drawn, Scored, Struck
from engine.core.flow import Flow
from engine.core.loaded import Loaded, clock_named
from engine.core.record import Ground, Line, What, Why


class Turn:
    """Lives for one call of `advance`; nothing outside sees it.

    `moved` are segments joined (True) and left that no flow has heard of yet, `started` the flows that were
    started in this turn. `following` are events that journeys emitted and flows that they start, each with
    its key, still to be worked on. `occasion` is the id of the event that is, and `cause` what tells it apart
    from the stimulus itself.
    """

    def __init__(self, loaded: Loaded, bundle: Bundle, stimulus: Stimulus, now: int) -> None:
        self.loaded = loaded
        self.stimulus = stimulus
        self.now = now
        self.due = now  # when what moves people in this turn was to happen; earlier where a timer is late
        self.new = not bundle.created  # nothing was known of this contact
        self.bundle = replace(bundle, created=now) if self.new else bundle
        self._zone = clock_named(bundle.attributes)
        self.clock: ZoneInfo = loaded.zone(self._zone)
        self.learned = self.new  # whether what dates rest on has changed
        self.moved: list[tuple[str, bool]] = []
        self.started: set[str] = set()
        self.following: deque[tuple[str, Happened | Requested]] = deque()
        self.occasion = stimulus.id
        self.cause = ""
        self._followed = 0
        self._effects: list[Effect] = []
        self._recalls: list[Recall] = []
        self._entries: list[Entry] = []
        self._taken: set[str] = set()
        self._short: set[str] = set()
        self._trials: list[Drawn | Scored | Struck] = []

    def done(self) -> Advanced:
        return Advanced(
            self.bundle,
            tuple(self._effects),
            tuple(self._recalls),
            tuple(self._entries),
            tuple(self._trials),
            frozenset(self._short),
        )

    def change(self, **fields: Any) -> None:
        """Change parts of the bundle."""
        self.bundle = replace(self.bundle, **fields)
        if "attributes" in fields:
            self.learned = True
            self._tell_zone()
            clock = self.loaded.zone(self._zone)
            if clock is not self.clock:
                before, self.clock = self.clock, clock
                self._carry_waits(before)
                self.reopen()

    def follow(self, key: str) -> None:
        """What is worked on now is what a journey set off under that key, or (empty) the stimulus again."""
        self.occasion, self.cause = key or self.stimulus.id, key

    def may_follow(self, most: int) -> bool:
        """Whether one more thing may follow from this stimulus, of which there are at most so many."""
        self._followed += 1
        return self._followed <= most

    def clock_of(self, flow: Flow) -> ZoneInfo:
        """The flow's clock: its own, or the contact's."""
        return flow.clock or self.clock

    def scene(self, journey: Journey | None = None, event: dict[str, Any] | None = None) -> Scene:
        """What conditions look at; those of a journey go by the clock of its flow."""
        clock = self.clock if journey is None else self.clock_of(self.flow(journey))
        return Scene(self.bundle, self.now, clock, journey, event)

    def scene_of(self, flow: Flow, event: dict[str, Any] | None = None) -> Scene:
        """The same before there is a journey of that flow."""
        return Scene(self.bundle, self.now, self.clock_of(flow), None, event)

    def flow(self, journey: Journey) -> Flow:
        """The graph that the journey is pinned to."""
        return self.loaded.graphs[journey.graph]

    def journey(self, id_: str) -> Journey | None:
        return next((journey for journey in self.bundle.journeys if journey.id == id_), None)

    def stand(self, journey: Journey, due: int, node: int | None = None) -> None:
        """The journey stands at its node, or at another one, with a new deadline: one that is noted only, and
        never comes, while what is known of the contact is not to be used."""
        at = journey.node if node is None else node
        held = self.bundle.restricted
        if held is not None:
            self.change(restricted=replace(held, dues={**held.dues, journey.id: due}))
            due = NEVER
        armed = replace(journey, node=at, due=due, epoch=journey.epoch + 1, clock=self._zone)
        self.bundle = replace(self.bundle, journeys=_with(self.bundle.journeys, armed))

    def due_of(self, journey: Journey) -> int:
        """The journey's deadline, also where it is noted only; negative: it stands before a step."""
        held = self.bundle.restricted
        return journey.due if held is None else held.dues.get(journey.id, journey.due)

    def wait(self, journey: Journey, due: int, what: What = What.WAITS, reason: str = "") -> None:
        """The journey waits at its node until `due`, which the journal tells."""
        step = self.flow(journey).graph.nodes[journey.node].step
        self.note(journey.flow, journey.id, step, what, reason, due)
        self.stand(journey, due)

    def end(self, journey: Journey, what: What, reason: str = "", grounds: tuple[Ground, ...] = ()) -> None:
        """The journey is over. A mail of it that has not been handed over yet is called back."""
        self.change(journeys=tuple(other for other in self.bundle.journeys if other.id != journey.id))
        if journey.mail and what is What.LEFT:
            self._recalls.append(Recall(journey.mail, journey.contact))
        self.note(journey.flow, journey.id, "", what, reason, grounds=grounds)

    def reopen(self) -> None:
        """There may be room for held mails earlier than was known."""
        for journey in self.bundle.journeys:
            if journey.held and self.due_of(journey) > self.now:
                self.stand(journey, self.now)

    def _tell_zone(self) -> None:
        """Every journey that stands bears the name of the contact's zone."""
        zone = clock_named(self.bundle.attributes)
        if zone != self._zone:
            self._zone = zone
            journeys = tuple(replace(journey, clock=zone) for journey in self.bundle.journeys)
            self.bundle = replace(self.bundle, journeys=journeys)

    def _carry_waits(self, before: ZoneInfo) -> None:
        """The contact's clock is another: who waits for a time of day waits for that of the new one, on the
        day that was meant, or no longer where it is over there. A wait for a while is as long as it was."""
        for journey in self.bundle.journeys:
            at = self._awaited_time(journey)
            meant = self.due_of(journey)
            if at is not None and self.now < meant < NEVER:
                due = max(calendar.carried(meant, at, before, self.clock), self.now)
                if due != meant:
                    self.wait(journey, due, What.WAIT_MOVED, Why.ANOTHER_CLOCK)

    def _awaited_time(self, journey: Journey) -> str | None:
        """The time of day on the contact's clock that a journey waits for."""
        flow = self.flow(journey)
        if flow.clock is not None:
            return None
        match flow.graph.nodes[journey.node]:
            case Wait(at=at) | WaitUntilTime(at=at):
                return at
            case WaitUntilDate(at=None):  # a date is its 00:00; a moment is one on every clock
                of_day = isinstance(flow.values[journey.node](self.scene(journey)), date)
                return "00:00" if of_day else None
            case WaitUntilDate(at=at):
                return at
        return None

    def take_codes(self, coupons: Collection[str]) -> dict[str, str] | None:
        """The next free code of the list of each of these coupons, none twice, whichever lists have it. None
        if there is not one for each at hand: then more are asked for and none is taken."""
        found: dict[str, str] = {}
        gone = set(self._taken)
        for coupon in coupons:
            free = (code for code in self.stimulus.codes.get(coupon, ()) if code not in gone)
            code = next(free, None)
            if code is None:
                self._short.add(coupon)
            else:
                found[coupon] = code
                gone.add(code)
        if not self._short.isdisjoint(coupons):
            return None
        self._taken = gone
        return found

    def count(self, counted: Drawn | Scored | Struck) -> None:
        """Something of a trial."""
        self._trials.append(counted)

    def ask(self, effect: Effect) -> None:
        """Have something carried out."""
        self._effects.append(effect)

    def tell(self, journey: Journey, line: Line) -> None:
        """A line of the journal about a step that only looks."""
        told = (journey.id, journey.flow, line.step, line.what, line.reason, line.until, "", line.grounds)
        self._entries.append(Entry(self.bundle.contact, self.now, len(self._entries), *told))

    def note(
        self,
        flow: str,
        journey: str,
        step: str,
        what: What,
        reason: str = "",
        until: int = 0,
        fault: str = "",
        grounds: tuple[Ground, ...] = (),
    ) -> None:
        """A line of the journal."""
        n, contact = len(self._entries), self.bundle.contact
        told = (journey, flow, step, what.value, reason, until, fault, grounds)
        self._entries.append(Entry(contact, self.now, n, *told))


def _with(journeys: tuple[Journey, ...], journey: Journey) -> tuple[Journey, ...]:
    """The journeys with this one in its place: that which it has already, or by the order of turns."""
    for place, other in enumerate(journeys):
        if other.id == journey.id:
            return (*journeys[:place], journey, *journeys[place + 1 :])
    return in_order((*journeys, journey)) if journeys else (journey,)
