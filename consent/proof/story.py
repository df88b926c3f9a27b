"""What the leaves of an export tell, read once from first to last."""

import json
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

import rfc8785

from consent.proof.failure import Failed, Failure
from consent.proof.tree import Frontier
from consent.states import ERASURE, HARD_BOUNCE, OVERLAYS, STOPS, TRANSITIONS, State, Step

Json = dict[str, object]

MEMBERS = frozenset(
    (
        "v",
        "log",
        "seq",
        "at",
        "type",
        "subject",
        "purpose",
        "channel",
        "from",
        "to",
        "notice",
        "actor",
        "evidence",
    )
)


@dataclass(slots=True)
class _Standing:
    state: State = State.NONE
    requested: int = -1
    stopped: int = -1


def newest(places: Sequence[int], before: int) -> int:
    """The last of `places`, which are in order, before a position; -1: none."""
    count = bisect_left(places, before)
    return places[count - 1] if count else -1


@dataclass(slots=True)
class Story:
    """Positions of leaves are in order wherever they stand in a list."""

    frontier: Frontier = field(default_factory=Frontier)
    roots: dict[int, bytes] = field(default_factory=dict)  # of the sizes asked for
    standings: dict[tuple[str, str], _Standing] = field(default_factory=dict)
    stops: dict[str, list[int]] = field(default_factory=dict)
    stopped: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    silenced: dict[str, list[int]] = field(default_factory=dict)  # by stops of the whole address
    bounced: dict[str, list[int]] = field(default_factory=dict)
    erased: dict[str, int] = field(default_factory=dict)
    confirmed: dict[int, tuple[str, str, str]] = field(default_factory=dict)
    confirmations: dict[str, list[int]] = field(default_factory=dict)  # of a person, on any purpose
    agreed: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    queued: dict[str, list[int]] = field(default_factory=dict)  # proof mails
    batches: dict[int, tuple[int, str, str]] = field(default_factory=dict)  # seq → count, root, policy
    notices: dict[str, int] = field(default_factory=dict)  # purpose version → first leaf
    policies: dict[str, int] = field(default_factory=dict)
    receipt: tuple[str, str] | None = None

    def tell(self, seq: int, leaf: Json) -> None:
        """Take in the next leaf. Raises `Failed` for one that does not follow."""
        kind, subject = str(leaf["type"]), str(leaf["subject"])
        notice = str(leaf["notice"])
        if kind == "decisions":
            self.batches[seq] = (*_batch(seq, leaf.get("batch")), notice)
        elif kind == "policy.changed":
            self.policies.setdefault(notice, seq)
        elif kind == "purpose.version":
            self.notices.setdefault(notice, seq)
        elif kind == "proof_mail.queued":
            self.queued.setdefault(subject, []).append(seq)
        if kind in set(Step):
            self._step(seq, Step(kind), leaf)
            return
        if kind == ERASURE and self.erased.setdefault(subject, seq) != seq:
            raise Failed(Failure.TRANSITION, f"Leaf {seq}: subject {subject} was erased before.")
        if leaf["from"] or leaf["to"]:
            raise Failed(
                Failure.TRANSITION, f"Leaf {seq}: `{kind}` changes no state, and yet has a from or to."
            )
        if kind in OVERLAYS:
            self.stops.setdefault(subject, []).append(seq)
            self.silenced.setdefault(subject, []).append(seq)
            if kind == HARD_BOUNCE:
                self.bounced.setdefault(subject, []).append(seq)

    def _step(self, seq: int, step: Step, leaf: Json) -> None:
        subject, purpose, notice = str(leaf["subject"]), str(leaf["purpose"]), str(leaf["notice"])
        if subject in self.erased:
            raise Failed(
                Failure.TRANSITION,
                f"Leaf {seq}: `{step}` of subject {subject}, who was erased by leaf {self.erased[subject]}.",
            )
        standing = self.standings.setdefault((subject, purpose), _Standing())
        after = TRANSITIONS.get((standing.state, step))
        if after is None or leaf["from"] != standing.state or leaf["to"] != after:
            raise Failed(
                Failure.TRANSITION,
                f"Leaf {seq}: subject {subject} stood at `{standing.state}` with `{purpose}`; "
                f"`{step}` from `{leaf['from']}` to `{leaf['to']}` does not follow.",
            )
        if step is Step.CONFIRMED:
            if standing.requested <= max([standing.stopped, *self.silenced.get(subject, ())[-1:]]):
                raise Failed(
                    Failure.TRANSITION,
                    f"Leaf {seq}: a confirmation after a stop, and no new request in between.",
                )
            if notice not in self.notices:
                raise Failed(Failure.NOTICE, f"Leaf {seq}: the words agreed to were never published.")
            self.confirmed[seq] = (subject, purpose, notice)
            self.confirmations.setdefault(subject, []).append(seq)
            self.agreed.setdefault((subject, purpose), []).append(seq)
        if step is Step.REQUESTED:
            standing.requested = seq
        if step in STOPS:
            standing.stopped = seq
            self.stops.setdefault(subject, []).append(seq)
            self.stopped.setdefault((subject, purpose), []).append(seq)
        standing.state = after

    def stop_between(self, subject: str, purpose: str, first: int, last: int) -> int:
        """A stop of that subject and purpose, or of the whole address, between two positions; -1: none."""
        found = max(
            newest(self.stopped.get((subject, purpose), ()), last),
            newest(self.silenced.get(subject, ()), last),
        )
        return found if found > first else -1

    def agreed_at(self, subject: str, purpose: str, place: int) -> bool:
        """Whether the subject agreed to `purpose` before a position, and nothing has stopped it since."""
        consent = newest(self.agreed.get((subject, purpose), ()), place)
        return consent >= 0 and self.stop_between(subject, purpose, consent, place) < 0


def _batch(seq: int, batch: object) -> tuple[int, str]:
    if not isinstance(batch, dict) or set(batch) != {"count", "root"} or not isinstance(batch["count"], int):
        raise Failed(Failure.LEAF, f"Leaf {seq} records decisions but has no count and root.")
    return batch["count"], str(batch["root"])


def canonical_object(line: bytes, failure: Failure, what: str) -> Json:
    """The object in `line`, if these are its canonical bytes (RFC 8785). Raises `Failed`."""
    try:
        found = json.loads(line)
        same = isinstance(found, dict) and rfc8785.dumps(found) == line
    except (ValueError, RecursionError):
        same = False
    if not same:
        raise Failed(failure, f"{what} is no canonical JSON.")
    return cast(Json, found)
