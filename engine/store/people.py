"""Contacts with their journeys: read for a batch, written behind it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from msgspec import MsgspecError
from sqlalchemy import bindparam, delete, insert, literal_column, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from dsl.graph import END
from engine.core.bundle import Bundle, Journey, replace
from engine.store import rows, timers
from engine.store import schema as t
from engine.store.batch import Batch
from engine.store.register import Register, number
from engine.store.slots import as_list, listed
from engine.store.statement import Driver, Row, Statement


def load(driver: Driver, contacts: Sequence[str], register: Register) -> dict[str, Bundle]:
    """A bundle for each contact; that of one who was never seen is empty."""
    profiles = _profiles(driver, contacts)
    slots = [slot for profile in profiles.values() for slot in profile.slots]
    journeys: defaultdict[str, list[Journey]] = defaultdict(list)
    for *columns, pin in _JOURNEYS.rows(driver, as_list(slots)) if slots else ():
        owner = columns[1].hex()
        if owner in profiles:  # else a stranger was given the slot of a journey that had ended
            digest, flow = register.pinned(driver, pin)
            journeys[owner].append(rows.journey_of(columns, flow, digest))
    return {
        contact: rows.bundle_of(contact, profiles[contact], journeys.get(contact, ()))
        if contact in profiles
        else Bundle(contact)
        for contact in contacts
    }


def profile(driver: Driver, contact: str) -> rows.Profile | None:
    """What the contact's own row holds, None if there is none. Raises `MsgspecError` or `ValueError` if it
    cannot be read."""
    return _profiles(driver, [contact]).get(contact)


def _profiles(driver: Driver, contacts: Sequence[str]) -> dict[str, rows.Profile]:
    """What the contacts' own rows hold, of those who have one."""
    ids = [bytes.fromhex(contact) for contact in contacts]
    found: list[Row] = []
    for first in range(0, len(ids), _AT_ONCE):
        part = ids[first : first + _AT_ONCE]
        if len(part) == 1:
            found += _PROFILE.rows(driver, *part)
        else:
            found += _PROFILES.rows(driver, *part, *part[:1] * (_AT_ONCE - len(part)))
    return {id_.hex(): rows.profile_of(body) for id_, body in found}


def standing(driver: Driver, slots: Sequence[int], register: Register) -> dict[int, tuple[Bundle, Journey]]:
    """The journeys in these slots, each with what is known of its contact but for other journeys. One whose
    rows cannot be read is left out: whoever loads all of the contact finds out, and acts on it."""
    found: dict[int, tuple[Bundle, Journey]] = {}
    for row in _STANDING.rows(driver, as_list(slots)):
        try:
            digest, flow = register.pinned(driver, row[-2])
            journey = rows.journey_of(row[:-2], flow, digest)
            found[journey.slot] = rows.bundle_of(journey.contact, rows.profile_of(row[-1]), ()), journey
        except (MsgspecError, ValueError):
            continue
    return found


def attributes(driver: Driver, slots: Sequence[int]) -> dict[int, dict[str, bytes]]:
    """What is known of the contacts whose journeys are in these slots, packed as it stands in their rows. One
    whose row cannot be read is left out, as by `standing`."""
    found: dict[int, dict[str, bytes]] = {}
    for slot, body in _OWNERS.rows(driver, as_list(slots)) if slots else ():
        try:
            found[slot] = rows.attributes_of(body)
        except (MsgspecError, ValueError):
            continue
    return found


def behind(driver: Driver, after: str, limit: int) -> list[str]:
    """The contacts whose ids lie behind that one, in order."""
    return [id_.hex() for (id_,) in _BEHIND.rows(driver, bytes.fromhex(after), limit)]


def write(driver: Driver, batch: Batch, register: Register) -> None:
    """Journeys with their deadlines, and profiles. An end leaves the contact's own row as it is."""
    free = register.slots(driver, len(batch.journeys_put))
    put = [replace(journey, slot=slot) for journey, slot in zip(batch.journeys_put, free, strict=True)]
    _write_journeys(driver, batch, put)
    _write_watches(driver, batch)
    _write_profiles(driver, batch, {journey.id: journey.slot for journey in put})


def _write_journeys(driver: Driver, batch: Batch, put: Sequence[Journey]) -> None:
    """Those that started, with their slots, those that went on, and those that ended."""
    standing = [*put, *(new for _, new in batch.journeys_moved)]
    over = [*batch.journeys_gone, *(old for old, _ in batch.journeys_moved)]
    pins = {graph: number(driver, *graph) for graph in dict.fromkeys((j.graph, j.flow) for j in standing)}
    _PUT.run_many(driver, [_row(journey, pins) for journey in put])
    _move(driver, batch.journeys_moved, pins)
    ended = [journey.slot for journey in batch.journeys_gone]
    strides: defaultdict[tuple[int, int], list[int]] = defaultdict(list)  # by node and deadline
    for one, stride in batch.strides:
        if stride.node == END:
            ended.append(one.slot)
        else:
            strides[stride.node, stride.due].append(one.slot)
    for place, slots in strides.items():
        _STRIDE.run(driver, *place, as_list(slots))
    if ended:
        _GONE.run(driver, as_list(ended))
    came = [(one.due, one.slot) for one, _ in batch.strides]
    timers.disarm(driver, came + [(journey.due, journey.slot) for journey in over])
    next_ = [(due, slot) for (_, due), slots in strides.items() for slot in slots]
    timers.arm(driver, next_ + [(journey.due, journey.slot) for journey in standing])


