"""Another address for the same person: asked for behind a freshly mailed link, told to the old address, and
in force once the button behind the link to the new one was pressed.

What they agreed to goes on, for the person is the same and the new mailbox has proved itself. What they
stopped stays stopped; only that the old mailbox did not exist says nothing of the new one."""

from sqlalchemy import bindparam, func, select, update

from consent.address import Address
from consent.contract import LinkRefused, Receipt, Visit
from consent.ledger.evidence import Evidence, of_visit
from consent.ledger.subjects import Subject, find_or_make, keep_evidence, load
from consent.ledger.suppression import suppress
from consent.ledger.transaction import Writing
from consent.ledger.whose import leave_address, load_living, take_address
from consent.proof.leaf import Leaf
from consent.states import MOVED
from consent.store.statement import Statement
from consent.store.stops import Stop
from consent.store.tables import MOVES, requests, subjects
from consent.subscriber.cooling import cooled_down, one_more
from consent.subscriber.linked import by_preferences
from consent.subscriber.merging import absorb
from consent.subscriber.wishes import Request, ask, close_all, queue
from consent.times import DAY_MS, HOUR_MS

ACTOR = "subject:link"
REQUESTED, REFUSED = "address.requested", "address.refused"
"""Types of leaves."""

MOST_A_DAY = 3
"""So many other addresses one person may ask for in a day: each brings their present one a notice."""

_ASKED = Statement(
    select(func.count()).where(
        requests.c.subject == bindparam("of"), requests.c.tells != "", requests.c.at > bindparam("since")
    )
)
_WAITING = Statement(
    select(requests.c.id, requests.c.mail).where(
        MOVES,
        requests.c.moves == bindparam("of"),
        requests.c.subject == bindparam("at"),
        requests.c.closed == "",
        requests.c.expires > bindparam("now"),
    )
)
_CLOSE_OTHERS = Statement(
    update(requests)
    .where(requests.c.subject == bindparam("of"), requests.c.tells != "", requests.c.closed == "")
    .values(closed=bindparam("how"))
)
_CLOSE_MOVES = Statement(
    update(requests)
    .where(MOVES, requests.c.moves == bindparam("of"), requests.c.closed == "")
    .values(closed=bindparam("how"))
)


def ask_to_move(tx: Writing, token: str, address: Address, visit: Visit) -> None:
    """Ask the new address by a proof mail, and tell the present one by another. Nothing changes yet, and
    whoever asks hears the same of every address. Raises `LinkRefused`."""
    subject = by_preferences(tx, token)
    asked = _ASKED.first(tx.driver, of=subject.id, since=tx.now - DAY_MS)
    if asked is not None and asked[0] >= MOST_A_DAY:
        return
    [new] = find_or_make(tx, [address], known_too=False)
    if new == subject.id:
        return
    newcomer = load(tx, [new])[new]
    may_queue = cooled_down(newcomer, tx.now)
    expires = tx.now + tx.parts.times.link_hours * HOUR_MS
    waiting = _WAITING.first(tx.driver, of=subject.id, at=new, now=tx.now)
    if waiting is not None:
        if waiting[1] == "held" and may_queue:
            queue(tx, waiting[0], subject.language, expires)
            _proof_mail(tx, newcomer, waiting[0])
        return
    for statement in (_CLOSE_MOVES, _CLOSE_OTHERS):  # the last address that they asked for is meant
        statement.run(tx.driver, of=subject.id, how="withdrawn")
    request = ask(tx, new, subject.language, expires, "queued" if may_queue else "held", moves=subject.id)
    if may_queue:
        _proof_mail(tx, newcomer, request)
    # Not held back by any cool-down: whoever enters the present address somewhere could keep it from them.
    notice = ask(tx, subject.id, subject.language, expires, "queued", tells=request)
    record: Evidence = {
        "schema": "address_request/v1",
        "request": request,
        "notice": notice,
        "at": tx.now,
        **of_visit(visit),
    }
    kept = keep_evidence(tx, subject, record)
    for type_ in (REQUESTED, "proof_mail.queued"):
        tx.log.append(Leaf(type=type_, subject=subject.id, actor="subject:preferences", evidence=kept))


