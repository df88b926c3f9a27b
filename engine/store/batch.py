"""Everything that one transaction of the engine changes, gathered before it is written."""

from collections import Counter
from dataclasses import dataclass, field

from engine.core.bundle import Bundle, Effect, Entry, Journey, Stimulus
from engine.core.calendar import NEVER
from engine.core.counted import Drawn, Scored, Struck
from engine.core.stride import Stride
from engine.people.catalogue import Product
from engine.store.aside import Aside
from engine.store.due import Due
from engine.store.handed import Handed
from engine.store.lines import Passage
from engine.store.retries import Retry
from engine.store.unknown import Unknown

PERSONALISATION = "personalisation"


@dataclass(slots=True)
class Batch:
    """Lists of rows to write and rows to take away. A deadline that never comes has no watch row."""

    profiles: list[Bundle] = field(default_factory=list)
    journeys_put: list[Journey] = field(default_factory=list)  # new ones
    journeys_moved: list[tuple[Journey, Journey]] = field(default_factory=list)  # (old, new)
    journeys_gone: list[Journey] = field(default_factory=list)
    strides: list[tuple[Due, Stride]] = field(default_factory=list)  # of journeys that were not loaded
    watches_gone: list[tuple[int, str]] = field(default_factory=list)  # (due, contact)
    watches_put: list[tuple[int, str]] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    codes: list[Effect] = field(default_factory=list)  # coupons' codes that were made
    emitted: list[Effect] = field(default_factory=list)  # events that flows emitted
    inbox: int | None = None  # how far this batch leads, if nobody needs to see again what it emits
    ended: list[str] = field(default_factory=list)  # keys of effects that are done
    handed: list[Handed] = field(default_factory=list)
    unknown: list[Unknown] = field(default_factory=list)  # mails whose outcome nobody knows
    known: list[str] = field(default_factory=list)  # keys of such mails of which somebody does now
    unkept: list[str] = field(default_factory=list)  # keys of mails that are not to be seen in the browser
    entries: list[Entry] = field(default_factory=list)
    passages: list[Passage] = field(default_factory=list)  # lines of strides, behind the entries
    named: list[tuple[int, str]] = field(default_factory=list)  # (inbox position, contact)
    forgotten: list[int] = field(default_factory=list)  # inbox positions whose address is none
    emptied: list[int] = field(default_factory=list)  # inbox positions that may not be kept: views
    unwatched: list[str] = field(default_factory=list)  # contacts none of whose views may be kept
    trials: list[Drawn | Scored | Struck] = field(default_factory=list)  # arms, and what came of them
    products: list[Product] = field(default_factory=list)  # as events newly told of them
    products_gone: list[str] = field(default_factory=list)  # SKUs
    readmitted: list[str] = field(default_factory=list)  # contacts who are set aside no more
    aside: list[Aside] = field(default_factory=list)  # people who are set aside
    held: list[Stimulus] = field(default_factory=list)  # what happened to such people
    retries: list[Retry] = field(default_factory=list)  # what is tried again
    retried: list[str] = field(default_factory=list)  # keys of what is tried again no more
    cursors: dict[str, int] = field(default_factory=dict)

    def told(self) -> Counter[tuple[str, str, str]]:
        """How often its lines of the journal say what: by flow, word and reason."""
        found = Counter([(entry.flow, entry.what, entry.reason) for entry in self.entries])
        ways = Counter([(passage.flow, passage.lines) for passage in self.passages])
        for (flow, lines), count in ways.items():
            for line in lines:
                found[flow, line.what, line.reason] += count
        return found

    def change(self, old: Bundle, new: Bundle) -> None:
        """Add what differs between two states of one contact."""
        if old is new:
            return
        if PERSONALISATION in old.agreed and PERSONALISATION not in new.agreed:
            self.unwatched.append(new.contact)
        before = {journey.id: journey for journey in old.journeys}
        started = any(journey.id not in before for journey in new.journeys)
        if started or _profile(old) != _profile(new) or not old.created:
            self.profiles.append(new)
        if old.watch != new.watch:
            if old.watch != NEVER:
                self.watches_gone.append((old.watch, old.contact))
            if new.watch != NEVER:
                self.watches_put.append((new.watch, new.contact))
        for journey in new.journeys:
            known = before.pop(journey.id, None)
            if known is None:
                self.journeys_put.append(journey)
            elif known is not journey:
                self.journeys_moved.append((known, journey))
        self.journeys_gone.extend(before.values())


def _profile(bundle: Bundle) -> tuple[object, ...]:
    """What the contact's own row holds, but for where its journeys are. The parts are compared by identity
    first, so equal ones cost nothing."""
    return (
        bundle.attributes,
        bundle.agreed,
        bundle.windows,
        bundle.segments,
        bundle.segments_due,
        bundle.judged_by,
        bundle.entered,
        bundle.watch,
        bundle.dates,
        bundle.dated_by,
        bundle.mails,
        bundle.viewed,
        bundle.bought,
        bundle.armed,
        bundle.given,
        bundle.known_since,
        bundle.silenced,
        bundle.predicted,
        bundle.trials,
        bundle.kept_by,
        bundle.restricted,
    )
