"""The inbox: what came in from outside, kept before it is worked on."""

from collections.abc import Sequence
from itertools import chain
from typing import Any

from msgspec import Struct
from sqlalchemy import bindparam, func, null, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from engine.core.bundle import Body, Effect, EventBody
from engine.store import rows
from engine.store import schema as t
from engine.store.batch import Batch
from engine.store.statement import Driver, Row, Statement

REQUEST = "start flow"
"""The kind of a row that asks for a journey. No event has a blank in its name."""

INBOX = "inbox"
"""The name of the cursor that tells how far the inbox has been worked on."""

_WORKED_ON = 0


def request_id(flow: str, id_: str, contact: str) -> str:
    """The id of the row that asks for a journey of one contact under `id_`. No id from outside holds such a
    sign: a request and an event never take each other for a repeat."""
    return f"{flow}\x1f{id_}\x1f{contact}"


class Received(Struct, frozen=True):
    """A row of the inbox: an event, (`kind` empty) attributes, or (`REQUEST`) the wish that `flow` start.
    `contact` or `address` tells whose."""

    id: str
    kind: str
    at: int
    received: int
    contact: str
    address: str
    data: dict[str, Any]
    seq: int = 0

    @property
    def worked_on(self) -> bool:
        """Whether a flow emitted this event: what comes of it was done when it was written down."""
        return self.received == _WORKED_ON


def accept(driver: Driver, items: Sequence[Received]) -> int:
    """Keep what came in and say where the inbox now ends; an id that is there already is left as it is."""
    values = [
        (
            item.id or None,
            item.kind,
            item.at,
            item.received,
            bytes.fromhex(item.contact) if item.contact else None,
            item.address or None,
            rows.data_row(item.data),
        )
        for item in items
    ]
    whole = len(values) - len(values) % _AT_ONCE
    for first in range(0, whole, _AT_ONCE):
        _PUT_SOME.run(driver, *chain.from_iterable(values[first : first + _AT_ONCE]))
    _PUT.run_many(driver, values[whole:])
    return end(driver)


def end(driver: Driver) -> int:
    """The newest position."""
    found = _END.first(driver)
    return (found[0] or 0) if found is not None else 0


def behind(driver: Driver, after: int, limit: int) -> list[Received]:
    """What stands behind a position, in order."""
    return [_received(row) for row in _BEHIND.rows(driver, after, limit)]


def history(driver: Driver) -> list[Received]:
    """Every event that is kept, in order of time."""
    return [_received(row) for row in _HISTORY.rows(driver)]


def write(driver: Driver, batch: Batch) -> None:
    """Name the contacts of what came in, and forget addresses; keep what flows emitted like all events. Where
    nothing else stands behind the batch, it is passed over: the batch's cursor tells so."""
    if batch.emitted:
        last = batch.inbox is not None and end(driver) <= batch.inbox
        _PUT.run_many(driver, [_emitted(effect, effect.body) for effect in batch.emitted])
        if last:
            batch.cursors[INBOX] = end(driver)
    emptied = set(batch.emptied)  # these lose their address, and need no name for that
    _NAME.run_many(
        driver, [(bytes.fromhex(contact), seq) for seq, contact in batch.named if seq not in emptied]
    )
    _FORGET.run_many(driver, [(seq,) for seq in batch.forgotten])


def _emitted(effect: Effect, body: Body) -> Row:
    assert isinstance(body, EventBody)
    data = rows.data_row(body.data)
    return effect.key, body.event, body.at, _WORKED_ON, bytes.fromhex(effect.contact), None, data


def _received(row: Row) -> Received:
    seq, id_, kind, at, received, contact, address, data = row
    return Received(
        id_ or f"inbox-{seq}",
        kind,
        at,
        received,
        contact.hex() if contact else "",
        address or "",
        rows.data_of(data),
        seq,
    )


_columns = t.inbox.c
_CAME = ("id", "kind", "at", "received", "contact", "address", "data")
_PUT = Statement(upsert(t.inbox).values({name: bindparam(name) for name in _CAME}).on_conflict_do_nothing())
_AT_ONCE = 50
"""So many rows are put by one statement: a call of the database for each costs half as much again."""
_PUT_SOME = Statement(
    upsert(t.inbox)
    .values([{name: bindparam(f"{name}_{place}") for name in _CAME} for place in range(_AT_ONCE)])
    .on_conflict_do_nothing()
)
_END = Statement(select(func.max(_columns.seq)))
_BEHIND = Statement(
    select(t.inbox).where(_columns.seq > bindparam("after")).order_by(_columns.seq).limit(bindparam("limit"))
)
_HISTORY = Statement(
    select(t.inbox).where(func.length(_columns.kind) > 0).order_by(_columns.at, _columns.seq)
)
_NAME = Statement(
    update(t.inbox)
    .where(_columns.seq == bindparam("seq_"))
    .values(contact=bindparam("contact_"), address=null())
)
_FORGET = Statement(update(t.inbox).where(_columns.seq == bindparam("seq_")).values(address=null()))
