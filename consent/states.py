"""Where a subject can stand with a purpose, and which leaf leads from where to where, by whose hand: one
table, as data. Nothing else moves a state.

A withdrawal is accepted everywhere. **Only `confirmed` leads out of `withdrawn` and `objected`, and only the
subject confirms**, by the link in a mail to their address: a request is noted there but changes nothing, and
an import, a sale, an operator or a flow finds no row to go by.

Complaints, objections to all marketing, restrictions and hard bounces lie over the whole address and change
no state: each topic stays silent until it is confirmed anew (a restriction, until it is lifted), which is why
someone who is active can be asked and confirm once more.

An erasure ends a subject for good: no step leads on, whatever the states were. Whoever comes back is another
subject. So does a merge: of each topic the stricter state goes to the one who stays, and nothing that was
agreed to goes with it."""

from enum import StrEnum


class State(StrEnum):
    NONE = "none"
    PENDING = "pending"
    ACTIVE = "active"
    ATTESTED = "active (attested)"  # imported, with what the controller attests of it
    SOFT_ACTIVE = "soft_active"  # a customer, told of similar goods unless they object
    UNPROVEN = "unproven"  # imported without proof: never mailed
    STALE = "stale"  # silent for too long
    TERMINATED = "terminated"  # the controller has ended the purpose
    WITHDRAWN = "withdrawn"
    OBJECTED = "objected"
    REFUSED = "refused"
    EXPIRED = "expired"


class Step(StrEnum):
    """The types of leaves that change where a subject stands."""

    REQUESTED = "requested"
    CONFIRMED = "confirmed"
    RENEWED = "renewed"
    REFUSED = "refused"
    EXPIRED = "expired"
    SOFT_OPT_IN = "soft_opt_in.recorded"
    IMPORTED = "imported"
    ATTESTED = "imported.attested"
    UNDONE = "import.undone"
    STALE = "stale"
    TERMINATED = "terminated"
    WITHDRAWN = "withdrawn"
    OBJECTED = "objected"
    OBJECTED_TO_PROFILING = "objected.profiling"


_STOPPED = (State.WITHDRAWN, State.OBJECTED)
_GOING = (State.ACTIVE, State.ATTESTED, State.SOFT_ACTIVE)
_AGREED = (State.ACTIVE, State.ATTESTED)
_HELD = (*_GOING, State.UNPROVEN, State.STALE, State.TERMINATED)


def _all(step: Step, states: tuple[State, ...], to: State) -> dict[tuple[State, Step], State]:
    return {(state, step): to for state in states}


def _stay(step: Step, states: tuple[State, ...]) -> dict[tuple[State, Step], State]:
    return {(state, step): state for state in states}


_ELSEWHERE = tuple(state for state in State if state not in _STOPPED)

TRANSITIONS: dict[tuple[State, Step], State] = {
    **_all(Step.REQUESTED, (State.NONE, State.PENDING, State.REFUSED, State.EXPIRED), State.PENDING),
    **_stay(Step.REQUESTED, (*_STOPPED, *_HELD)),
    **_all(Step.CONFIRMED, (State.PENDING, *_STOPPED, *_HELD), State.ACTIVE),
    **_all(Step.RENEWED, (*_AGREED, State.STALE), State.ACTIVE),
    **_all(Step.REFUSED, (State.PENDING,), State.REFUSED),
    **_stay(Step.REFUSED, _STOPPED),
    **_all(Step.EXPIRED, (State.PENDING,), State.EXPIRED),
    **_all(Step.SOFT_OPT_IN, (State.NONE, State.SOFT_ACTIVE, State.STALE), State.SOFT_ACTIVE),
    **_all(Step.IMPORTED, (State.NONE,), State.UNPROVEN),
    **_all(Step.ATTESTED, (State.NONE, State.UNPROVEN), State.ATTESTED),
    **_all(Step.UNDONE, (State.UNPROVEN, State.ATTESTED), State.NONE),
    **_all(Step.STALE, _GOING, State.STALE),
    **_all(Step.TERMINATED, (State.PENDING, *_GOING, State.UNPROVEN, State.STALE), State.TERMINATED),
    **_all(Step.WITHDRAWN, _ELSEWHERE, State.WITHDRAWN),
    **_stay(Step.WITHDRAWN, _STOPPED),
    **_all(Step.OBJECTED, _ELSEWHERE, State.OBJECTED),
    **_stay(Step.OBJECTED, _STOPPED),
    **_all(Step.OBJECTED_TO_PROFILING, _ELSEWHERE, State.OBJECTED),
    **_stay(Step.OBJECTED_TO_PROFILING, _STOPPED),
}

_STOPS_BY = frozenset({"subject", "flow", "operator", "provider", "import", "shop", "system"})

