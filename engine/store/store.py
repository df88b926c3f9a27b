"""The engine's memory: contacts with their journeys, the inbox, effects, the journal, graphs."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from dsl.graph import Graph, graph_from_json, to_json
from engine.core.bundle import Bundle, Effect, Entry, Journey, replace
from engine.store import coupons, handed, rows, told, views
from engine.store import schema as t
from engine.store.batch import Batch
from engine.store.coupons import Code
from engine.store.database import Database
from engine.store.handed import Handed
from engine.store.told import Told

FETCH = 500
"""How many ids one query names: below SQLite's limit of variables in every build."""


class Received(Struct, frozen=True):
    """A row of the inbox: an event, or (`kind` empty) attributes. `contact` or `address` tells whose."""

    id: str
    kind: str
    at: int
    received: int
    contact: str
    address: str
    data: dict[str, Any]
    seq: int = 0


class Due(Struct, frozen=True):
    """A deadline that has come. `journey` is empty for the segments' own."""

    due: int
    contact: str
    journey: str
    epoch: int
    mail: str


class Store:
    """All of the engine's reads and writes. Each method is one transaction. Instants are ms UTC."""

    def __init__(self, path: Path | None, durable: bool = True) -> None:
        self._database = Database(path, t.metadata, durable)

    def close(self) -> None:
        self._database.close()

    # inbox

    async def accept(self, items: Sequence[Received]) -> None:
        """Keep what came in; an id that is there already is left as it is."""
        await self._database.run(_accept, items)

    async def gather(self, after: int, now: int, limit: int) -> tuple[list[Received], list[Due], int | None]:
        """What came into the inbox behind position `after`, and the deadlines up to `now`, earliest first,
        `limit` of each; and the earliest deadline of all."""
        return await self._database.run(_gather, after, now, limit)

    async def history(self) -> list[Received]:
        """Every event that is kept, in order of time."""
        return await self._database.run(_history)

    async def told(
        self, kinds: Collection[str], since: int, after: int, until: int, limit: int
    ) -> list[Told]:
        """The first `limit` events of these kinds that happened at `since` or later and stand behind position
        `after` of the inbox and not behind `until`."""
        return await self._database.run(told.find, kinds, since, after, until, limit)

    async def handed(self, keys: Sequence[str]) -> list[Handed | None]:
        """The mails handed over under these keys, in order; None: there is none."""
        return await self._database.run(handed.find, keys)

    async def codes(self, after: int = -1) -> list[Code]:
        """The coupons' codes made after that instant, oldest first."""
        return await self._database.run(coupons.find, after)

    # people

    async def load(self, contacts: Sequence[str]) -> dict[str, Bundle]:
        """A bundle for each contact; that of one who was never seen is empty."""
        return await self._database.run(_load, contacts)

    # batches

    async def commit(self, batch: Batch) -> None:
        await self._database.run(_commit, batch)

    async def cursors(self) -> dict[str, int]:
        return await self._database.run(_cursors)

    async def effects(self) -> list[Effect]:
        """Every effect that is not done, oldest first."""
        return await self._database.run(_effects)

    async def journal(self) -> list[Entry]:
        """The whole journal ordered by (at, contact, n); `n` counts the lines of a contact at an instant."""
        return _ordered(await self._database.run(_journal))

    # graphs

    async def keep_graphs(self, graphs: Sequence[Graph]) -> None:
        await self._database.run(_keep_graphs, graphs)

    async def graphs(self) -> list[Graph]:
        return await self._database.run(_graphs)


def _accept(connection: Connection, items: Sequence[Received]) -> None:
    new = [
        {
            "id": item.id or None,
            "kind": item.kind,
            "at": item.at,
            "received": item.received,
            "contact": bytes.fromhex(item.contact) if item.contact else None,
            "address": item.address or None,
            "data": rows.data_row(item.data),
        }
        for item in items
    ]
    if new:
        connection.execute(upsert(t.inbox).on_conflict_do_nothing(), new)


def _gather(
    connection: Connection, after: int, now: int, limit: int
) -> tuple[list[Received], list[Due], int | None]:
    return _inbox(connection, after, limit), _due(connection, now, limit), _next_due(connection)


def _inbox(connection: Connection, after: int, limit: int) -> list[Received]:
    found = connection.execute(
        select(t.inbox).where(t.inbox.c.seq > after).order_by(t.inbox.c.seq).limit(limit)
    )
    return [_received(row) for row in found]


