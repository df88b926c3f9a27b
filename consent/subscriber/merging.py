"""Two subjects become one: of each topic the stricter state stays, stops of either go on, and nothing is
agreed to by it. The one who is absorbed ends as if erased, but that the other has what was kept of them."""

from collections.abc import Sequence

from sqlalchemy import bindparam, delete, exists, func, select, update

from consent.contract import Heard
from consent.errors import WrongKeys
from consent.ledger.both_words import FREQUENCIES, Words, both_words
from consent.ledger.doubts import hand_on_doubts
from consent.ledger.evidence import Evidence
from consent.ledger.sealing import find_hold, seal_proof
from consent.ledger.subjects import Subject, keep_evidence, load
from consent.ledger.suppression import suppressed
from consent.ledger.transaction import Writing
from consent.ledger.whose import become, leave_address, living
from consent.proof.leaf import Leaf
from consent.states import (
    COMPLAINT,
    GOING,
    MERGED,
    OBJECTION,
    RESTRICTED,
    State,
    Step,
    may_merge,
    taken_over,
)
from consent.store.columns import blob
from consent.store.statement import Statement
from consent.store.stops import Stop
from consent.store.tables import (
    IN_ANY_SPAN,
    evidence,
    imported,
    leaves,
    reports,
    requests,
    standings,
    subjects,
)
from consent.subscriber.mailed import NOT_LOOKED, count
from consent.subscriber.wishes import close_all
from consent.subscriber.withdrawal import silence, stop

ACTOR = "system:merge"
"""Who takes over what the other had stopped."""


class MergeRefused(ValueError):
    """Two people who cannot become one; the message says why in plain words."""


def merge(tx: Writing, stays: str, goes: str, actor: str) -> Heard:
    """Make two contacts one on a shop's or an operator's word: whoever `stays` keeps their address, and gets
    what comes in by the other's too. `AGAIN`: they are one already. Raises `MergeRefused`."""
    if not may_merge(actor):
        raise MergeRefused(f"`{actor}` cannot make two contacts one.")
    whose = living(tx, [stays, goes])
    stays, goes = whose.get(stays, stays), whose.get(goes, goes)
    known = load(tx, [stays, goes])
    if stays == goes:
        return Heard.AGAIN if known else Heard.UNKNOWN
    if len(known) < 2:
        return Heard.UNKNOWN
    stayed, gone = known[stays], known[goes]
    record: Evidence = {"schema": "merge/v1", "absorbed": goes, "by": actor, "at": tx.now}
    commitment = keep_evidence(tx, stayed, record)
    typed = _address(tx, gone)
    lookup = absorb(tx, stayed, gone, actor, commitment)
    if typed is not None:
        leave_address(tx, stayed, lookup, typed)
    return Heard.NEW


def absorb(tx: Writing, stays: Subject, goes: Subject, actor: str, commitment: str) -> bytes:
    """Let `goes` become part of `stays`, who has their own address as before; what the other's was found by.
    The stops come first, then the leaf `merged`, so that whoever reads the log sees that none was lost; what
    the rows of either hide counts as well, and who is in doubt stays so."""
    mine, other = both_words(tx, [stays, goes])
    stays = _take_stops(tx, mine, other)
    _take_pace(tx, stays, other.stricter)
    hold = find_hold(tx, goes.id)
    if hold is not None:  # what must be kept stays under its own seal, whatever becomes of the other
        seal_proof(tx, hold, goes)
    seq = tx.log.append(Leaf(type=MERGED, subject=goes.id, actor=actor, evidence=commitment, into=stays.id))
    tx.stops.append(Stop(goes.id, "", MERGED, tx.now, seq, tx.log.newest.hex()))
    close_all(tx, goes.id, "moved")
    _take_evidence(tx, stays, goes)
    for statement in _HAND_ON:
        statement.run(tx.driver, before=goes.id, after=stays.id)
    [(lookup,)] = _LOOKUP.rows(tx.driver, before=goes.id)
    ended = _ended(tx, goes)
    for statement in _GONE:
        statement.run(tx.driver, before=goes.id)
    become(tx, goes, stays, ended)
    hand_on_doubts(tx, goes.id, stays.id)
    return blob(lookup)


