"""What the leaves of an export tell, read once from first to last.

Of each person as little is kept as decisions are judged by: a log of millions must fit into memory."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from sys import intern

from consent.proof.expiry import Expiries
from consent.proof.failure import Failed, Failure
from consent.proof.told import Told
from consent.states import (
    DECISIONS_EXPIRED,
    ERASED_BACKUPS,
    GOING,
    GRANTS,
    HARD_BOUNCE,
    HOLD_PLACED,
    HOLDS,
    HOLDS_OVER,
    LAST,
    MERGED,
    MOVED,
    OVERLAYS,
    RESTRICTED,
    RESTRICTION_LIFTED,
    STOPPED,
    STOPS,
    TRANSITIONS,
    State,
    Step,
    may,
    may_merge,
)

_NEXT = {(str(state), str(step)): str(after) for (state, step), after in TRANSITIONS.items()}
_STEPS = frozenset(str(step) for step in Step)
_STOPS = STOPS - OVERLAYS
_GRANTS = frozenset(str(step) for step in GRANTS)
_ENDS = frozenset((str(Step.STALE), str(Step.TERMINATED)))
CONFIRMED, RENEWED, SOFT = str(Step.CONFIRMED), str(Step.RENEWED), str(Step.SOFT_OPT_IN)
_REQUESTED = str(Step.REQUESTED)
_KEYS = frozenset(("log.opened", "key.rotated", "key.retired", "key.lost"))
_GOING, _STOPPED = frozenset(map(str, GOING)), frozenset(map(str, STOPPED))
_FORGETS = frozenset((ERASED_BACKUPS, "proof.purged"))
_NOWHERE = (str(State.NONE), -1, -1)


class Person:
    """A subject's positions in the log, each kind in order."""

    __slots__ = (
        "bounced",
        "ended",
        "erased",
        "grants",
        "held",
        "holds",
        "moved",
        "parts",
        "queued",
        "restricted",
        "silenced",
        "standings",
        "stopped",
    )

    def __init__(self) -> None:
        self.standings: dict[str, tuple[str, int, int]] = {}  # purpose → state, last request, last stop
        self.grants: tuple[tuple[int, str, str, str], ...] = ()  # position, type, purpose, words
        self.stopped: tuple[tuple[int, str], ...] = ()  # position, purpose
        self.ended: tuple[tuple[int, str], ...] = ()  # without a stop: position, purpose
        self.restricted: tuple[tuple[int, bool], ...] = ()  # position, or lifted
        self.silenced: tuple[int, ...] = ()  # by stops of the whole address
        self.bounced: tuple[int, ...] = ()
        self.moved: tuple[int, ...] = ()  # to another address
        self.parts: tuple[tuple[int, str], ...] = ()  # position of one who became part of them, and who
        self.queued: tuple[int, ...] = ()  # proof mails
        self.erased = -1  # or become part of somebody else
        self.held = False  # whether a legal hold stands
        self.holds: tuple[tuple[int, bool], ...] = ()  # position of one that was placed, or is over

    def stops_before(self, place: int) -> int:
        """How many stops there were before a position."""
        return bisect_left(self.silenced, place) + sum(1 for seq, _ in self.stopped if seq < place)

    def last_own_end(self, purpose: str, before: int) -> int:
        """The last leaf before a position that ended just that purpose, as a stop or not; -1: none."""
        ended = (seq for seq, of in (*self.stopped, *self.ended) if of == purpose and seq < before)
        return max(ended, default=-1)

    def last_confirmation(self, before: int) -> int:
        """The last confirmation of any purpose before a position; -1: none."""
        return max((seq for seq, kind, *_ in self.grants if seq < before and kind == CONFIRMED), default=-1)

    def last_word(self, before: int) -> int:
        """The last leaf before a position by which they agreed to anything; -1: none."""
        words = (seq for seq, kind, *_ in self.grants if seq < before and kind in (CONFIRMED, RENEWED))
        return max(words, default=-1)

    def silence(self, before: int) -> int:
        """The last stop of the whole address before a position that still holds: that a mailbox did not exist
        says nothing once they have another; -1: none."""
        moved = newest(self.moved, before)
        for seq in reversed(self.silenced[: bisect_left(self.silenced, before)]):
            if seq > moved or seq not in self.bounced:
                return seq
        return -1

    def own_silence(self, before: int) -> int:
        """The same, of stops that are a person's and no mailbox's."""
        said = (seq for seq in self.silenced if seq < before and seq not in self.bounced)
        return max(said, default=-1)

    def agrees(self, purpose: str, place: int) -> bool:
        """Whether they agreed to `purpose` before a position, and nothing has ended it since."""
        mine = (seq for seq, kind, of, _ in self.grants if seq < place and of == purpose and kind != SOFT)
        return max(mine, default=-1) > max(self.last_own_end(purpose, place), self.silence(place))

    def is_restricted(self, place: int) -> bool:
        """Whether at a position nothing may be done with what is known of them but keep it."""
        toggled = [on for seq, on in self.restricted if seq < place]
        return bool(toggled) and toggled[-1]

    def is_held(self, place: int) -> bool:
        """Whether at a position a legal hold stands on their proof."""
        placed = [on for seq, on in self.holds if seq < place]
        return bool(placed) and placed[-1]


