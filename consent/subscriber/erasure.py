"""Erasure: all of a person goes but their random id in the leaves, so that every old proof still holds.

It is done at once, in the transaction of its leaf. Then the store is rewritten, for a database keeps deleted
rows on its pages for a while; whoever else keeps something of people hears of it by the feed and says when
they have forgotten too; and when the last backup from before has gone, that is noted as well.

A legal hold keeps proof beyond it, sealed under another key: backups count from when that was destroyed."""

import json
from collections.abc import Sequence

from msgspec import Struct
from sqlalchemy import bindparam, delete, exists, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from consent.contract import Erasure
from consent.ledger.sealing import find_hold, seal_proof
from consent.ledger.subjects import load
from consent.ledger.suppression import suppress
from consent.ledger.transaction import Reading, Writing
from consent.ledger.whose import forget_left, left_by, living, parts_of
from consent.proof.leaf import Leaf
from consent.states import ERASED_BACKUPS, ERASED_PRIMARY, ERASURE, PENDING_PURGED
from consent.store.statement import Statement
from consent.store.stops import Stop
from consent.store.tables import (
    IN_ANY_SPAN,
    MOVES,
    among,
    doubts,
    erasures,
    evidence,
    facts,
    holds,
    imported,
    leaves,
    merged,
    reports,
    requests,
    standings,
    subjects,
    wishes,
)
from consent.subscriber.cooling import COOL_DOWNS_MS

DAY_MS = 86_400_000


class Erased(Struct, frozen=True):
    """What the gate knows of an erased subject: the leaf, and how many stops they had."""

    seq: int
    epoch: int


class Waiting(Struct, frozen=True):
    """An erased subject whom backups of before `since` (ms UTC) may know; 0: a hold still stands."""

    subject: str
    since: int


