"""Who is under way where, in the order in which journeys started."""

from collections.abc import Collection

from sqlalchemy import bindparam, func, select

from engine.store import schema as t
from engine.store.statement import Driver, Statement


def last(driver: Driver) -> int:
    """The slot of the journey that started last of those under way; 0: there is none."""
    found = _LAST.first(driver)
    return (found[0] or 0) if found is not None else 0


def travellers(driver: Driver, after: int, until: int, limit: int) -> tuple[list[tuple[str, str]], int]:
    """The contacts of the first `limit` journeys behind a slot and not behind another, each with the digest
    of its graph; the last slot among them."""
    found = _TRAVELLERS.rows(driver, after, until, limit)
    return [(contact.hex(), digest) for _, contact, digest in found], found[-1][0] if found else after


def contacts_in(driver: Driver, flow: str, after: int, until: int, limit: int) -> tuple[list[str], int]:
    """The contacts of the first `limit` journeys of a flow behind a slot and not behind another, each once;
    the last slot among them."""
    found = _UNDER_WAY.rows(driver, after, until, flow, limit)
    return list(dict.fromkeys(contact.hex() for _, contact in found)), found[-1][0] if found else after


def standing_on(driver: Driver, graphs: Collection[str]) -> set[str]:
    """On which of these graphs, by digest, journeys stand."""
    return {digest for (digest,) in _STANDING.rows(driver)}.intersection(graphs)


_journey, _pin = t.journey.c, t.pin.c
_LAST = Statement(select(func.max(_journey.slot)))
_TRAVELLERS = Statement(
    select(_journey.slot, _journey.contact, _pin.digest)
    .join(t.pin, _pin.number == _journey.pin)
    .where(_journey.slot > bindparam("after"), _journey.slot <= bindparam("until"))
    .order_by(_journey.slot)
    .limit(bindparam("limit"))
)
_UNDER_WAY = Statement(
    select(_journey.slot, _journey.contact)
    .join(t.pin, _pin.number == _journey.pin)
    .where(
        _journey.slot > bindparam("after"),
        _journey.slot <= bindparam("until"),
        _pin.flow == bindparam("flow_"),
    )
    .order_by(_journey.slot)
    .limit(bindparam("limit"))
)
_STANDING = Statement(select(_pin.digest).where(_pin.number.in_(select(_journey.pin))))
