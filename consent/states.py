"""Where a subject can stand with a purpose, and which leaf leads from where to where: one table, as data.

A refused, expired or withdrawn wish can be made again. A withdrawal is accepted everywhere. Out of
`withdrawn` only `confirmed` leads: a new request is noted there, but changes nothing until the person has
confirmed it.

Complaints and hard bounces lie over the whole address and change no state: each topic stays silent until it
is confirmed anew, which is why someone who is active can be asked and confirm once more.

An erasure ends a subject for good: no step leads on, whatever the states were. Whoever comes back is another
subject."""

from enum import StrEnum


class State(StrEnum):
    NONE = "none"
    PENDING = "pending"
    ACTIVE = "active"
    WITHDRAWN = "withdrawn"
    REFUSED = "refused"
    EXPIRED = "expired"


class Step(StrEnum):
    """The types of leaves that change where a subject stands."""

    REQUESTED = "requested"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


TRANSITIONS: dict[tuple[State, Step], State] = {
    (State.NONE, Step.REQUESTED): State.PENDING,
    (State.PENDING, Step.REQUESTED): State.PENDING,
    (State.REFUSED, Step.REQUESTED): State.PENDING,
    (State.EXPIRED, Step.REQUESTED): State.PENDING,
    (State.WITHDRAWN, Step.REQUESTED): State.WITHDRAWN,
    (State.ACTIVE, Step.REQUESTED): State.ACTIVE,
    (State.PENDING, Step.CONFIRMED): State.ACTIVE,
    (State.WITHDRAWN, Step.CONFIRMED): State.ACTIVE,
    (State.ACTIVE, Step.CONFIRMED): State.ACTIVE,
    (State.PENDING, Step.REFUSED): State.REFUSED,
    (State.WITHDRAWN, Step.REFUSED): State.WITHDRAWN,
    (State.PENDING, Step.EXPIRED): State.EXPIRED,
    (State.NONE, Step.WITHDRAWN): State.WITHDRAWN,
    (State.PENDING, Step.WITHDRAWN): State.WITHDRAWN,
    (State.ACTIVE, Step.WITHDRAWN): State.WITHDRAWN,
    (State.WITHDRAWN, Step.WITHDRAWN): State.WITHDRAWN,
    (State.REFUSED, Step.WITHDRAWN): State.WITHDRAWN,
    (State.EXPIRED, Step.WITHDRAWN): State.WITHDRAWN,
}

COMPLAINT = "complaint"
HARD_BOUNCE = "bounced.hard"
SOFT_BOUNCE = "bounced.soft"

ERASURE = "erasure.requested"
ERASED_PRIMARY = "erasure.done.primary"
ERASED_BACKUPS = "erasure.done.backups"

OVERLAYS = frozenset({COMPLAINT, HARD_BOUNCE, ERASURE})
"""Leaves that stop every topic of an address, whatever the states."""

STOPS = OVERLAYS | {Step.WITHDRAWN.value}
"""Leaves after which nothing may go on the strength of an earlier one; each raises the subject's epoch by
one."""

TOLD = STOPS | {"confirmed", "language.changed"}
"""Leaves that the feed of changes carries."""