def _take_stops(tx: Writing, mine: Words, other: Words) -> Subject:
    """What either has left, both have left; the one who stays, as they stand afterwards."""
    stays, goes = mine.logged, other.stricter
    for topic in sorted(mine.left.keys() | other.left.keys()):
        states = {words.left.get(topic, State.NONE) for words in (mine, other)}
        left = State.OBJECTED if State.OBJECTED in states else State.WITHDRAWN
        step = taken_over(stays.standing(topic).state, left)
        if step is not None:
            stays = stop(tx, stays, [topic], ACTOR, None, step)
    newest = max(goes.complained, goes.objected)
    if newest:  # a sale or a list brings nobody back who ever said no, at whichever address
        for topic in sorted(stays.standings):
            if stays.standing(topic).state in _UNASKED:
                stays = stop(tx, stays, [topic], ACTOR, None, Step.OBJECTED)
    if _owed(stays, newest):
        silence(tx, stays, COMPLAINT if newest == goes.complained else OBJECTION, ACTOR, None)
    elif _kept_away(tx, stays, goes):
        silence(tx, stays, OBJECTION, ACTOR, None)
    if goes.restricted and not stays.restricted:
        leaf = tx.log.append(Leaf(type=RESTRICTED, subject=stays.id, actor=ACTOR))
        _RESTRICT.run(tx.driver, of=stays.id, leaf=leaf)
        tx.stops.append(Stop(stays.id, "", RESTRICTED, tx.now, leaf, tx.log.newest.hex()))
    after = load(tx, [stays.id])[stays.id]
    _EVER.run(
        tx.driver,
        of=stays.id,
        spam=max(after.complained, goes.complained),
        word=max(after.objected, goes.objected),
    )
    return load(tx, [stays.id])[stays.id]


_UNASKED = GOING - {State.ACTIVE}
"""Where somebody gets mail that they have not confirmed themselves."""


def _owed(stays: Subject, newest: int) -> bool:
    """Whether a stop of the other's whole address (its leaf) is younger than a word of the one who stays, or
    than something that they get, and no stop of their own says so already. Leaves of both stand in one
    order; that the other came back is a word about what ends with them."""
    if max(stays.complained, stays.objected) >= newest:
        return False
    going = (standing.seq for standing in stays.standings.values() if standing.state in GOING)
    return newest > stays.confirmed or any(seq < newest for seq in going)


def _kept_away(tx: Writing, stays: Subject, goes: Subject) -> bool:
    """Whether marketing is kept from the address of either: of both, then, until they confirm anew."""
    if max(stays.complained, stays.objected) > stays.confirmed:
        return False
    people = {stays.id: stays, goes.id: goes}
    return bool(suppressed(tx, people, lambda one: _address(tx, people[one])))


def _take_pace(tx: Writing, stays: Subject, goes: Subject) -> None:
    """The rarer frequency and the longer break of the two."""
    columns: dict[str, str | int] = {}
    if FREQUENCIES.index(goes.frequency) > FREQUENCIES.index(stays.frequency):
        columns["frequency"] = goes.frequency.value
    if goes.frequency or stays.frequency:  # then it is of what went to either
        for one in (stays, goes):
            if not one.frequency:
                count(tx, one.id, NOT_LOOKED)
    if goes.paused_until > max(stays.paused_until, tx.now):
        columns["paused_until"] = goes.paused_until
    if not columns:
        return
    tx.conn.execute(update(subjects).where(subjects.c.id == stays.id).values(columns))
    record: Evidence = {"schema": "pace/v1", **columns, "at": tx.now}
    kept = keep_evidence(tx, stays, record)
    for name, type_ in (("frequency", "frequency.changed"), ("paused_until", "paused")):
        if name in columns:
            tx.log.append(Leaf(type=type_, subject=stays.id, actor=ACTOR, evidence=kept))


