"""Contacts with their journeys: read for a batch, written behind it, found by their deadlines."""

from collections.abc import Collection, Sequence

from msgspec import MsgspecError, Struct
from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.dialects.sqlite import insert as upsert

from engine.core.bundle import Bundle, Journey, replace
from engine.store import rows
from engine.store import schema as t
from engine.store.aside import aside
from engine.store.batch import Batch
from engine.store.statement import Driver, Row, Statement


class Due(Struct, frozen=True):
    """A deadline that has come. `journey` is empty for the contact's own watch."""

    due: int
    contact: str
    journey: str
    epoch: int
    mail: str


def load(driver: Driver, contacts: Sequence[str]) -> dict[str, Bundle]:
    """A bundle for each contact; that of one who was never seen is empty."""
    return {contact: _load(driver, contact) for contact in contacts}


def _load(driver: Driver, contact: str) -> Bundle:
    id_ = bytes.fromhex(contact)
    profile = _PROFILE.first(driver, id_)
    if profile is None:
        return Bundle(contact)
    journeys: list[Journey] = []
    for due, journey in _PLACES.rows(driver, id_):
        found = _JOURNEY.first(driver, due, journey)
        assert found is not None, "a journey has no row"
        journeys.append(replace(rows.journey_of(found[0]), due=due))
    return rows.bundle_of(contact, profile[0], journeys)


def behind(driver: Driver, after: str, limit: int) -> list[str]:
    """The contacts whose ids lie behind that one, in order."""
    return [id_.hex() for (id_,) in _BEHIND.rows(driver, bytes.fromhex(after), limit)]


def travellers(driver: Driver, after: str, limit: int) -> list[str]:
    """The contacts with journeys whose ids lie behind that one, in order."""
    return [id_.hex() for (id_,) in _TRAVELLERS.rows(driver, bytes.fromhex(after), limit)]


def due(driver: Driver, now: int, limit: int) -> list[Due]:
    """The deadlines up to `now`, earliest first."""
    found = []
    for at, id_, contact, body in _DUE.rows(driver, now, limit):
        if id_ == contact:
            found.append(Due(at, contact.hex(), "", 0, ""))
        else:
            found.append(_due_journey(at, contact.hex(), id_.hex(), body))
    return found


def _due_journey(at: int, contact: str, id_: str, body: bytes) -> Due:
    try:
        journey = rows.journey_of(body)
    except (MsgspecError, ValueError):  # whoever loads its contact finds out, and acts on it
        return Due(at, contact, id_, 0, "")
    return Due(at, contact, id_, journey.epoch, journey.mail)


def next_due(driver: Driver) -> int | None:
    """The earliest deadline of all."""
    first = _NEXT_DUE.first(driver)
    return None if first is None else first[0]


def contacts_in(driver: Driver, flow: str, after: str, limit: int) -> list[str]:
    """The first contacts whose ids lie behind `after` who are under way in a flow, in order."""
    found: list[str] = []
    for contact, body in _UNDER_WAY.each(driver, bytes.fromhex(after)):
        if rows.flow_of(body) == flow and contact.hex() not in found[-1:]:
            found.append(contact.hex())
            if len(found) == limit:
                break
    return found


def standing_on(driver: Driver, graphs: Collection[str]) -> set[str]:
    """On which of these graphs, by digest, journeys stand."""
    left = set(graphs)
    for (body,) in _STANDING.each(driver) if left else ():
        left.discard(rows.graph_of(body))
        if not left:
            break
    return set(graphs) - left


