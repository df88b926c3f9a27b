"""What the leaves of an export tell, read once from first to last.

Of each person as little is kept as decisions are judged by: a log of millions must fit into memory."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from sys import intern

from consent.proof.failure import Failed, Failure
from consent.proof.told import Told
from consent.states import ERASURE, HARD_BOUNCE, OVERLAYS, STOPS, TRANSITIONS, State, Step

_NEXT = {(str(state), str(step)): str(after) for (state, step), after in TRANSITIONS.items()}
_STEPS = frozenset(str(step) for step in Step)
_STOPS = STOPS - OVERLAYS
_CONFIRMED, _REQUESTED = str(Step.CONFIRMED), str(Step.REQUESTED)
_KEYS = frozenset(("log.opened", "key.rotated", "key.retired", "key.lost"))
_NOWHERE = (str(State.NONE), -1, -1)


class Person:
    """A subject's positions in the log, each kind in order."""

    __slots__ = ("bounced", "confirmations", "erased", "queued", "silenced", "standings", "stopped")

    def __init__(self) -> None:
        self.standings: dict[str, tuple[str, int, int]] = {}  # purpose → state, last request, last stop
        self.confirmations: tuple[tuple[int, str, str], ...] = ()  # position, purpose, words
        self.stopped: tuple[tuple[int, str], ...] = ()  # position, purpose
        self.silenced: tuple[int, ...] = ()  # by stops of the whole address
        self.bounced: tuple[int, ...] = ()
        self.queued: tuple[int, ...] = ()  # proof mails
        self.erased = -1

    def stops_before(self, place: int) -> int:
        """How many stops there were before a position."""
        return bisect_left(self.silenced, place) + sum(1 for seq, _ in self.stopped if seq < place)

    def last_stop(self, purpose: str, before: int) -> int:
        """The last stop of that purpose, or of the whole address, before a position; -1: none."""
        own = max((seq for seq, of in self.stopped if of == purpose and seq < before), default=-1)
        return max(own, newest(self.silenced, before))

    def last_confirmation(self, before: int, purpose: str | None = None) -> int:
        """The last confirmation, of a purpose if one is given, before a position; -1: none."""
        mine = (seq for seq, of, _ in self.confirmations if seq < before and purpose in (None, of))
        return max(mine, default=-1)

    def agrees(self, purpose: str, place: int) -> bool:
        """Whether they agreed to `purpose` before a position, and nothing has stopped it since."""
        return self.last_confirmation(place, purpose) > self.last_stop(purpose, place)


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
    notices: dict[str, int] = field(default_factory=dict)  # purpose version → first leaf
    policies: dict[str, int] = field(default_factory=dict)
    keys: list[tuple[int, str, str]] = field(default_factory=list)  # seq, what happened, fingerprint

    def person(self, subject: str) -> Person:
        """What is known of a subject; of nobody, if it is unknown."""
        return self.people.get(subject, NOBODY)

    def tell(self, seq: int, leaf: Told) -> None:
        """Take in the next leaf. Raises `Failed` for one that does not follow."""
        kind = leaf.type
        if kind in _STEPS:
            self._step(seq, leaf)
            return
        if leaf.before or leaf.after:
            raise Failed(
                Failure.TRANSITION, f"Leaf {seq}: `{kind}` changes no state, and yet has a from or to."
            )
        if kind == "decisions":
            assert leaf.batch is not None
            self.batches[seq] = (*leaf.batch, intern(leaf.notice))
        elif kind == "policy.changed":
            self.policies.setdefault(leaf.notice, seq)
        elif kind == "purpose.version":
            self.notices.setdefault(leaf.notice, seq)
        elif kind == "proof_mail.queued":
            self._known(leaf.subject).queued += (seq,)
        elif kind in _KEYS:
            self.keys.append((seq, kind, leaf.notice))
        elif kind in OVERLAYS:
            self._silence(seq, leaf)

    def _known(self, subject: str) -> Person:
        found = self.people.get(subject)
        if found is None:
            found = self.people[subject] = Person()
        return found

    def _silence(self, seq: int, leaf: Told) -> None:
        person = self._known(leaf.subject)
        if leaf.type == ERASURE:
            if person.erased >= 0:
                why = f"Leaf {seq}: subject {leaf.subject} was erased before."
                raise Failed(Failure.TRANSITION, why)
            person.erased = seq
        person.silenced += (seq,)
        if leaf.type == HARD_BOUNCE:
            person.bounced += (seq,)

    def _step(self, seq: int, leaf: Told) -> None:
        person, step, purpose = self._known(leaf.subject), leaf.type, intern(leaf.purpose)
        if person.erased >= 0:
            raise Failed(
                Failure.TRANSITION,
                f"Leaf {seq}: `{step}` of subject {leaf.subject}, who was erased by leaf {person.erased}.",
            )
        state, requested, stopped = person.standings.get(purpose, _NOWHERE)
        after = _NEXT.get((state, step))
        if after is None or leaf.before != state or leaf.after != after:
            raise Failed(
                Failure.TRANSITION,
                f"Leaf {seq}: subject {leaf.subject} stood at `{state}` with `{purpose}`; "
                f"`{step}` from `{leaf.before}` to `{leaf.after}` does not follow.",
            )
        if step == _CONFIRMED:
            if requested <= max(stopped, newest(person.silenced, seq)):
                raise Failed(
                    Failure.TRANSITION,
                    f"Leaf {seq}: a confirmation after a stop, and no new request in between.",
                )
            if leaf.notice not in self.notices:
                raise Failed(Failure.NOTICE, f"Leaf {seq}: the words agreed to were never published.")
            person.confirmations += ((seq, purpose, intern(leaf.notice)),)
        elif step == _REQUESTED:
            requested = seq
        elif step in _STOPS:
            stopped = seq
            person.stopped += ((seq, purpose),)
        person.standings[purpose] = (after, requested, stopped)
