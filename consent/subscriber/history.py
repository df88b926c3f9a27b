"""One person's whole history: what happened, with the words shown and the evidence kept, and each
decision."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import msgspec
from sqlalchemy import Row, select

from consent.address import Address
from consent.contract.history import Decided, Happened, History, Stands
from consent.errors import WrongKeys
from consent.ledger.evidence import Vault
from consent.ledger.let_go import decisions_since
from consent.ledger.policy import read_purposes
from consent.ledger.subjects import Subject, find
from consent.ledger.transaction import Reading
from consent.ledger.whose import load_living, parts_of
from consent.store.columns import blob
from consent.store.tables import IN_ANY_SPAN, decisions, evidence, leaves, standings
from consent.subscriber.given_out import given_out
from consent.subscriber.put import Put
from consent.subscriber.receipts import given_again


def history(reading: Reading, address: Address) -> History | None:
    """The history of whoever has `address`; None if the service never heard of it."""
    identity = find(reading, address)
    return history_of(reading, identity, address.typed) if identity is not None else None


def history_of(reading: Reading, identity: str, typed: str = "") -> History | None:
    """The history of a subject, or of whom they have become part of, with what happened to all who are part
    of them; the address is shown as `typed` if what is sealed cannot be opened. None if there is no such
    subject."""
    subject = load_living(reading, identity)
    if subject is None:
        return None
    identity = subject.id
    parts = [identity, *parts_of(reading, [identity])]
    vault = reading.parts.vault
    stands = reading.conn.execute(
        select(standings).where(standings.c.subject == identity).order_by(standings.c.topic)
    )
    kept = {}
    for row in reading.conn.execute(select(evidence).where(evidence.c.subject == identity)):
        with suppress(WrongKeys):  # a damaged row is as one that is missing: it hides nothing else
            record, holds = _opened(vault, subject, row)
            kept[row.commitment] = given_out(reading, record) if record is not None else None, holds
    bodies = [
        msgspec.json.decode(body)
        for (body,) in reading.conn.execute(
            select(leaves.c.body).where(IN_ANY_SPAN, leaves.c.subject.in_(parts)).order_by(leaves.c.seq)
        )
    ]
    times = {body["seq"]: body["at"] for body in bodies}
    known = read_purposes(reading, list({body["notice"] for body in bodies if body["notice"]}))
    put = Put(subject.language, reading.rules.policy.default_language)
    events = []
    for body in bodies:
        purpose = known.get(body["notice"])
        opened = kept.get(body["evidence"])
        language = put.language(body, purpose, (opened[0] if opened else None) or {})
        events.append(
            Happened(
                leaf=body["seq"],
                at=body["at"],
                type=body["type"],
                topic=body["purpose"],
                before=body["from"],
                after=body["to"],
                actor=body["actor"],
                wording=purpose.wording.get(language, "") if purpose else "",
                evidence=opened[0] if opened else None,
                holds=opened[1] if opened else False if body["evidence"] else None,
                language=language,
            )
        )
    last = reading.parts.signing.last
    decided = reading.conn.execute(
        select(decisions).where(decisions.c.subject.in_(parts)).order_by(decisions.c.id)
    )
    return History(
        subject=identity,
        address=_address(vault, subject, typed),
        language=subject.language,
        epoch=subject.epoch,
        standings=tuple(_stands(reading, subject, row.topic, row.at, times) for row in stands),
        events=tuple(events),
        decisions=tuple(
            Decided(
                row.batch,
                row.at,
                row.key,
                row.attempt,
                row._mapping["class"],
                row.topic,
                row.reason or "",
                row.consent_seq,
                row.outcome or "",
                row.code,
            )
            for row in decided
        ),
        decisions_since=decisions_since(reading),
        receipts=given_again(identity, events, last.note if last is not None else ""),
    )


def _opened(vault: Vault, subject: Subject, row: Row[Any]) -> tuple[dict[str, Any] | None, bool | None]:
    """A row of evidence with its IP address in it, and whether both give their commitments; nothing of what
    is no longer kept."""
    if not row.sealed:
        return None, None
    plain, commitment = vault.open_evidence(subject.id, subject.wrapped, row.row, blob(row.sealed))
    record, holds = msgspec.json.decode(plain), commitment == row.commitment
    if row.ip:
        ip, proof = vault.open_ip(subject.id, subject.wrapped, row.row, blob(row.ip))
        holds = holds and proof in ("", record["ip"])
        record["ip"] = ip
    return record, holds


def _stands(reading: Reading, subject: Subject, topic: str, at: int, times: Mapping[int, int]) -> Stands:
    """In their own eyes: what a stop of the whole address holds back is withdrawn since then, what nobody
    confirmed in time has been over since that time."""
    standing, held = subject.standing(topic), subject.held(topic)
    state = subject.shown(topic, reading.now)
    if held:
        return Stands(topic, state, held, times.get(held, at))  # a row may name a leaf that is none
    return Stands(topic, state, standing.seq, standing.expires if standing.lapsed(reading.now) else at)


def _address(vault: Vault, subject: Subject, asked: str) -> str:
    """As it was typed; as it was asked for, if what is sealed cannot be opened."""
    try:
        return vault.open_address(subject.id, subject.wrapped, subject.sealed)
    except WrongKeys:
        return asked
