"""Somebody asked that what is known of them is kept and not used (Art. 18 GDPR): what stands still of their
journeys meanwhile."""

from typing import Any

from msgspec import Struct


class Missed(Struct, frozen=True, array_like=True, gc=False):
    """An event that a journey which stands still would have heard."""

    event: str
    at: int
    data: dict[str, Any]


class Restriction(Struct, frozen=True, array_like=True, gc=False):
    """What is to go on from once it is lifted. `since` is ms UTC. `dues` has by journey the deadline at which
    its wait ends or ended; a negative one: it has not taken the step at which it stands, whose moment that
    was (without the sign). `missed` is in the order in which it came in."""

    since: int
    dues: dict[str, int] = {}
    missed: tuple[Missed, ...] = ()


class Restricted(Struct, frozen=True, gc=False):
    """What is known of the contact is not to be used from now on, or (not `on`) may be used again."""

    on: bool
