"""Mails of which nobody knows whether they went out: as they were asked for, until an operator knows."""

from collections.abc import Sequence

from msgspec import Struct
from sqlalchemy import BigInteger, Column, LargeBinary, Table, bindparam, delete, select
from sqlalchemy.dialects.sqlite import insert as upsert

from engine.core.bundle import Effect
from engine.store import rows
from engine.store import schema as t
from engine.store.statement import Driver, Statement

unknown = Table(
    "unknown",
    t.metadata,
    Column("key", LargeBinary(16), primary_key=True),
    Column("contact", LargeBinary(16), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)


class Unknown(Struct, frozen=True):
    """A mail whose final dot went out at about `at` (ms UTC), and to which no answer came."""

    at: int
    effect: Effect


def put(driver: Driver, mails: Sequence[Unknown]) -> None:
    """Keep mails until somebody knows; one that is kept already is as it is now."""
    _PUT.run_many(
        driver,
        [
            (
                bytes.fromhex(one.effect.key),
                bytes.fromhex(one.effect.contact),
                one.at,
                rows.effect_row(one.effect),
            )
            for one in mails
        ],
    )


def drop(driver: Driver, keys: Sequence[str]) -> None:
    """Somebody knows what became of these."""
    _DROP.run_many(driver, [(bytes.fromhex(key),) for key in keys])


def find(driver: Driver, key: str) -> Unknown | None:
    """The mail that is kept under a key."""
    found = _ONE.first(driver, bytes.fromhex(key))
    return None if found is None else _of(*found)


def forget(driver: Driver, before: int) -> None:
    """Forget what is older (ms UTC)."""
    _OLD.run(driver, before)


def _of(key: bytes, contact: bytes, at: int, body: bytes) -> Unknown:
    return Unknown(at, rows.effect_of(key, contact, body))


_put = upsert(unknown)
_PUT = Statement(
    _put.on_conflict_do_update(
        index_elements=["key"], set_={name: _put.excluded[name] for name in ("contact", "at", "body")}
    )
)
_DROP = Statement(delete(unknown).where(unknown.c.key == bindparam("key_")))
_COLUMNS = select(unknown.c.key, unknown.c.contact, unknown.c.at, unknown.c.body)
_ONE = Statement(_COLUMNS.where(unknown.c.key == bindparam("key_")))
_OLD = Statement(delete(unknown).where(unknown.c.at < bindparam("before")))