NOBODY = Person()


def newest(places: Sequence[int], before: int) -> int:
    """The last of `places`, which are in order, before a position; -1: none."""
    count = bisect_left(places, before)
    return places[count - 1] if count else -1


@dataclass(slots=True)
class Story:
    """Takes in leaf after leaf."""

    people: dict[str, Person] = field(default_factory=dict)
    batches: dict[int, tuple[int, str, str]] = field(default_factory=dict)  # seq → count, root, policy
    expiries: Expiries = field(default_factory=Expiries)
    notices: dict[tuple[str, str], int] = field(default_factory=dict)  # topic and version → first leaf
    policies: dict[str, int] = field(default_factory=dict)  # digest → first leaf, in order
    in_force: str = ""  # the newest policy's digest
    keys: list[tuple[int, str, str]] = field(default_factory=list)  # seq, what happened, fingerprint
    _merged: tuple[int, str, bool] = (-1, "", False)  # the last: where, into whom, whether they got a mail
    _hands: dict[tuple[str, str], bool] = field(default_factory=dict)  # step and actor: whether they may

    def person(self, subject: str) -> Person:
        """What is known of a subject; of nobody, if it is unknown."""
        return self.people.get(subject, NOBODY)

    def whole(self, subject: str, before: int) -> list[str]:
        """A subject, and all who had become part of them before a position."""
        found = [subject]
        for one in found:
            found += [part for seq, part in self.person(one).parts if seq < before]
        return found

    def tell(self, seq: int, leaf: Told) -> None:
        """Take in the next leaf. Raises `Failed` for one that does not follow."""
        kind = leaf.type
        self.expiries.passed(leaf.at)
        if kind in _STEPS:
            self._step(seq, leaf)
            return
        if leaf.before or leaf.after:
            raise Failed(
                Failure.TRANSITION, f"Leaf {seq}: `{kind}` changes no state, and yet has a from or to."
            )
        if kind == "decisions":
            assert leaf.batch is not None
            if self.in_force and leaf.notice != self.in_force:
                why = f"Leaf {seq}: decisions by rules that were not in force."
                raise Failed(Failure.NOTICE, why)
            self.batches[seq] = (*leaf.batch, intern(leaf.notice))
            self.expiries.batch(seq)
        elif kind == DECISIONS_EXPIRED:
            self.expiries.tell(seq, leaf)
        elif kind == "policy.changed":
            self.policies.setdefault(leaf.notice, seq)
            self.in_force = leaf.notice
        elif kind == "purpose.version":
            self.notices.setdefault((intern(leaf.purpose), leaf.notice), seq)
        elif kind == "proof_mail.queued":
            self._known(leaf.subject).queued += (seq,)
        elif kind in _KEYS:
            self.keys.append((seq, kind, leaf.notice))
        elif kind in HOLDS or kind in _FORGETS:
            self._hold(seq, leaf)
        elif kind in OVERLAYS:
            self._silence(seq, leaf)
        elif kind == MOVED:
            self._move(seq, leaf)
        elif kind in (RESTRICTED, RESTRICTION_LIFTED):
            self._known(leaf.subject).restricted += ((seq, kind == RESTRICTED),)

    def _known(self, subject: str) -> Person:
        found = self.people.get(subject)
        if found is None:
            found = self.people[subject] = Person()
        return found

    def _silence(self, seq: int, leaf: Told) -> None:
        person = self._known(leaf.subject)
        if leaf.type in LAST:
            if person.erased >= 0:
                why = f"Leaf {seq}: subject {leaf.subject} was erased or merged before."
                raise Failed(Failure.TRANSITION, why)
            if leaf.type == MERGED:
                self._merge(seq, leaf, person)
            person.erased = seq
        person.silenced += (seq,)
        if leaf.type == HARD_BOUNCE:
            person.bounced += (seq,)

    def _merge(self, seq: int, leaf: Told, person: Person) -> None:
        """Whoever absorbs another has taken over before what that one had stopped."""
        into = self.person(leaf.into)
        if not may_merge(leaf.actor) or leaf.into in ("", leaf.subject) or into.erased >= 0:
            why = f"Leaf {seq}: subject {leaf.subject} cannot become part of `{leaf.into}`."
            raise Failed(Failure.TRANSITION, why)
        stopped = person.own_silence(seq)
        lost = [
            purpose
            for purpose, (state, *_) in person.standings.items()
            if state in _STOPPED and into.standings.get(purpose, _NOWHERE)[0] not in _STOPPED
        ]
        owed = stopped > into.last_word(seq) or any(
            state in _GOING and _last_grant(into, purpose) < stopped
            for purpose, (state, *_) in into.standings.items()
        )
        silent = owed and into.own_silence(seq) < stopped
        if lost or silent or (person.is_restricted(seq) and not into.is_restricted(seq)):
            why = f"Leaf {seq}: what subject {leaf.subject} had stopped is lost, for `{leaf.into}` has not."
            raise Failed(Failure.TRANSITION, why)
        self._known(leaf.into).parts += ((seq, leaf.subject),)
        self._merged = (seq, leaf.into, bool(person.queued))

    def _move(self, seq: int, leaf: Told) -> None:
        """A person has another address once whoever was known by it is part of them, by the button in a mail
        that went there."""
        person = self._known(leaf.subject)
        if leaf.actor != "subject:link" or self._merged != (seq - 1, leaf.subject, True):
            why = f"Leaf {seq}: subject {leaf.subject} has another address, which did not prove itself."
            raise Failed(Failure.TRANSITION, why)
        person.moved += (seq,)

    def _hold(self, seq: int, leaf: Told) -> None:
        """A legal hold begins once, of somebody who is known; nothing that it keeps is forgotten before it is
        over."""
        person = self._known(leaf.subject)
        if leaf.type in _FORGETS:
            fits = not person.held
        elif leaf.type == HOLD_PLACED:
            fits = person.held or person.erased < 0
        else:
            fits = person.held
        if not fits:
            stands = "a hold stands" if person.held else "no hold stands"
            why = f"Leaf {seq}: `{leaf.type}` of subject {leaf.subject}, of whose proof {stands}."
            raise Failed(Failure.TRANSITION, why)
        if leaf.type in HOLDS:
            person.held = leaf.type not in HOLDS_OVER
            if leaf.type == HOLD_PLACED or not person.held:
                person.holds += ((seq, person.held),)

    def _step(self, seq: int, leaf: Told) -> None:
        person, step, purpose = self._known(leaf.subject), leaf.type, intern(leaf.purpose)
        if person.erased >= 0:
            raise Failed(
                Failure.TRANSITION,
                f"Leaf {seq}: `{step}` of subject {leaf.subject}, whom leaf {person.erased} had ended.",
            )
        state, requested, stopped = person.standings.get(purpose, _NOWHERE)
        after = _NEXT.get((state, step))
        if after is None or leaf.before != state or leaf.after != after:
            raise Failed(
                Failure.TRANSITION,
                f"Leaf {seq}: subject {leaf.subject} stood at `{state}` with `{purpose}`; "
                f"`{step}` from `{leaf.before}` to `{leaf.after}` does not follow.",
            )
        if not self._may(step, leaf.actor):
            why = f"Leaf {seq}: `{step}` is nothing that `{leaf.actor}` may do."
            raise Failed(Failure.TRANSITION, why)
        if step in _GRANTS:
            silenced = max(stopped, person.silence(seq))
            since = requested if step == CONFIRMED else _last_grant(person, purpose)
            if step in (CONFIRMED, RENEWED) and since <= silenced:
                raise Failed(
                    Failure.TRANSITION,
                    f"Leaf {seq}: a confirmation after a stop, and no new request in between.",
                )
            if (purpose, leaf.notice) not in self.notices:
                why = f"Leaf {seq}: the words agreed to were never published as those of `{purpose}`."
                raise Failed(Failure.NOTICE, why)
            person.grants += ((seq, intern(step), purpose, intern(leaf.notice)),)
        elif step == _REQUESTED:
            requested = seq
        elif step in _ENDS:
            person.ended += ((seq, purpose),)
        elif step in _STOPS:
            stopped = seq
            person.stopped += ((seq, purpose),)
        person.standings[purpose] = (after, requested, stopped)

    def _may(self, step: str, actor: str) -> bool:
        known = self._hands.get((step, actor))
        if known is None:
            known = self._hands[step, actor] = may(Step(step), actor)
        return known


def _last_grant(person: Person, purpose: str) -> int:
    return max((seq for seq, _, of, _ in person.grants if of == purpose), default=-1)