MAY: dict[Step, frozenset[str]] = {
    Step.REQUESTED: frozenset({"subject", "system"}),
    Step.CONFIRMED: frozenset({"subject:link"}),
    Step.RENEWED: frozenset({"subject:link"}),
    Step.REFUSED: frozenset({"subject:link"}),
    Step.EXPIRED: frozenset({"system"}),
    Step.SOFT_OPT_IN: frozenset({"shop", "operator"}),
    Step.IMPORTED: frozenset({"import"}),
    Step.ATTESTED: frozenset({"import"}),
    Step.UNDONE: frozenset({"import"}),
    Step.STALE: frozenset({"system"}),
    Step.TERMINATED: frozenset({"system", "operator"}),
    Step.WITHDRAWN: _STOPS_BY,
    Step.OBJECTED: _STOPS_BY,
    Step.OBJECTED_TO_PROFILING: _STOPS_BY,
}
"""Who may take a step: a kind of actor, which is what stands before the colon, or one actor."""


MERGE_BY = frozenset({"subject:link", "operator", "shop"})
"""Who may make two subjects one: kinds of actors, or one."""


def may(step: Step, actor: str) -> bool:
    """Whether `actor` may take `step`."""
    return actor in MAY[step] or actor.partition(":")[0] in MAY[step]


def may_merge(actor: str) -> bool:
    """Whether `actor` may make two subjects one."""
    return actor in MERGE_BY or actor.partition(":")[0] in MERGE_BY


def taken_over(mine: State, other: State) -> Step | None:
    """The step by which whoever stays takes over that the other had left a topic; None: they had not, or
    both had. Nothing else goes from one to the other: a silence or a missing proof of the one is none of the
    other's, and what one agreed to was agreed to by that one alone."""
    if other not in _STOPPED or mine in _STOPPED:
        return None
    return Step.OBJECTED if other is State.OBJECTED else Step.WITHDRAWN


STOPPED = frozenset(_STOPPED)
"""States out of which only a confirmation leads."""

AGREED = frozenset(_AGREED)
"""States in which a purpose of basis `consent` is agreed to."""

GOING = frozenset(_GOING)
"""States in which mail may go, if all else allows it."""

STANDING = frozenset({State.PENDING, *_HELD})
"""States in which there is something that a person can leave: what they get, what they asked for, and what is
held ready for them."""

ASKED = frozenset({State.NONE, State.PENDING, State.EXPIRED, State.REFUSED})
"""States in which there was nothing but the asking, which a stranger can have done."""

GRANTS = frozenset({Step.CONFIRMED, Step.RENEWED, Step.SOFT_OPT_IN, Step.ATTESTED})
"""Leaves that a marketing mail may rest on."""

COMPLAINT = "complaint"
HARD_BOUNCE = "bounced.hard"
SOFT_BOUNCE = "bounced.soft"
OBJECTION = "objected.marketing"  # to all of it
RESTRICTED = "restricted"
RESTRICTION_LIFTED = "restriction.lifted"

ERASURE = "erasure.requested"
ERASED_PRIMARY = "erasure.done.primary"
ERASED_BACKUPS = "erasure.done.backups"

DECISIONS_EXPIRED = "decisions.expired"

HOLD_PLACED = "hold.placed"  # or given another end
HOLD_TOLD = "hold.told"
HOLD_OPENED = "hold.opened"
HOLD_LIFTED = "hold.lifted"
HOLD_ENDED = "hold.ended"

HOLDS = frozenset({HOLD_PLACED, HOLD_TOLD, HOLD_OPENED, HOLD_LIFTED, HOLD_ENDED})
"""Leaves of a legal hold. All but the first speak of one that stands."""

HOLDS_OVER = frozenset({HOLD_LIFTED, HOLD_ENDED})
"""Those after which what was held is destroyed."""

PENDING_PURGED = "pending.purged"

MERGED = "merged"  # the subject has become one with another
MOVED = "address.changed"

OVERLAYS = frozenset({COMPLAINT, HARD_BOUNCE, OBJECTION, ERASURE, MERGED})
"""Leaves that stop every topic of an address, whatever the states. A restriction is none of them: whoever
asked for it may have it lifted, and what they agreed to still stands."""

LAST = frozenset({ERASURE, MERGED})
"""Leaves behind which no step of their subject comes."""

STOPS = OVERLAYS | {
    Step.WITHDRAWN.value,
    Step.OBJECTED.value,
    Step.OBJECTED_TO_PROFILING.value,
    Step.UNDONE.value,
}
"""Leaves after which nothing may go on the strength of an earlier one; each raises the subject's epoch by
one."""

MADE_UP_FOR = STOPS | {MOVED, RESTRICTED, RESTRICTION_LIFTED}
"""Leaves that a restored store may not have lost: nothing goes to an address that was left, either."""

TOLD = STOPS | {
    MOVED,
    *(grant.value for grant in GRANTS),
    Step.STALE.value,
    Step.TERMINATED.value,
    RESTRICTED,
    RESTRICTION_LIFTED,
    "language.changed",
}
"""Leaves that the feed of changes carries."""