_MINE = select(requests.c.id).where(requests.c.subject == bindparam("of"))
# Who refused such a request keeps it, and with it their pause, until time forgets both; it tells of nobody.
_REFUSED = Statement(
    update(requests)
    .where(
        MOVES,
        requests.c.moves == bindparam("of"),
        requests.c.closed == "refused",
        exists().where(subjects.c.id == requests.c.subject, subjects.c.proofs >= len(COOL_DOWNS_MS)),
    )
    .values(moves="")
)
_GONE = (
    _REFUSED,
    Statement(delete(wishes).where(wishes.c.request.in_(_MINE))),
    Statement(delete(requests).where(requests.c.subject == bindparam("of"))),
    Statement(delete(standings).where(standings.c.subject == bindparam("of"))),
    Statement(delete(evidence).where(evidence.c.subject == bindparam("of"))),
    Statement(delete(reports).where(reports.c.subject == bindparam("of"))),
    Statement(delete(imported).where(imported.c.subject == bindparam("of"))),
    Statement(delete(doubts).where(doubts.c.subject == bindparam("of"))),
    Statement(delete(subjects).where(subjects.c.id == bindparam("of"))),
    Statement(delete(requests).where(MOVES, requests.c.moves == bindparam("of"))),
    # Told to the feed beside the leaf, and no part of it.
    Statement(update(leaves).where(IN_ANY_SPAN, leaves.c.subject == bindparam("of")).values(language="")),
)
_ASKED_FOR = Statement(
    select(requests.c.subject).where(MOVES, requests.c.moves == bindparam("of")).distinct()
)
_STRANGER = Statement(
    select(subjects.c.id).where(
        subjects.c.id == bindparam("of"),
        subjects.c.known.is_(False),
        # Whoever said something themselves is nobody else's to forget.
        subjects.c.complained == 0,
        subjects.c.objected == 0,
        subjects.c.restricted == 0,
        ~exists().where(standings.c.subject == subjects.c.id),
        ~exists().where(requests.c.subject == subjects.c.id),
        ~exists().where(holds.c.subject == subjects.c.id),
    )
)
_NOTE = Statement(insert(erasures).on_conflict_do_nothing())
_ERASED = Statement(
    select(erasures.c.subject, erasures.c.seq, erasures.c.epoch).where(among(erasures.c.subject, "ids"))
)
_ONE = Statement(
    select(
        erasures.c.subject, erasures.c.seq, erasures.c.at, erasures.c.primary_at, erasures.c.backups_at
    ).where(erasures.c.subject == bindparam("of"))
)
_NOT_REWRITTEN = Statement(select(erasures.c.subject).where(erasures.c.rewritten.is_(False)).limit(1))
_REWRITTEN = Statement(update(erasures).where(erasures.c.rewritten.is_(False)).values(rewritten=True))
_PURGED = "purged"
_PURGED_SINCE = Statement(select(facts.c.value).where(facts.c.name == _PURGED))
_PURGE = Statement(insert(facts).on_conflict_do_nothing())
_NOTHING_PURGED = Statement(delete(facts).where(facts.c.name == _PURGED))
_REWRITING = "rewriting"
_BEGUN = Statement(select(facts.c.name).where(facts.c.name == _REWRITING))
_BEGIN = Statement(insert(facts).on_conflict_do_nothing())
_AGAIN = Statement(delete(facts).where(facts.c.name == _REWRITING))
_PRIMARY = Statement(
    update(erasures)
    .where(erasures.c.subject == bindparam("of"), erasures.c.primary_at == 0)
    .values(primary_at=bindparam("now"))
)
# A hold on somebody who had become part of them is one on their proof.
_IS_HELD = or_(
    exists().where(holds.c.subject == erasures.c.subject),
    exists().where(merged.c.into == erasures.c.subject, holds.c.subject == merged.c.subject),
)
_KEPT_IN_BACKUPS = Statement(
    select(erasures.c.subject)
    .where(
        erasures.c.backups_at == 0,
        erasures.c.primary_at > 0,
        erasures.c.primary_at <= bindparam("before"),
        erasures.c.held_at <= bindparam("before"),
        erasures.c.rewritten.is_(True),
        ~_IS_HELD,
    )
    .order_by(erasures.c.seq)
)
_WAITING = Statement(
    select(erasures.c.subject, erasures.c.primary_at, erasures.c.held_at, _IS_HELD)
    .where(erasures.c.backups_at == 0, erasures.c.primary_at > 0)
    .order_by(erasures.c.seq)
)
_BACKUPS = Statement(
    update(erasures).where(erasures.c.subject == bindparam("of")).values(backups_at=bindparam("now"))
)


def erase(tx: Writing, identity: str, actor: str) -> Erasure | None:
    """Forget a subject, or whom they have become part of; None if there is none of that id, and never was."""
    identity = living(tx, [identity]).get(identity, identity)
    known = find_erasure(tx, identity)
    subject = load(tx, [identity]).get(identity)
    if known is not None or subject is None:
        return known
    suppress(tx, subject, [typed for _, typed in left_by(tx, subject)])
    return let_go(tx, identity, subject.epoch + 1, actor)


def erase_again(tx: Writing, identity: str, actor: str) -> None:
    """Do once more what a restored store knows nothing of; also where it does not know the subject, for
    others may, who were restored with it."""
    if erase(tx, identity, actor) is None:
        let_go(tx, identity, 1, actor)


def let_go(tx: Writing, identity: str, epoch: int, actor: str) -> Erasure:
    """Forget a subject without a mark that keeps marketing away: nobody of that address asked for it. `epoch`
    counts their stops, this one among them."""
    hold, subject = find_hold(tx, identity), load(tx, [identity]).get(identity)
    if hold is not None and subject is not None:
        seal_proof(tx, hold, subject)
    parts = sorted(parts_of(tx, [identity]))
    asked = [row[0] for row in _ASKED_FOR.rows(tx.driver, of=identity)]
    for statement in _GONE:
        statement.run(tx.driver, of=identity)
    forget_left(tx, identity)
    for stranger in asked:
        _forget_stranger(tx, stranger)
    seq = tx.log.append(Leaf(type=ERASURE, subject=identity, actor=actor))
    _NOTE.run(
        tx.driver,
        subject=identity,
        epoch=epoch,
        seq=seq,
        at=tx.now,
        rewritten=False,
        primary_at=0,
        backups_at=0,
        held_at=0,
    )
    _AGAIN.run(tx.driver)
    for gone in (identity, *parts):  # an older store may have them as people of their own
        tx.stops.append(Stop(gone, "", ERASURE, tx.now, seq, tx.log.newest.hex()))
    return Erasure(identity, seq, tx.now)


