"""What is counted of a trial: who came to it, and what came of that."""

from msgspec import Struct


class Drawn(Struct, frozen=True):
    """A contact came to a split that finds out which arm is best. `shares` are those that were in force, as
    text; what happens up to `until` counts. Not `counts`: it could not be known of them, or they cannot be
    reached."""

    mark: str
    contact: str
    arm: str
    shares: str
    at: int
    until: int
    counts: bool


class Scored(Struct, frozen=True):
    """Something happened that counts for the arm of a contact."""

    mark: str
    contact: str
    at: int
    worth: float


class Struck(Struct, frozen=True):
    """What a contact did is forgotten: they count as one who did nothing, until something more happens."""

    mark: str
    contact: str
