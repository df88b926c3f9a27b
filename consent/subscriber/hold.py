"""Legal holds: an operator has a person's proof kept until a day, whatever else is forgotten of them.

While one stands, nothing is forgotten by time. An erasure deletes all but what is under the seal. After its
day, or when it is lifted, what the seal keeps is destroyed; of somebody who was not erased, all else stays as
it was."""

from msgspec.structs import replace
from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects.sqlite import insert

from consent.contract.holds import Hold, Opened
from consent.ledger.evidence import Evidence
from consent.ledger.sealing import (
    Held,
    destroyed,
    every_hold,
    find_hold,
    hold_vault,
    open_proof,
    seal_piece,
    seal_proof,
    seal_record,
)
from consent.ledger.subjects import keep_evidence
from consent.ledger.transaction import Reading, Writing
from consent.ledger.whose import living, load_living
from consent.proof.leaf import Leaf
from consent.states import HOLD_ENDED, HOLD_LIFTED, HOLD_OPENED, HOLD_PLACED, HOLD_TOLD
from consent.store.statement import Statement
from consent.store.tables import erasures, holds
from consent.subscriber import hold_notice
from consent.subscriber.erasure import find_erasure, rewrite_again
from consent.subscriber.given_out import given_out

BY_TIME, BY_MAIL = "system:time", "system:mail"
_RECORD, _TOLD_RECORD = "hold/v1", "hold_told/v1"


class HoldRefused(ValueError):
    """A hold that cannot be placed, or is not there; the message says why in plain words."""


_INTO = insert(holds)
_PLACE = Statement(
    _INTO.on_conflict_do_update(
        index_elements=[holds.c.subject],
        set_={name: _INTO.excluded[name] for name in ("until", "seq", "at", "told")},
    )
)
_TOLD = Statement(update(holds).where(holds.c.subject == bindparam("of")).values(told=bindparam("now")))
_OVER = Statement(
    select(holds.c.subject)
    .where(holds.c.until <= bindparam("now"))
    .order_by(holds.c.until)
    .limit(bindparam("most"))
)
_LET_GO = Statement(
    update(erasures)
    .where(erasures.c.subject == bindparam("of"))
    .values(held_at=bindparam("now"), rewritten=False)
)


def place(tx: Writing, identity: str, until: int, reason: str, actor: str) -> Held:
    """Hold a subject's proof until a moment (ms UTC), or give the hold that stands another end; of somebody
    who was erased only the latter. Said again, nothing is done. Raises `HoldRefused`, `WrongKeys`."""
    if until <= tx.now:
        raise HoldRefused("The end of a hold must lie ahead.")
    if not reason.strip():
        raise HoldRefused("A hold needs a reason.")
    person, before = load_living(tx, identity), find_hold(tx, identity)
    if before is None and person is not None:
        identity, before = person.id, find_hold(tx, person.id)
    if person is None and before is None:
        raise HoldRefused("Nothing is kept of them that could be held.")
    if before is not None and (until, reason.strip()) == (before.until, _reason(tx, before)):
        return before
    wrapped = before.wrapped if before is not None else hold_vault(tx).new_key(identity)
    hold = Held(identity, wrapped, until, 0, tx.now, 0)
    record: Evidence = {"schema": _RECORD, "reason": reason.strip(), "until": until, "at": tx.now}
    kept = _keep(tx, hold, record)
    seq = tx.log.append(Leaf(type=HOLD_PLACED, subject=identity, actor=actor, evidence=kept))
    _PLACE.run(tx.driver, subject=identity, wrapped=wrapped, until=until, seq=seq, at=tx.now, told=0)
    if person is not None:
        if person.id == identity:
            seal_proof(tx, hold, person)
        hold_notice.queue(tx, identity, until)
    return Held(identity, wrapped, until, seq, tx.now, 0)


def tell(tx: Writing, identity: str, actor: str, at: int = 0) -> None:
    """The person was told of the hold and its end in another way than by our mail, at a moment (ms UTC; 0:
    now); no mail tells them any more. Raises `HoldRefused`."""
    hold = _standing(tx, identity)
    if at > tx.now:
        raise HoldRefused("The day on which they were told must not lie ahead.")
    _told(tx, hold, actor, {"told": at or tx.now})
    hold_notice.drop(tx, identity)


