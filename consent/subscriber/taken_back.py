"""Taking back what an import brought, of people who have not acted since. Whoever left stays away: what an
import stopped is not started by undoing it."""

import json
from collections.abc import Collection, Sequence

from sqlalchemy import bindparam, delete, func, select, update

from consent.contract import MailClass
from consent.contract.imports import BroughtOne, TakenBack
from consent.ledger.subjects import load, move
from consent.ledger.transaction import Reading, Writing
from consent.states import Step
from consent.store.statement import Row, Statement
from consent.store.tables import IN_ANY_SPAN, among, decisions, imported, imports, leaves
from consent.subscriber.erasure import let_go
from consent.subscriber.imported import UNDONE

_PAGE = Statement(
    select(imported.c.row, imported.c.subject, func.max(imported.c.made), func.max(imported.c.seq))
    .where(imported.c["import"] == bindparam("of"), imported.c.row > bindparam("after"))
    .group_by(imported.c.row, imported.c.subject)
    .order_by(imported.c.row)
    .limit(bindparam("most"))
)
_NEWEST = Statement(
    select(leaves.c.subject, func.max(leaves.c.seq))
    .where(IN_ANY_SPAN, among(leaves.c.subject, "ids"))
    .group_by(leaves.c.subject)
)
_AMONG = Statement(
    select(imported.c.subject, func.max(imported.c.row), func.max(imported.c.made), func.max(imported.c.seq))
    .where(imported.c["import"] == bindparam("of"), among(imported.c.subject, "ids"))
    .group_by(imported.c.subject)
)
_MAILED = Statement(
    select(decisions.c.subject)
    .where(
        among(decisions.c.subject, "ids"),
        decisions.c.reason.is_(None),
        decisions.c["class"] == MailClass.MARKETING.value,
    )
    .distinct()
)
_TOPICS = Statement(
    select(imported.c.topic, imported.c.seq).where(
        imported.c["import"] == bindparam("of"), imported.c.subject == bindparam("who")
    )
)
_FORGET = Statement(
    delete(imported).where(imported.c["import"] == bindparam("of"), imported.c.subject == bindparam("who"))
)
_UNDONE = Statement(
    update(imports).where(imports.c.id == bindparam("of")).values(state=UNDONE, ended=bindparam("now"))
)


def brought_by(reading: Reading, id_: str, after: int, limit: int) -> list[BroughtOne]:
    """Those whom an import brought, by its rows behind `after`."""
    rows = _PAGE.rows(reading.driver, of=id_, after=after, most=limit)
    return _brought(reading, [(subject, row, made, seq) for row, subject, made, seq in rows])


def _brought(reading: Reading, rows: Sequence[Row]) -> list[BroughtOne]:
    ids = json.dumps([subject for subject, _, _, _ in rows])
    newest: dict[str, int] = dict(_NEWEST.rows(reading.driver, ids=ids))
    mailed = {subject for (subject,) in _MAILED.rows(reading.driver, ids=ids)}
    return [
        BroughtOne(row, subject, bool(made) and subject not in mailed, newest.get(subject, 0) > seq)
        for subject, row, made, seq in rows
    ]


def take_back_among(tx: Writing, id_: str, ids: Sequence[str], known: Collection[str]) -> TakenBack:
    """The same of those with these ids, as they stand now. Whoever was taken back before counts as it went
    then."""
    people = _brought(tx, _AMONG.rows(tx.driver, of=id_, ids=json.dumps(list(ids))))
    before = set(ids) - {one.subject for one in people}
    there = len(load(tx, sorted(before)))
    done = take_back(tx, id_, people, known)
    return TakenBack(done.forgotten + len(before) - there, done.put_back + there, done.stay)


def take_back(tx: Writing, id_: str, people: Sequence[BroughtOne], known: Collection[str]) -> TakenBack:
    """Take back what the import brought of `people`. Those in `known` are known elsewhere by now, and are not
    forgotten."""
    actor = f"import:{id_}"
    forgotten = put_back = stay = 0
    subjects = load(tx, [one.subject for one in people])
    for one in people:
        subject = subjects.get(one.subject)
        if subject is None:
            continue  # erased since
        if one.acted:
            stay += 1
            continue
        if one.made and one.subject not in known:
            let_go(tx, one.subject, subject.epoch + 1, actor)
            forgotten += 1
            continue
        for topic, seq in _TOPICS.rows(tx.driver, of=id_, who=one.subject):
            if subject.standing(topic).seq == seq:
                subject = subject.moved(topic, move(tx, subject, topic, Step.UNDONE, actor=actor))
        _FORGET.run(tx.driver, of=id_, who=one.subject)
        put_back += 1
    return TakenBack(forgotten, put_back, stay)


def undone(tx: Writing, id_: str) -> None:
    """All that could be taken back was."""
    _UNDONE.run(tx.driver, of=id_, now=tx.now)
