"""Deadlines in order: those of journeys, and the moments at which time alone may change a contact."""

from collections.abc import Collection
from heapq import merge
from itertools import islice
from operator import attrgetter

from msgspec import MsgspecError, Struct
from sqlalchemy import and_, bindparam, case, false, null, select, true

from engine.store import rows
from engine.store import schema as t
from engine.store.aside import aside
from engine.store.register import Register
from engine.store.statement import Driver, Row, Statement


class Due(Struct, frozen=True, gc=False):
    """A deadline that has come. `journey` is empty for the contact's own watch; `mail` is the key of the mail
    that the wait counts from, while it is open. `alone`: neither that nor a held mail is there, and no watch
    of the contact has come. The others tell where the journey stands, as the fields of a `Journey` do."""

    due: int
    contact: str
    journey: str = ""
    epoch: int = 0
    mail: str = ""
    slot: int = 0
    graph: str = ""
    node: int = 0
    clock: str = ""
    alone: bool = False


def due(driver: Driver, now: int, limit: int, register: Register) -> list[Due]:
    """The deadlines up to `now`, earliest first."""
    watches = [Due(at, contact.hex()) for at, contact in _WATCHES.rows(driver, now, limit)]
    watched = {one.contact for one in watches}
    every = len(watches) < limit  # else there are more
    journeys = [_of(driver, row, register, watched, every) for row in _TIMERS.rows(driver, now, limit)]
    if not watches:
        return journeys
    return list(islice(merge(watches, journeys, key=attrgetter("due")), limit))


def _of(driver: Driver, row: Row, register: Register, watched: Collection[str], every: bool) -> Due:
    at, slot, contact, id_, pin, node, epoch, clock, plain, body = row
    whose = contact.hex()
    try:
        graph, _ = register.pinned(driver, pin)
    except ValueError:  # whoever loads its contact finds out, and acts on it
        return Due(at, whose, id_.hex(), epoch)
    mail = "" if plain else _mail(body)
    alone = bool(plain) and every and whose not in watched
    return Due(at, whose, id_.hex(), epoch, mail, slot, graph, node, clock, alone)


def _mail(body: bytes) -> str:
    try:
        return rows.mail_of(body)
    except (MsgspecError, ValueError):  # whoever loads its contact finds out, and acts on it
        return ""


def next_due(driver: Driver) -> int | None:
    """The earliest deadline of all."""
    found = [row[0] for row in (_NEXT_TIMER.first(driver), _NEXT_WATCH.first(driver)) if row is not None]
    return min(found, default=None)


_timer, _watch, _journey = t.timer.c, t.watch.c, t.journey.c
_in_time = case((_journey.due == _timer.due, true()), else_=false())
_its_own = and_(_journey.slot == _timer.slot, _in_time)
"""A timer that was left in a slot is nobody's. Not told as an equation: a server would reckon with next to no
rows then, and sort all of them instead of reading the first in order."""
_going_on = _journey.contact.not_in(select(aside.c.contact))
_watched = _watch.contact.not_in(select(aside.c.contact))
TIMERS_DUE = select(_timer.due).join(t.journey, _its_own).where(_going_on)
"""The moments of all timers that somebody will act on: nobody does on those of people who are set aside."""
WATCHES_DUE = select(_watch.due).where(_watched)
"""The same of the moments at which contacts are looked at anew."""
_TIMERS = Statement(
    select(
        _timer.due,
        _timer.slot,
        _journey.contact,
        _journey.id,
        _journey.pin,
        _journey.node,
        _journey.epoch,
        _journey.clock,
        _journey.plain,
        case((_journey.plain, null()), else_=_journey.body),
    )
    .join(t.journey, _its_own)
    .where(_timer.due <= bindparam("now"), _going_on)
    .order_by(_timer.due, _timer.slot)
    .limit(bindparam("limit"))
)
_WATCHES = Statement(
    select(_watch.due, _watch.contact)
    .where(_watch.due <= bindparam("now"), _watched)
    .order_by(_watch.due, _watch.contact)
    .limit(bindparam("limit"))
)
_NEXT_TIMER = Statement(  # ordered: so it ends at the first
    TIMERS_DUE.order_by(_timer.due, _timer.slot).limit(1)
)
_NEXT_WATCH = Statement(WATCHES_DUE.order_by(_watch.due, _watch.contact).limit(1))
