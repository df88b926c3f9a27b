"""People who are set aside, since what happened to them cannot be worked out; and what happens to them
meanwhile, in order, for the day on which it can."""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    bindparam,
    delete,
    select,
)
from sqlalchemy.dialects.sqlite import insert as upsert

from engine.core import bundle as b
from engine.core.bundle import Stimulus
from engine.store import rows
from engine.store import schema as t
from engine.store.statement import Driver, Statement

aside = Table(
    "aside",
    t.metadata,
    Column("contact", LargeBinary(16), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("kind", String, nullable=False),
    Column("error", String, nullable=False),
    Column("cause", String, nullable=False),
    Column("flow", String, nullable=False),
    Column("step", String, nullable=False),
)

held_back = Table(
    "held_back",
    t.metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("contact", LargeBinary(16), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("held_back_contact", "contact", "seq"),
    sqlite_autoincrement=True,
)

_KINDS: dict[str, type[Struct]] = {
    kind.__name__.lower(): kind
    for kind in (
        b.Happened,
        b.Fired,
        b.Agreed,
        b.Stopped,
        b.Learned,
        b.Foretold,
        b.Requested,
        b.Carried,
        b.Backfilled,
        b.Cancelled,
        b.MailEnded,
    )
}


class Aside(Struct, frozen=True):
    """Somebody with whom the engine does not get on: since when (ms UTC), by what kind of stimulus, and what
    the program said, which may have values of theirs. `cause` is the fault and its place without any, equal
    for all who share it. `flow` and `step` are where they stood, empty where that is not known."""

    contact: str
    at: int
    kind: str
    error: str
    cause: str = ""
    flow: str = ""
    step: str = ""


def kind_of(stimulus: Stimulus) -> str:
    """The name of what happened: `happened`, `fired`, `mailended` and so on."""
    return type(stimulus.data).__name__.lower()


def put(driver: Driver, people: Sequence[Aside], held: Sequence[Stimulus]) -> None:
    """Set people aside, whose first error is kept, and add what happened to them."""
    _PUT.run_many(
        driver,
        [
            (bytes.fromhex(one.contact), one.at, one.kind, one.error, one.cause, one.flow, one.step)
            for one in people
        ],
    )
    _HOLD.run_many(driver, [(bytes.fromhex(one.contact), _row(one)) for one in held])


def take_back(driver: Driver, contacts: Sequence[str]) -> None:
    """These people are set aside no more, and nothing of theirs is held back."""
    ids = [(bytes.fromhex(contact),) for contact in contacts]
    _GONE.run_many(driver, ids)
    _LET_GO.run_many(driver, ids)


def everybody(driver: Driver) -> list[Aside]:
    """Who is set aside, by the time at which it came to that."""
    return [Aside(contact.hex(), *rest) for contact, *rest in _ALL.rows(driver)]


def held(driver: Driver, contact: str) -> list[Stimulus]:
    """What happened to somebody since, in order; first, unless it was a deadline, what set them aside."""
    return [_stimulus(contact, row) for (row,) in _HELD.rows(driver, bytes.fromhex(contact))]


def _row(stimulus: Stimulus) -> bytes:
    data = {name: getattr(stimulus.data, name) for name in stimulus.data.__struct_fields__}
    told: dict[str, Any] = {"id": stimulus.id, "at": stimulus.at, "kind": kind_of(stimulus), "data": data}
    return rows.data_row(told)


def _stimulus(contact: str, row: bytes) -> Stimulus:
    told = rows.data_of(row)
    data = msgspec.convert(told["data"], _KINDS[told["kind"]], strict=False)
    return Stimulus(told["id"], contact, told["at"], data)  # type: ignore[arg-type]


_put = upsert(aside)
_PUT = Statement(_put.on_conflict_do_nothing(index_elements=["contact"]))
_HOLD = Statement(
    held_back.insert().values({name: bindparam(name) for name in ("contact", "body")}),
)
_GONE = Statement(delete(aside).where(aside.c.contact == bindparam("contact_")))
_LET_GO = Statement(delete(held_back).where(held_back.c.contact == bindparam("contact_")))
_ALL = Statement(
    select(
        aside.c.contact,
        aside.c.at,
        aside.c.kind,
        aside.c.error,
        aside.c.cause,
        aside.c.flow,
        aside.c.step,
    ).order_by(aside.c.at, aside.c.contact)
)
_HELD = Statement(
    select(held_back.c.body).where(held_back.c.contact == bindparam("contact_")).order_by(held_back.c.seq)
)