def _received(row: Row[Any]) -> Received:
    return Received(
        row.id or f"inbox-{row.seq}",
        row.kind,
        row.at,
        row.received,
        row.contact.hex() if row.contact else "",
        row.address or "",
        rows.data_of(row.data),
        row.seq,
    )


def _history(connection: Connection) -> list[Received]:
    found = connection.execute(
        select(t.inbox).where(t.inbox.c.kind != "").order_by(t.inbox.c.at, t.inbox.c.seq)
    )
    return [_received(row) for row in found]


def _load(connection: Connection, contacts: Sequence[str]) -> dict[str, Bundle]:
    profiles: dict[bytes, bytes] = {}
    journeys: dict[bytes, list[Journey]] = {}
    ids = [bytes.fromhex(contact) for contact in contacts]
    for start in range(0, len(ids), FETCH):
        part = ids[start : start + FETCH]
        for id_, body in connection.execute(_PROFILES, {"ids": part}):
            profiles[id_] = body
        for id_, due, body in connection.execute(_JOURNEYS, {"ids": part}):
            journeys.setdefault(id_, []).append(replace(rows.journey_of(body), due=due))
    return {
        contact: rows.bundle_of(contact, profiles.get(id_), journeys.get(id_, ()))
        for contact, id_ in zip(contacts, ids, strict=True)
    }


_PROFILES = select(t.contact.c.id, t.contact.c.body).where(
    t.contact.c.id.in_(bindparam("ids", expanding=True))
)
_JOURNEYS = (
    select(t.journey_of.c.contact, t.journey.c.due, t.journey.c.body)
    .join(t.journey, (t.journey.c.due == t.journey_of.c.due) & (t.journey.c.id == t.journey_of.c.id))
    .where(t.journey_of.c.contact.in_(bindparam("ids", expanding=True)))
    .order_by(t.journey_of.c.contact, t.journey_of.c.id)
)
_DUE = (
    select(t.journey.c.due, t.journey.c.id, t.journey.c.contact, t.journey.c.body)
    .where(t.journey.c.due <= bindparam("now"))
    .order_by(t.journey.c.due, t.journey.c.id)
    .limit(bindparam("limit"))
)


def _due(connection: Connection, now: int, limit: int) -> list[Due]:
    found = []
    for due, id_, contact, body in connection.execute(_DUE, {"now": now, "limit": limit}):
        if id_ == contact:
            found.append(Due(due, contact.hex(), "", 0, ""))
        else:
            journey = rows.journey_of(body)
            found.append(Due(due, contact.hex(), id_.hex(), journey.epoch, journey.mail))
    return found


def _next_due(connection: Connection) -> int | None:
    due: int | None = connection.execute(select(func.min(t.journey.c.due))).scalar()
    return due


def _commit(connection: Connection, batch: Batch) -> None:
    if batch.profiles:
        connection.execute(
            _PROFILE_PUT,
            [{"id": bytes.fromhex(b.contact), "body": rows.profile_row(b)} for b in batch.profiles],
        )
    _commit_journeys(connection, batch)
    _commit_effects(connection, batch)
    handed.keep(connection, batch.handed)
    if batch.entries:
        connection.execute(
            insert(t.journal),
            {
                "at": batch.entries[-1].at,
                "count": len(batch.entries),
                "body": rows.journal_row(batch.entries),
            },
        )
    if batch.named:
        connection.execute(_NAME, [{"seq_": seq, "contact_": bytes.fromhex(c)} for seq, c in batch.named])
    if batch.forgotten:
        connection.execute(_FORGET, [{"seq_": seq} for seq in batch.forgotten])
    views.forget(connection, batch.emptied, batch.unwatched)
    if batch.cursors:
        connection.execute(
            _NOTE_PUT,
            [{"name": name, "value": str(value).encode()} for name, value in batch.cursors.items()],
        )