def write(driver: Driver, batch: Batch) -> None:
    """Profiles, and journeys in order of deadlines. The contacts' own watches lie among them under the
    contact's id, and have no index entry: the contact's row knows when they are due."""
    _PROFILE_PUT.run_many(driver, [(bytes.fromhex(b.contact), rows.profile_row(b)) for b in batch.profiles])
    gone = [(journey.due, bytes.fromhex(journey.id)) for journey in batch.journeys_gone]
    gone += [(at, bytes.fromhex(contact)) for at, contact in batch.watches_gone]
    _JOURNEY_GONE.run_many(driver, gone)
    put: list[Row] = [
        (
            journey.due,
            bytes.fromhex(journey.id),
            bytes.fromhex(journey.contact),
            rows.journey_row(journey),
        )
        for journey in batch.journeys_put
    ]
    standing = {id_ for _, id_, _, _ in put}
    ended = [
        (bytes.fromhex(journey.contact), id_)
        for journey in batch.journeys_gone
        if (id_ := bytes.fromhex(journey.id)) not in standing
    ]
    _INDEX_GONE.run_many(driver, ended)
    _INDEX_PUT.run_many(driver, [(contact, id_, at) for at, id_, contact, _ in put])
    for at, contact in batch.watches_put:
        own = bytes.fromhex(contact)
        put.append((at, own, own, b""))
    _JOURNEY_PUT.run_many(driver, sorted(put))


_PROFILE = Statement(select(t.contact.c.body).where(t.contact.c.id == bindparam("id_")))
_BEHIND = Statement(
    select(t.contact.c.id)
    .where(t.contact.c.id > bindparam("after"))
    .order_by(t.contact.c.id)
    .limit(bindparam("limit"))
)
_TRAVELLERS = Statement(
    select(t.journey_of.c.contact)
    .where(t.journey_of.c.contact > bindparam("after"))
    .distinct()
    .order_by(t.journey_of.c.contact)
    .limit(bindparam("limit"))
)
_PLACES = Statement(
    select(t.journey_of.c.due, t.journey_of.c.id)
    .where(t.journey_of.c.contact == bindparam("contact_"))
    .order_by(t.journey_of.c.id)
)
_JOURNEY = Statement(
    select(t.journey.c.body).where(t.journey.c.due == bindparam("due_"), t.journey.c.id == bindparam("id_"))
)
_DUE = Statement(
    select(t.journey.c.due, t.journey.c.id, t.journey.c.contact, t.journey.c.body)
    .where(t.journey.c.due <= bindparam("now"), t.journey.c.contact.not_in(select(aside.c.contact)))
    .order_by(t.journey.c.due, t.journey.c.id)
    .limit(bindparam("limit"))
)
_UNDER_WAY = Statement(
    select(t.journey_of.c.contact, t.journey.c.body)
    .join(t.journey, (t.journey.c.due == t.journey_of.c.due) & (t.journey.c.id == t.journey_of.c.id))
    .where(t.journey_of.c.contact > bindparam("after"))
    .order_by(t.journey_of.c.contact)
)
_STANDING = Statement(select(t.journey.c.body).where(t.journey.c.id != t.journey.c.contact))
_NEXT_DUE = Statement(  # ordered: so it ends at the first
    select(t.journey.c.due)
    .where(t.journey.c.contact.not_in(select(aside.c.contact)))
    .order_by(t.journey.c.due, t.journey.c.id)
    .limit(1)
)
_profile_put = upsert(t.contact)
_PROFILE_PUT = Statement(
    _profile_put.on_conflict_do_update(index_elements=["id"], set_={"body": _profile_put.excluded.body})
)
_JOURNEY_PUT = Statement(insert(t.journey))
_JOURNEY_GONE = Statement(
    delete(t.journey).where(t.journey.c.due == bindparam("due_"), t.journey.c.id == bindparam("id_"))
)
_INDEX_GONE = Statement(
    delete(t.journey_of).where(
        t.journey_of.c.contact == bindparam("contact_"), t.journey_of.c.id == bindparam("id_")
    )
)
_index_put = upsert(t.journey_of)
_INDEX_PUT = Statement(
    _index_put.on_conflict_do_update(index_elements=["contact", "id"], set_={"due": _index_put.excluded.due})
)