def _proof_mail(tx: Writing, newcomer: Subject, request: str) -> None:
    """Whoever has the new address hears of it by a mail; what is kept of that tells nothing of who asked."""
    one_more(tx, newcomer)
    record: Evidence = {"schema": "address_asked/v1", "request": request, "at": tx.now}
    kept = keep_evidence(tx, newcomer, record)
    tx.log.append(
        Leaf(type="proof_mail.queued", subject=newcomer.id, actor="subject:preferences", evidence=kept)
    )


_LOOKUP = Statement(select(subjects.c.lookup).where(subjects.c.id == bindparam("of")))
_MOVE = Statement(
    update(subjects)
    .where(subjects.c.id == bindparam("of"))
    .values(
        lookup=bindparam("found_by"),
        address=bindparam("sealed"),
        bounced=0,
        proofs=0,
        proof_at=0,
        moved=bindparam("now"),
        links_since=bindparam("now"),
        alive=bindparam("now"),
    )
)


def change(tx: Writing, request: Request, visit: Visit) -> Receipt:
    """The button behind the link to the new address was pressed: it is the person's from now on, and whoever
    was known by it is part of them. Raises `LinkRefused` if there is nobody any more who asked for it."""
    stays = load_living(tx, request.moves)
    goes = load(tx, [request.subject]).get(request.subject)
    if stays is None or goes is None or stays.id == goes.id:
        raise LinkRefused("unknown")
    vault = tx.parts.vault
    before = vault.open_address(stays.id, stays.wrapped, stays.sealed)
    after = vault.open_address(goes.id, goes.wrapped, goes.sealed)
    record: Evidence = {
        "schema": "address_change/v1",
        "request": request.id,
        "before": before,
        "after": after,
        "absorbed": goes.id,
        "at": tx.now,
        **of_visit(visit),
    }
    kept = keep_evidence(tx, stays, record)
    [(left,)] = _LOOKUP.rows(tx.driver, of=stays.id)
    found_by = absorb(tx, stays, goes, ACTOR, kept)
    seq = tx.log.append(Leaf(type=MOVED, subject=stays.id, actor=ACTOR, evidence=kept))
    tx.stops.append(Stop(stays.id, "", MOVED, tx.now, seq, tx.log.newest.hex()))
    sealed = vault.seal_address(stays.id, stays.wrapped, after)
    _MOVE.run(tx.driver, of=stays.id, found_by=found_by, sealed=sealed, now=tx.now)
    leave_address(tx, stays, bytes(left), before)
    close_all(tx, stays.id, "moved")  # what was mailed to the old address
    moved = load(tx, [stays.id])[stays.id]
    take_address(tx, moved)
    on = tuple(sorted(topic for topic in moved.standings if moved.gets(topic)))
    return Receipt(stays.id, MOVED, on, tx.now, seq, "")


def decline(tx: Writing, newcomer: Subject, commitment: str) -> None:
    """ "This wasn't me", says the address that was asked for: marketing stays away from it until a fresh
    confirmation, whatever list or sale brings it, unless they get some already."""
    tx.log.append(Leaf(type=REFUSED, subject=newcomer.id, actor=ACTOR, evidence=commitment))
    if not any(newcomer.gets(topic) for topic in newcomer.standings):
        suppress(tx, newcomer)


_LINKS_END = Statement(
    update(subjects).where(subjects.c.id == bindparam("of")).values(links_since=bindparam("now"))
)


def refuse_change(tx: Writing, notice: Request, visit: Visit) -> None:
    """ "This wasn't me", says the present address: what was asked for is closed, and so is the way by which
    somebody asked for it: links to choose from before do not count any more."""
    subject = load(tx, [notice.subject])[notice.subject]
    close_all(tx, subject.id, "refused")
    _LINKS_END.run(tx.driver, of=subject.id, now=tx.now)
    record: Evidence = {
        "schema": "address_refusal/v1",
        "request": notice.tells,
        "at": tx.now,
        **of_visit(visit),
    }
    kept = keep_evidence(tx, subject, record)
    tx.log.append(Leaf(type=REFUSED, subject=subject.id, actor=ACTOR, evidence=kept))