def _commit_journeys(connection: Connection, batch: Batch) -> None:
    """Rows in order of deadlines. The segments' deadlines lie among them under the contact's own id, and
    have no index entry: the contact's row knows when they are due."""
    gone = [(journey.due, bytes.fromhex(journey.id)) for journey in batch.journeys_gone]
    gone += [(due, bytes.fromhex(contact)) for due, contact in batch.watches_gone]
    if gone:
        connection.execute(_JOURNEY_GONE, [{"due_": due, "id_": id_} for due, id_ in gone])
    put = [
        {
            "due": journey.due,
            "id": bytes.fromhex(journey.id),
            "contact": bytes.fromhex(journey.contact),
            "body": rows.journey_row(journey),
        }
        for journey in batch.journeys_put
    ]
    standing = {row["id"] for row in put}
    ended = [
        {"contact_": bytes.fromhex(journey.contact), "id_": id_}
        for journey in batch.journeys_gone
        if (id_ := bytes.fromhex(journey.id)) not in standing
    ]
    if ended:
        connection.execute(_INDEX_GONE, ended)
    if put:
        connection.execute(_INDEX_PUT, put)
    for due, contact in batch.watches_put:
        id_ = bytes.fromhex(contact)
        put.append({"due": due, "id": id_, "contact": id_, "body": b""})
    if put:
        put.sort(key=lambda row: (row["due"], row["id"]))
        connection.execute(insert(t.journey), put)


_PROFILE_PUT = upsert(t.contact)
_PROFILE_PUT = _PROFILE_PUT.on_conflict_do_update(
    index_elements=["id"], set_={"body": _PROFILE_PUT.excluded.body}
)
_JOURNEY_GONE = delete(t.journey).where(
    t.journey.c.due == bindparam("due_"), t.journey.c.id == bindparam("id_")
)
_INDEX_GONE = delete(t.journey_of).where(
    t.journey_of.c.contact == bindparam("contact_"), t.journey_of.c.id == bindparam("id_")
)
_INDEX_PUT = upsert(t.journey_of)
_INDEX_PUT = _INDEX_PUT.on_conflict_do_update(
    index_elements=["contact", "id"], set_={"due": _INDEX_PUT.excluded.due}
)
_NAME = (
    update(t.inbox)
    .where(t.inbox.c.seq == bindparam("seq_"))
    .values(contact=bindparam("contact_"), address=None)
)
_FORGET = update(t.inbox).where(t.inbox.c.seq == bindparam("seq_")).values(address=None)
_NOTE_PUT = upsert(t.note)
_NOTE_PUT = _NOTE_PUT.on_conflict_do_update(index_elements=["name"], set_={"value": _NOTE_PUT.excluded.value})
_EFFECT_GONE = delete(t.effect).where(t.effect.c.key == bindparam("key_"))


def _commit_effects(connection: Connection, batch: Batch) -> None:
    if batch.effects:
        connection.execute(
            upsert(t.effect).on_conflict_do_nothing(),
            [
                {
                    "key": bytes.fromhex(effect.key),
                    "contact": bytes.fromhex(effect.contact),
                    "made": effect.body.at,
                    "body": rows.effect_row(effect),
                }
                for effect in batch.effects
            ],
        )
    coupons.keep(connection, batch.codes)
    if batch.ended:
        connection.execute(_EFFECT_GONE, [{"key_": bytes.fromhex(key)} for key in batch.ended])


def _cursors(connection: Connection) -> dict[str, int]:
    return {row.name: int(row.value) for row in connection.execute(select(t.note))}


def _effects(connection: Connection) -> list[Effect]:
    found = connection.execute(select(t.effect).order_by(t.effect.c.made, t.effect.c.key))
    return [rows.effect_of(row.key, row.contact, row.body) for row in found]


def _journal(connection: Connection) -> list[Entry]:
    return list(_lines(connection))


def _lines(connection: Connection) -> Iterator[Entry]:
    for (body,) in connection.execute(select(t.journal.c.body).order_by(t.journal.c.seq)):
        yield from rows.entries_of(body)


def _ordered(entries: list[Entry]) -> list[Entry]:
    ordered = sorted(entries, key=lambda entry: (entry.at, entry.contact))  # stable: in order of writing
    numbered: list[Entry] = []
    for entry in ordered:
        before = numbered[-1] if numbered else None
        same = before is not None and (before.at, before.contact) == (entry.at, entry.contact)
        numbered.append(replace(entry, n=before.n + 1 if same and before is not None else 0))
    return numbered


def _keep_graphs(connection: Connection, graphs: Sequence[Graph]) -> None:
    if graphs:
        connection.execute(
            upsert(t.graph).on_conflict_do_nothing(),
            [{"digest": graph.digest, "body": to_json(graph)} for graph in graphs],
        )


def _graphs(connection: Connection) -> list[Graph]:
    return [graph_from_json(body) for (body,) in connection.execute(select(t.graph.c.body))]
