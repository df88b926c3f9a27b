"""A person as their leaves alone tell of them: where they stand, what lies over their address, what evidence
there must be. Pure; what the store has is compared with it."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from consent.contract import ALL_FACTS
from consent.ledger.logged import Logged, leads
from consent.states import (
    COMPLAINT,
    GRANTS,
    HARD_BOUNCE,
    LAST,
    MERGED,
    MOVED,
    OBJECTION,
    PENDING_PURGED,
    RESTRICTED,
    RESTRICTION_LIFTED,
    STOPPED,
    STOPS,
    State,
    Step,
)

RESOLVED = "doubt.resolved"
"""The type of the leaf by which somebody is in doubt no more, and the operator's word that asks for it."""

EVIDENCE_LOST = "evidence.lost"
"""The type of the leaf by which damaged evidence was given up: that to which it names the commitment."""

_PURGES = frozenset({"proof.purged", PENDING_PURGED})
_STEPS = frozenset(str(step) for step in Step)
_MOVES_ALWAYS = frozenset(str(step) for step in GRANTS) | STOPS
_SAID = (COMPLAINT, OBJECTION)


@dataclass(slots=True, frozen=True)
class Stood:
    """A standing, as `standings` has it; of a pending wish it is not told until when."""

    state: State
    seq: int
    version: str
    at: int

    @property
    def facts(self) -> int:
        """Those of a soft opt-in."""
        return ALL_FACTS if self.state is State.SOFT_ACTIVE else 0


@dataclass(slots=True)
class Retold:
    """What the leaves of a person say. Numbers are positions, 0: there is none; `moved` is in ms UTC.
    `proved` are the leaves whose evidence must be there, by commitment; `pace` those that changed how often
    and until when mails wait, the newest of each; `faults` the leaves that do not follow."""

    standings: dict[str, Stood] = field(default_factory=dict)
    newest: dict[str, int] = field(default_factory=dict)  # of complaints, objections, bounces, words
    restricted: int = 0
    epoch: int = 0
    moved: int = 0
    last: int = 0  # the leaf that ended them
    proved: dict[str, Logged] = field(default_factory=dict)
    purged: int = 0  # the newest leaf by which evidence from before it may be gone
    lost: set[str] = field(default_factory=set)  # commitments to what was given up
    pace: dict[str, Logged] = field(default_factory=dict)
    faults: list[int] = field(default_factory=list)
    owed: set[str] = field(default_factory=set)  # what a part had left and the whole never took over
    owes_restriction: int = 0  # the leaf of a merge by which a restriction was lost

    def columns(self) -> dict[str, int]:
        """What `subjects` must have of them."""
        return {
            "epoch": self.epoch,
            "confirmed": self.newest.get("confirmed", 0),
            "complained": self.newest.get(COMPLAINT, 0),
            "objected": self.newest.get(OBJECTION, 0),
            "bounced": self.newest.get(HARD_BOUNCE, 0),
            "restricted": self.restricted,
            "moved": self.moved,
        }


def retell(leaves: Iterable[Logged], of_parts: Iterable[Logged] = ()) -> Retold:
    """The person of whom these are all leaves, in order; `of_parts` are those of whoever became part of
    them, whose stops count as their own."""
    found, others = Retold(), list(of_parts)
    parts = {leaf.subject: Retold() for leaf in others}
    for leaf in sorted([*leaves, *others], key=_in_order) if others else leaves:
        one = parts.get(leaf.subject, found)
        _tell(one, leaf)
        if leaf.type == MERGED and one is not found:
            _take_over(parts.get(leaf.into, found), one, leaf.seq)
    for part in parts.values():
        for kind in _SAID:
            if kind in part.newest:
                found.newest[kind] = max(found.newest.get(kind, 0), part.newest[kind])
        found.faults += part.faults
        kept = {of: one for of, one in part.proved.items() if one.seq > found.purged and of not in found.lost}
        found.proved = kept | found.proved
    return found


def _in_order(leaf: Logged) -> int:
    return leaf.seq


def _take_over(whole: Retold, part: Retold, seq: int) -> None:
    """What a part had left when it became one, the whole has left before; else it still has to."""
    left = {topic for topic, one in part.standings.items() if one.state in STOPPED} | part.owed
    mine = {topic for topic, one in whole.standings.items() if one.state in STOPPED}
    whole.owed |= left - mine
    if (part.restricted or part.owes_restriction) and not whole.restricted:
        whole.owes_restriction = seq


def _tell(found: Retold, leaf: Logged) -> None:
    if found.last and leaf.type in _STEPS | LAST:
        found.faults.append(leaf.seq)
    if leaf.type in STOPS:
        found.epoch += 1
    _prove(found, leaf)
    if leaf.type in _STEPS:
        _step(found, leaf)
    elif leaf.type in (COMPLAINT, OBJECTION, HARD_BOUNCE):
        found.newest[leaf.type] = leaf.seq
    elif leaf.type == RESTRICTED:
        found.restricted, found.owes_restriction = leaf.seq, 0
    elif leaf.type == RESTRICTION_LIFTED:
        found.restricted, found.owes_restriction = 0, 0
    elif leaf.type == MOVED:
        found.newest.pop(HARD_BOUNCE, None)  # of the mailbox that was left
        found.moved = leaf.at
    elif leaf.type in LAST:
        found.last = leaf.seq
    elif leaf.type == "frequency.changed":
        found.pace["frequency"] = leaf
    elif leaf.type in ("paused", "resumed"):
        found.pace["paused_until"] = leaf


def _prove(found: Retold, leaf: Logged) -> None:
    if leaf.type in _PURGES:
        found.purged = leaf.seq
        found.proved.clear()
    elif leaf.type == EVIDENCE_LOST:
        found.lost.add(leaf.evidence)
        found.proved.pop(leaf.evidence, None)
    elif leaf.evidence and leaf.evidence not in found.proved:
        found.proved[leaf.evidence] = leaf


def _step(found: Retold, leaf: Logged) -> None:
    before = found.standings.get(leaf.purpose)
    state = before.state if before is not None else State.NONE
    after = leads(leaf)
    if after is None or leaf.before != state.value:
        found.faults.append(leaf.seq)
        return
    if leaf.type in (Step.CONFIRMED, Step.RENEWED):
        found.newest["confirmed"] = leaf.seq
        found.owed.discard(leaf.purpose)  # only a fresh confirmation leads back
    elif after in STOPPED:
        found.owed.discard(leaf.purpose)
    if after is state and after is not State.PENDING and leaf.type not in _MOVES_ALWAYS:
        return  # a wish that changes nothing yet
    found.standings[leaf.purpose] = Stood(after, leaf.seq, leaf.notice, leaf.at)
