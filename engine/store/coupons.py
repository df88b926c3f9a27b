"""Coupon codes that were made, kept so that the shop can learn them."""

from collections.abc import Sequence

import structlog
from msgspec import Struct
from sqlalchemy import Connection, bindparam, select
from sqlalchemy.dialects.sqlite import insert as upsert

from engine.core.bundle import CodeBody, Effect
from engine.store import schema as t
from engine.store import stock
from engine.store.statement import Driver, Statement

log = structlog.get_logger("engine")


class Code(Struct, frozen=True):
    """One code, whose it is, and from when until when it is valid (ms UTC; `until` None: without end)."""

    code: str
    coupon: str
    contact: str
    journey: str
    step: str
    made: int
    until: int | None


def keep(driver: Driver, made: Sequence[Effect]) -> None:
    """Write codes down. One that is there already, by chance for somebody else, stays theirs: that is said to
    the operator."""
    for effect in made:
        body = effect.body
        assert isinstance(body, CodeBody)
        written = _PUT.run(
            driver,
            body.code,
            body.coupon,
            bytes.fromhex(effect.contact),
            bytes.fromhex(body.journey),
            body.step,
            body.at,
            body.until,
        )
        if body.listed:
            stock.give(driver, body.code)
        if not written:
            log.error("two people got the same coupon code; give it more random signs", coupon=body.coupon)


def find(connection: Connection, after: int) -> list[Code]:
    """Codes made after that instant (ms UTC), oldest first."""
    return [
        Code(row.code, row.coupon, row.contact.hex(), row.journey.hex(), row.step, row.made, row.until)
        for row in connection.execute(_FIND, {"after": after})
    ]


_PUT = Statement(upsert(t.coupon).on_conflict_do_nothing())
_FIND = (
    select(t.coupon).where(t.coupon.c.made > bindparam("after")).order_by(t.coupon.c.made, t.coupon.c.code)
)
