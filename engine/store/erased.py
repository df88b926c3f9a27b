"""People who were erased: every row of theirs goes, and their random id stays, so that nothing that comes
late (an event of their id, a mail that was being written) makes them anew.

Rows of a person are found by the column `contact`, which each table that keeps something of people has. The
journal packs many people into a row; it is written anew part by part, and how far that has come is kept."""

from collections.abc import Collection, Sequence
from functools import cache

from msgspec import MsgspecError, Struct
from sqlalchemy import (
    BigInteger,
    BindParameter,
    Boolean,
    Column,
    Connection,
    Delete,
    LargeBinary,
    Table,
    Update,
    and_,
    bindparam,
    delete,
    func,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.sqlite import insert as upsert

from engine.core.calendar import NEVER
from engine.store import journal, people, rows
from engine.store import schema as t
from engine.store.retries import retry
from engine.store.statement import driver_of

erased = Table(
    "erased",
    t.metadata,
    Column("contact", LargeBinary(16), primary_key=True),
    Column("searched", BigInteger, nullable=False),  # the journal's rows up to this one
    Column("clean", Boolean, nullable=False),  # all rows of the journal
    Column("told", Boolean, nullable=False),  # the consent service knows that all is forgotten
    sqlite_with_rowid=False,
)


class Erased(Struct, frozen=True):
    """Somebody of whom nothing but the id is kept, or soon will be (`clean`: is); `told` to the consent
    service."""

    contact: str
    clean: bool
    told: bool


def find(connection: Connection) -> list[Erased]:
    """Everybody who was erased."""
    rows_ = connection.execute(select(erased).order_by(erased.c.contact))
    return [Erased(row.contact.hex(), row.clean, row.told) for row in rows_]


def among(connection: Connection, contacts: Collection[str]) -> set[str]:
    """Those of the contacts who were erased."""
    ids = [bytes.fromhex(contact) for contact in set(contacts)]
    return {row.contact.hex() for row in connection.execute(_AMONG, {"contacts": ids})}


def forget(connection: Connection, contacts: Sequence[str]) -> None:
    """Delete all rows of these people but for their lines in the journal, which `search` takes out."""
    for contact in contacts:
        mine = {"contact_": bytes.fromhex(contact)}
        connection.execute(_PUT, {"contact": mine["contact_"], "searched": 0, "clean": False, "told": False})
        for statement in (*_of_journeys(connection, contact), *_of_one()):
            connection.execute(statement, mine)


def search(connection: Connection, limit: int) -> bool:
    """Take lines of people who were erased out of up to `limit` rows of the journal; whether there was
    anything to do. Whoever came last begins at the first row, and the others wait for them there."""
    left = connection.execute(_SEARCHING).all()
    if not left:
        return False
    after = min(row.searched for row in left)
    group = [row.contact for row in left if row.searched == after]
    gone = [contact.hex() for contact in group]
    reached = journal.forget_people(driver_of(connection), gone, after, limit)
    now = {"searched": after if reached is None else reached, "clean": reached is None}
    connection.execute(update(erased).where(erased.c.contact.in_(group)).values(now))
    return True


def tell(connection: Connection, contacts: Sequence[str]) -> None:
    """The consent service knows that these are forgotten."""
    ids = [bytes.fromhex(contact) for contact in contacts]
    connection.execute(update(erased).where(erased.c.contact.in_(ids)).values(told=True))


def addressed(connection: Connection, after: int, limit: int) -> list[tuple[int, str]]:
    """Rows of the inbox behind position `after` that still have an address, in order, with it."""
    found = connection.execute(_ADDRESSED.limit(limit), {"after": after})
    return [(row.seq, row.address) for row in found]


def named(connection: Connection, positions: Sequence[int]) -> dict[int, str]:
    """Those of these rows of the inbox that have a contact, with it."""
    found = select(t.inbox.c.seq, t.inbox.c.contact).where(
        t.inbox.c.seq.in_(positions), t.inbox.c.contact.is_not(None)
    )
    return {row.seq: row.contact.hex() for row in connection.execute(found)}


def name(connection: Connection, rows_: Sequence[tuple[int, str]]) -> None:
    """Give rows of the inbox, by position, their contacts in place of their addresses."""
    if rows_:
        named = [{"seq_": seq, "contact_": bytes.fromhex(contact)} for seq, contact in rows_]
        connection.execute(_NAME, named)


def tables() -> list[str]:
    """The names of all tables that keep something of people."""
    return [t.contact.name, t.journal.name, *(table.name for table in _with_contact())]


def _with_contact() -> list[Table]:
    return [table for table in t.metadata.sorted_tables if "contact" in table.c and table is not erased]


def _of_journeys(connection: Connection, contact: str) -> tuple[Delete, ...]:
    """What deletes the journeys of one contact with their timers, and what watches. The contact's own row
    tells where they are; all rows are searched only where it cannot be read."""
    mine: BindParameter[bytes] = bindparam("contact_")
    journey, timer, watch = t.journey.c, t.timer.c, t.watch.c
    hers, watched = journey.contact == mine, watch.contact == mine
    try:
        profile = people.profile(driver_of(connection), contact)
    except (MsgspecError, ValueError):
        timers = timer.slot.in_(select(journey.slot).where(hers))
    else:
        places = journey.slot.in_(profile.slots if profile is not None else ())
        hers, watched = and_(hers, places), and_(watched, watch.due == (profile.watch if profile else NEVER))
        timers = tuple_(timer.due, timer.slot).in_(select(journey.due, journey.slot).where(hers))
    return delete(t.timer).where(timers), delete(t.journey).where(hers), delete(t.watch).where(watched)


@cache
def _of_one() -> tuple[Delete | Update, ...]:
    """What deletes all other rows of one contact: read off the tables once all of them are known. The newest
    row of the inbox is emptied only, for readers go by its number."""
    mine: BindParameter[bytes] = bindparam("contact_")
    keys = select(t.effect.c.key).where(t.effect.c.contact == mine)
    newest = select(func.max(t.inbox.c.seq)).scalar_subquery()
    return (
        delete(retry).where(or_(retry.c.key.in_(keys), retry.c.key == mine)),
        update(t.inbox).where(t.inbox.c.contact == mine, t.inbox.c.seq == newest).values(_NOTHING),
        *(
            delete(table).where(table.c.contact == mine)
            for table in _with_contact()
            if table not in (t.journey, t.watch)
        ),
        delete(t.contact).where(t.contact.c.id == mine),
    )


_NOTHING = {
    "id": None,
    "kind": "",
    "at": 0,
    "received": 0,
    "contact": None,
    "address": None,
    "data": rows.data_row({}),
}
_PUT = upsert(erased).on_conflict_do_nothing()
_AMONG = select(erased.c.contact).where(erased.c.contact.in_(bindparam("contacts", expanding=True)))
_SEARCHING = select(erased.c.contact, erased.c.searched).where(erased.c.clean.is_(False))
_ADDRESSED = (
    select(t.inbox.c.seq, t.inbox.c.address)
    .where(t.inbox.c.seq > bindparam("after"), t.inbox.c.address.is_not(None))
    .order_by(t.inbox.c.seq)
)
_NAME = (
    update(t.inbox)
    .where(t.inbox.c.seq == bindparam("seq_"))
    .values(contact=bindparam("contact_"), address=None)
)
