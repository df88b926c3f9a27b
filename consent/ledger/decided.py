"""Decisions as they were recorded: the rows, as the records that their batch's tree is made of."""

from typing import Any

from sqlalchemy import Row, Select, select

from consent.proof.record import VERSION, Record
from consent.store.tables import batches, decisions


def decided() -> Select[Any]:
    """All decisions with the policy of their batch, in the order of the log."""
    joined = select(decisions, batches.c.policy).join(batches, batches.c.seq == decisions.c.batch)
    return joined.order_by(decisions.c.id)


def record_of(row: Row[Any]) -> Record:
    """The record of a row of `decided`."""
    return Record(
        attempt=row.attempt,
        mail_class=row._mapping["class"],
        consent_seq=row.consent_seq,
        epoch=row.epoch,
        key=row.key,
        measured=row.measured,
        message_id=row.message_id,
        policy=row.policy,
        purpose=row.purpose,
        reason=row.reason or "",
        subject=row.subject,
        template=row.template,
        topic=row.topic,
        v=VERSION,
        variant=row.variant,
        verdict="deny" if row.reason else "allow",
    )