def _forget_stranger(tx: Writing, identity: str) -> None:
    """Forget somebody whose address was only asked for, by whoever is erased."""
    if _STRANGER.first(tx.driver, of=identity) is not None:
        for statement in _GONE:
            statement.run(tx.driver, of=identity)
        tx.log.append(Leaf(type=PENDING_PURGED, subject=identity, actor="system:erasure"))


def find_erasure(reading: Reading, identity: str) -> Erasure | None:
    """How far the erasure of a subject has come, or of whom they had become part of; None: nobody asked for
    it."""
    row = _ONE.first(reading.driver, of=living(reading, [identity]).get(identity, identity))
    return None if row is None else Erasure(*row)


def erased_among(reading: Reading, ids: Sequence[str]) -> dict[str, Erased]:
    """Those of the subjects who were erased."""
    if not ids:
        return {}
    rows = _ERASED.rows(reading.driver, ids=json.dumps(list(ids)))
    return {subject: Erased(seq, epoch) for subject, seq, epoch in rows}


def wants_rewriting(reading: Reading) -> bool:
    """Whether pages of the store may still hold something of somebody who was erased, or what time forgot a
    day ago: that alone is no reason to hold everybody up each time."""
    if _NOT_REWRITTEN.first(reading.driver) is not None:
        return True
    purged = _PURGED_SINCE.first(reading.driver)
    return purged is not None and int(bytes(purged[0])) <= reading.now - DAY_MS


def purged(tx: Writing) -> None:
    """Something was forgotten by time, and may stand on pages yet."""
    _PURGE.run(tx.driver, name=_PURGED, value=str(tx.now).encode())
    rewrite_again(tx)


def rewrite_again(tx: Writing) -> None:
    """Something went that may stand on pages which were just written anew."""
    _AGAIN.run(tx.driver)


def begin_rewriting(tx: Writing) -> bool:
    """Whether the store is to be rewritten; what goes from here on is not seen to by it."""
    if not wants_rewriting(tx):
        return False
    _BEGIN.run(tx.driver, name=_REWRITING, value=b"")
    return True


def rewritten(tx: Writing) -> bool:
    """All tables were rewritten, one after the other. False: something went meanwhile, so it is to be done
    again."""
    if _BEGUN.first(tx.driver) is None:
        return False
    rewrite_again(tx)
    _REWRITTEN.run(tx.driver)
    _NOTHING_PURGED.run(tx.driver)
    return True


def forgotten(tx: Writing, identities: Sequence[str]) -> None:
    """All stores have forgotten these: noted once, by a leaf."""
    for identity in identities:
        if _PRIMARY.run(tx.driver, of=identity, now=tx.now):
            tx.log.append(Leaf(type=ERASED_PRIMARY, subject=identity))


def waiting_for_backups(reading: Reading) -> list[Waiting]:
    """Whom backups of before may still know, oldest first."""
    rows = _WAITING.rows(reading.driver)
    return [Waiting(subject, 0 if held else max(primary, let_go)) for subject, primary, let_go, held in rows]


def forgotten_by_backups(tx: Writing, days: int) -> int:
    """Note, by leaves, whom no backup knows any more, since each is kept for `days` at most; how many."""
    before = tx.now - days * DAY_MS
    gone = [row[0] for row in _KEPT_IN_BACKUPS.rows(tx.driver, before=before)]
    for identity in gone:
        _BACKUPS.run(tx.driver, of=identity, now=tx.now)
        tx.log.append(Leaf(type=ERASED_BACKUPS, subject=identity))
    return len(gone)