def _take_evidence(tx: Writing, stays: Subject, goes: Subject) -> None:
    """What is kept of the one becomes the other's, sealed under their key: it proves what it proved, and goes
    when they go. A row that cannot be opened proves nothing, and goes now."""
    vault = tx.parts.vault
    for commitment, row, sealed, ip in _EVIDENCE.rows(tx.driver, before=goes.id):
        pieces = {"evidence/v1": blob(sealed), "ip/v1": blob(ip)}
        try:
            plain = {
                schema: vault.open(goes.id, goes.wrapped, row, schema, piece)
                for schema, piece in pieces.items()
                if piece
            }
        except WrongKeys:
            _DROP.run(tx.driver, of=commitment)
            continue
        anew = {
            schema: vault.seal(stays.id, stays.wrapped, row, schema, piece) for schema, piece in plain.items()
        }
        _RESEAL.run(
            tx.driver,
            of=commitment,
            after=stays.id,
            plain=anew.get("evidence/v1", b""),
            where=anew.get("ip/v1", b""),
        )


def _ended(tx: Writing, goes: Subject) -> int:
    """When the last that they got or asked for ended, ms UTC: now, if it had not."""
    states = {standing.state for standing in goes.standings.values()}
    if State.PENDING in states or states & GOING:
        return tx.now
    [(last,)] = _LAST.rows(tx.driver, before=goes.id)
    return int(last)


def _address(tx: Writing, subject: Subject) -> str | None:
    try:
        return tx.parts.vault.open_address(subject.id, subject.wrapped, subject.sealed)
    except WrongKeys:
        return None


_RESTRICT = Statement(
    update(subjects).where(subjects.c.id == bindparam("of")).values(restricted=bindparam("leaf"))
)
# Also of one that nothing waits for: who ever said no is told of nothing by a sale.
_EVER = Statement(
    update(subjects)
    .where(subjects.c.id == bindparam("of"))
    .values(complained=bindparam("spam"), objected=bindparam("word"))
)
_LOOKUP = Statement(select(subjects.c.lookup).where(subjects.c.id == bindparam("before")))
_LAST = Statement(
    select(func.coalesce(func.max(standings.c.at), 0)).where(standings.c.subject == bindparam("before"))
)
_EVIDENCE = Statement(
    select(evidence.c.commitment, evidence.c.row, evidence.c.sealed, evidence.c.ip).where(
        evidence.c.subject == bindparam("before")
    )
)
_RESEAL = Statement(
    update(evidence)
    .where(evidence.c.commitment == bindparam("of"))
    .values(subject=bindparam("after"), sealed=bindparam("plain"), ip=bindparam("where"))
)
_DROP = Statement(delete(evidence).where(evidence.c.commitment == bindparam("of")))
_TWICE = imported.alias()
_HAND_ON: Sequence[Statement] = (
    # Somebody goes by an address of the other: they are not forgotten like one who only signed up.
    Statement(update(subjects).where(subjects.c.id == bindparam("after")).values(known=True)),
    Statement(
        update(requests).where(requests.c.subject == bindparam("before")).values(subject=bindparam("after"))
    ),
    Statement(
        update(reports).where(reports.c.subject == bindparam("before")).values(subject=bindparam("after"))
    ),
    # Where the data of both came from is told to the one; undoing an import forgets nobody who was merged.
    Statement(
        delete(imported).where(
            imported.c.subject == bindparam("before"),
            exists().where(
                _TWICE.c["import"] == imported.c["import"],
                _TWICE.c.topic == imported.c.topic,
                _TWICE.c.subject == bindparam("after"),
            ),
        )
    ),
    Statement(
        update(imported).where(imported.c.subject == bindparam("before")).values(subject=bindparam("after"))
    ),
    Statement(update(imported).where(imported.c.subject == bindparam("after")).values(made=0)),
)
_GONE: Sequence[Statement] = (
    Statement(delete(standings).where(standings.c.subject == bindparam("before"))),
    Statement(delete(subjects).where(subjects.c.id == bindparam("before"))),
    # Told to the feed beside the leaf, and no part of it.
    Statement(update(leaves).where(IN_ANY_SPAN, leaves.c.subject == bindparam("before")).values(language="")),
)