def _row(journey: Journey, pins: Mapping[tuple[str, str], int]) -> tuple[object, ...]:
    return (
        journey.slot,
        bytes.fromhex(journey.contact),
        bytes.fromhex(journey.id),
        pins[journey.graph, journey.flow],
        journey.node,
        journey.epoch,
        journey.due,
        journey.clock,
        _is_plain(journey),
        rows.rest_row(journey),
    )


def _move(
    driver: Driver, moved: Sequence[tuple[Journey, Journey]], pins: Mapping[tuple[str, str], int]
) -> None:
    """Most only stand elsewhere now; of the others every column that can be another one is written."""
    places: list[tuple[object, ...]] = []
    wholes: list[tuple[object, ...]] = []
    for old, new in moved:
        if _column_wise(old) == _column_wise(new):
            places.append((new.node, new.epoch, new.due, new.slot))
        else:
            slot, _, _, *columns = _row(new, pins)
            wholes.append((*columns, slot))
    _MOVE.run_many(driver, places)
    _CHANGE.run_many(driver, wholes)


def _write_watches(driver: Driver, batch: Batch) -> None:
    _WATCH_GONE.run_many(driver, [(at, bytes.fromhex(contact)) for at, contact in batch.watches_gone])
    _WATCH_PUT.run_many(driver, sorted((at, bytes.fromhex(contact)) for at, contact in batch.watches_put))


def _write_profiles(driver: Driver, batch: Batch, new: Mapping[str, int]) -> None:
    """The contacts' own rows; `new` are the slots of journeys that had none."""
    _PROFILE_PUT.run_many(
        driver,
        [
            (
                bytes.fromhex(bundle.contact),
                rows.profile_row(bundle, tuple(new.get(j.id, j.slot) for j in bundle.journeys)),
            )
            for bundle in batch.profiles
        ],
    )


def _is_plain(journey: Journey) -> bool:
    return not journey.mail and not journey.held


def _column_wise(journey: Journey) -> tuple[object, ...]:
    """All that a move by node and deadline alone leaves as it is. The parts are compared by identity first,
    so equal ones cost nothing."""
    return (
        journey.graph,
        journey.clock,
        journey.mail,
        journey.held,
        journey.trigger,
        journey.received,
        journey.sent,
        journey.visits,
        journey.codes,
        journey.given,
        journey.beside,
        journey.started,
        journey.trigger_id,
        journey.per,
        journey.flow,
    )


_journey = t.journey.c
_AT_ONCE = 50
"""So many people are asked for by one statement."""
_PROFILE = Statement(select(t.contact).where(t.contact.c.id == bindparam("id_")))
_PROFILES = Statement(
    select(t.contact).where(t.contact.c.id.in_([bindparam(f"id_{place}") for place in range(_AT_ONCE)]))
)
_BEHIND = Statement(
    select(t.contact.c.id)
    .where(t.contact.c.id > bindparam("after"))
    .order_by(t.contact.c.id)
    .limit(bindparam("limit"))
)
JOURNEY = (
    _journey.slot,
    _journey.contact,
    _journey.id,
    _journey.node,
    _journey.epoch,
    _journey.due,
    _journey.clock,
    _journey.body,
)
"""The columns that `rows.journey_of` asks for."""
_JOURNEYS = Statement(select(*JOURNEY, _journey.pin).where(_journey.slot.in_(listed())))
_STANDING = Statement(
    select(*JOURNEY, _journey.pin, t.contact.c.body)
    .join(t.contact, t.contact.c.id == _journey.contact)
    .where(_journey.slot.in_(listed()))
)
_OWNERS = Statement(
    select(_journey.slot, t.contact.c.body)
    .join(t.contact, t.contact.c.id == _journey.contact)
    .where(_journey.slot.in_(listed()))
)
_profile_put = upsert(t.contact)
_PROFILE_PUT = Statement(
    _profile_put.on_conflict_do_update(index_elements=["id"], set_={"body": _profile_put.excluded.body})
)
_PUT = Statement(insert(t.journey))
_MOVE = Statement(
    update(t.journey)
    .values({name: bindparam(f"{name}_") for name in ("node", "epoch", "due")})
    .where(_journey.slot == bindparam("slot_"))
)
_CHANGE = Statement(
    update(t.journey)
    .values(
        {name: bindparam(f"{name}_") for name in ("pin", "node", "epoch", "due", "clock", "plain", "body")}
    )
    .where(_journey.slot == bindparam("slot_"))
)
_STRIDE = Statement(
    update(t.journey)
    .values(node=bindparam("node_"), epoch=_journey.epoch + literal_column("1"), due=bindparam("due_"))
    .where(_journey.slot.in_(listed()))
)
_GONE = Statement(delete(t.journey).where(_journey.slot.in_(listed())))
_WATCH_PUT = Statement(insert(t.watch))
_WATCH_GONE = Statement(
    delete(t.watch).where(t.watch.c.due == bindparam("due_"), t.watch.c.contact == bindparam("contact_"))
)
