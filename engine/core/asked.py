"""What programs ask to be remembered of people: by it the engine knows whose history must be read again."""

import hashlib
from collections.abc import Iterable, Mapping

import msgspec
from msgspec import Struct

from dsl.graph import Duration, EventNeed

VIEWED, ORDERED = "product_viewed", "order_placed"
"""What recommendations go by."""


class Asked(Struct, frozen=True):
    """Everything that a program asks of the past: per event the fields and the span, and whether its mails
    recommend."""

    needs: tuple[EventNeed, ...]
    recommends: bool = False

    @property
    def digest(self) -> str:
        """The same for equal ones; 16 hex digits, which stand with each contact."""
        return hashlib.sha256(asked_to_json(self)).hexdigest()[:16]


def asked_to_json(asked: Asked) -> bytes:
    """UTF-8 JSON; equal ones give equal bytes."""
    return msgspec.json.encode(asked, order="deterministic")


def asked_from_json(data: bytes) -> Asked:
    """What `asked_to_json` wrote. Raises `msgspec.ValidationError` for anything else."""
    return msgspec.json.decode(data, type=Asked)


def asked_by(needs: Mapping[str, EventNeed], recommends: bool) -> Asked:
    """In one order, whatever order flows stand in."""
    every = (msgspec.structs.replace(need, fields=tuple(sorted(need.fields))) for need in needs.values())
    return Asked(tuple(sorted(every, key=lambda need: need.event)), recommends)


def grown(before: Asked | None, now: Asked) -> frozenset[str]:
    """The events of which more is asked for than before, which windows do not hold. None: nobody knows what
    was asked for before."""
    if before is None:
        return frozenset(need.event for need in now.needs)
    known = {need.event: need for need in before.needs}
    return frozenset(need.event for need in now.needs if not _covers(known.get(need.event), need))


def _covers(known: EventNeed | None, need: EventNeed) -> bool:
    return known is not None and set(need.fields) <= set(known.fields) and _as_long(known.keep, need.keep)


def _as_long(known: Duration | None, asked: Duration | None) -> bool:
    if known is None or asked is None:
        return known is None
    parts: Iterable[str] = Duration.__struct_fields__
    return all(getattr(asked, part) <= getattr(known, part) for part in parts)
