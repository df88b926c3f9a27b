"""What shops sell: by a sale, its customer may be told of similar goods until they object."""

import hashlib
from collections.abc import Sequence

from msgspec.structs import replace
from sqlalchemy import bindparam, select
from sqlalchemy.dialects.sqlite import insert

from consent.contract import ALL_FACTS, Basis, Sale
from consent.errors import WrongKeys
from consent.ledger.evidence import Evidence
from consent.ledger.subjects import Subject, keep_evidence, load, move
from consent.ledger.suppression import suppressed
from consent.ledger.transaction import Writing
from consent.ledger.whose import living
from consent.states import STOPPED, TRANSITIONS, State, Step
from consent.store.statement import Statement
from consent.store.tables import reports
from consent.subscriber.told import alive
from consent.subscriber.withdrawal import stop


def bought(tx: Writing, sales: Sequence[Sale]) -> list[bool]:
    """Record for each sale that its customer may be told of similar goods; False where they may not: they
    left, objected, or stand otherwise with the topic. A sale that is told again changes nothing, but for a no
    that it did not tell before: of a customer who said no the objection is recorded. Raises `ValueError`
    for a sale that lacks a fact, names no topic that rests on sales, or is about other goods than it."""
    whose = living(tx, [sale.subject for sale in sales])
    sales = [replace(sale, subject=whose.get(sale.subject, sale.subject)) for sale in sales]
    people = load(tx, [sale.subject for sale in sales])
    erased_before = suppressed(tx, people, lambda one: _address(tx, people[one]))
    done = []
    for sale in sales:
        notice = _notice(tx, sale)
        subject = people.get(sale.subject)
        if subject is None:
            done.append(False)
            continue
        may = subject.id not in erased_before and _may(subject)
        if sale.objected:
            people[subject.id] = _objected(tx, subject, sale)
        elif may and _fits(subject, sale.topic) and not _told(tx, sale):
            people[subject.id] = _recorded(tx, subject, sale, notice)
        after = people[subject.id].standing(sale.topic)
        done.append(may and after.state is State.SOFT_ACTIVE)
    return done


def _may(subject: Subject) -> bool:
    """Whether nothing lies over the whole address. Who ever objected to all marketing, or called a mail spam,
    gets what they have confirmed since, and nothing by a sale; a mailbox that failed may work again."""
    said_no = subject.objected or subject.complained
    return not subject.restricted and not said_no and subject.bounced <= subject.confirmed


def _fits(subject: Subject, topic: str) -> bool:
    return (subject.standing(topic).state, Step.SOFT_OPT_IN) in TRANSITIONS


def _address(tx: Writing, subject: Subject) -> str | None:
    try:
        return tx.parts.vault.open_address(subject.id, subject.wrapped, subject.sealed)
    except WrongKeys:  # what cannot be opened is mailed to nobody
        return None


def _recorded(tx: Writing, subject: Subject, sale: Sale, notice: str) -> Subject:
    _note(tx, sale, Step.SOFT_OPT_IN)
    facts = _evidence(tx, sale)
    standing = move(
        tx,
        subject,
        sale.topic,
        Step.SOFT_OPT_IN,
        actor=f"shop:{sale.source}",
        notice=notice,
        commitment=keep_evidence(tx, subject, facts),
        facts=ALL_FACTS,
    )
    alive(tx, [(subject.id, sale.at)])
    return subject.moved(sale.topic, standing)


def _objected(tx: Writing, subject: Subject, sale: Sale) -> Subject:
    """They said no when they were asked: no later sale brings them to the topic."""
    if subject.standing(sale.topic).state in STOPPED or Step.OBJECTED in _told(tx, sale):
        return subject
    _note(tx, sale, Step.OBJECTED)
    return stop(tx, subject, [sale.topic], f"shop:{sale.source}", _evidence(tx, sale), Step.OBJECTED)


def _evidence(tx: Writing, sale: Sale) -> Evidence:
    return {
        "schema": "sale/v1",
        "sale": sale.sale,
        "sold_at": sale.at,
        "category": sale.category,
        "objection": sale.offered,
        "objected": sale.objected,
        "source": sale.source,
        "at": tx.now,
    }


_NOTE = Statement(insert(reports).on_conflict_do_nothing())
_NOTED = Statement(select(reports.c.type).where(reports.c.key == bindparam("of")))


def _key(sale: Sale) -> str:
    """By what a sale is known when it is told again; it does not show the shop's own id. A no need not have
    one, and each is one of its own by when it was said."""
    told = (sale.subject, sale.topic, sale.sale, *([] if sale.sale else [str(sale.at)]))
    return hashlib.sha256("\0".join(told).encode()).hexdigest()


def _note(tx: Writing, sale: Sale, step: Step) -> None:
    _NOTE.run(tx.driver, key=_key(sale), type=step, subject=sale.subject, at=tx.now)


def _told(tx: Writing, sale: Sale) -> set[str]:
    """The steps that this sale has brought before."""
    return {row[0] for row in _NOTED.rows(tx.driver, of=_key(sale))}


def _notice(tx: Writing, sale: Sale) -> str:
    """The version of the topic that the sale is for; an objection needs no facts. Raises `ValueError`."""
    known = tx.rules.purposes.get(sale.topic)
    if known is None or known[1].basis is not Basis.SOFT_OPT_IN:
        raise ValueError(f"There is no topic `{sale.topic}` that rests on a sale.")
    if sale.objected:
        return known[0]
    missing = [
        words
        for words, there in (
            ("the id of the sale", sale.sale),
            ("when it was", sale.at > 0),
            ("the goods", sale.category),
            ("how the customer could object when their address was collected", sale.offered),
        )
        if not there
    ]
    if missing:
        raise ValueError(f"The sale for `{sale.topic}` does not say {', nor '.join(missing)}.")
    if sale.category != known[1].similar:
        raise ValueError(
            f"The topic `{sale.topic}` is about {known[1].similar}; a sale of {sale.category} is nothing "
            "similar."
        )
    return known[0]