def told_by_mail(tx: Writing, identity: str, key: str, handed: Evidence) -> None:
    """The mail server took the mail that tells them, if the hold stands still; `handed` has the mail as it
    was sent, and the reply."""
    hold = find_hold(tx, identity)
    if hold is not None:
        _told(tx, hold, BY_MAIL, {"told": tx.now, "mail": key, **handed})


def told_in_vain(tx: Writing, key: str) -> None:
    """A mail came back: if it was to tell somebody of a hold, they were not told."""
    identity = hold_notice.came_back(tx, key)
    if identity is not None:
        _TOLD.run(tx.driver, of=identity, now=0)


def _told(tx: Writing, hold: Held, actor: str, how: Evidence) -> None:
    record: Evidence = {"schema": _TOLD_RECORD, "until": hold.until, "at": tx.now, **how}
    kept = _keep(tx, hold, record)
    _TOLD.run(tx.driver, of=hold.subject, now=how["told"])
    tx.log.append(Leaf(type=HOLD_TOLD, subject=hold.subject, actor=actor, evidence=kept))


def _keep(tx: Writing, hold: Held, record: Evidence) -> str:
    """Keep a record of a hold with whoever it is about, and under its seal where an erasure would not put it:
    of somebody who is gone, or part of another; its commitment."""
    person = load_living(tx, hold.subject)
    if person is None:
        return seal_record(tx, hold, record)
    kept = keep_evidence(tx, person, record)
    if person.id != hold.subject:
        seal_piece(tx, hold, person, kept)
    return kept


def open_held(tx: Writing, identity: str, actor: str) -> tuple[str, list[Opened]]:
    """The address and the evidence under the seal, for whoever needs the proof; each look is a leaf. Raises
    `HoldRefused`, `WrongKeys`."""
    address, pieces = open_proof(tx, _standing(tx, identity))
    tx.log.append(Leaf(type=HOLD_OPENED, subject=identity, actor=actor))
    return address, [replace(one, evidence=given_out(tx, one.evidence)) for one in pieces]


def lift(tx: Writing, identity: str, actor: str) -> None:
    """End a hold before its day, and destroy what it keeps. Raises `HoldRefused`."""
    _end(tx, _standing(tx, identity).subject, HOLD_LIFTED, actor)


def end_holds(tx: Writing, most: int) -> int:
    """Destroy what was held until a day that has come."""
    rows = _OVER.rows(tx.driver, now=tx.now, most=most)
    for (identity,) in rows:
        _end(tx, identity, HOLD_ENDED, BY_TIME)
    return len(rows)


def standing_holds(reading: Reading) -> list[Hold]:
    """All holds that stand, the first to end first. Raises `WrongKeys`."""
    ways = hold_notice.ways(reading)
    return [_listed(reading, hold, ways.get(hold.subject, "")) for hold in every_hold(reading)]


def _reason(reading: Reading, hold: Held) -> str:
    _, pieces = open_proof(reading, hold)
    records = [one.evidence for one in pieces if one.evidence.get("schema") == _RECORD]
    newest = next((one for one in records if (one["at"], one["until"]) == (hold.at, hold.until)), {})
    return str(newest.get("reason", ""))


def _listed(reading: Reading, hold: Held, mail: str) -> Hold:
    return Hold(
        hold.subject,
        _reason(reading, hold),
        hold.until,
        hold.at,
        hold.told,
        find_erasure(reading, hold.subject),
        str(mail),
    )


def _standing(reading: Reading, identity: str) -> Held:
    found = find_hold(reading, identity)
    if found is None:
        raise HoldRefused("No hold stands on their proof.")
    return found


def _end(tx: Writing, identity: str, how: str, actor: str) -> None:
    destroyed(tx, [identity])
    hold_notice.drop(tx, identity)
    _LET_GO.run(tx.driver, of=living(tx, [identity]).get(identity, identity), now=tx.now)
    rewrite_again(tx)
    tx.log.append(Leaf(type=how, subject=identity, actor=actor))
