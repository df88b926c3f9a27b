"""Whom an operator means, and how much is held of them."""

from msgspec import Struct

from consent.contract import Erasure


class Held(Struct, frozen=True):
    """How much of somebody is there, in numbers."""

    topics: int
    evidence: int
    decisions: int
    attributes: int = 0
    journeys: int = 0
    events: int = 0
    lines: int = 0


class Keeping(Struct, frozen=True):
    """A legal hold on somebody's proof, by the id that it was placed on: theirs, or of whoever became part of
    them. It ends at `until` (ms UTC)."""

    subject: str
    until: int


class Found(Struct, frozen=True):
    """Somebody by their id: what is held of them, None where that is not known here; or how far their erasure
    has come. `untold`: until when their proof is held (ms UTC), if a mail is yet to tell them so. `holds`:
    what an erasure leaves, None where nobody here may ask. `backups_since` (ms UTC): from when backups count
    for somebody who was erased; 0: not known, or not yet."""

    subject: str
    held: Held | None
    erasure: Erasure | None
    untold: int = 0
    holds: tuple[Keeping, ...] | None = ()
    backups_since: int = 0
