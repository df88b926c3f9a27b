"""The raw events of one contact, and what programs ever asked of the past."""

from collections.abc import Collection, Sequence

from sqlalchemy import Column, Connection, LargeBinary, String, Table, bindparam, insert, select

from engine.core.asked import Asked, asked_from_json, asked_to_json
from engine.core.flow import SENT
from engine.core.rereading import RawEvent
from engine.store import rows
from engine.store import schema as t
from engine.store.statement import Driver, Statement

asked = Table(  # by windows that are kept by it
    "asked",
    t.metadata,
    Column("digest", String, primary_key=True),
    Column("body", LargeBinary, nullable=False),
)

_EMITTED = 0  # when such a row was received: it was worked on when it was written down


def of(driver: Driver, contacts: Sequence[tuple[str, Collection[str]]], until: int) -> list[list[RawEvent]]:
    """The events of each contact that were worked on, in that order, where the inbox has been worked on up to
    `until`. Only those of the kinds named beside the contact have data."""
    return [_of(driver, contact, kinds, until) for contact, kinds in contacts]


def _of(driver: Driver, contact: str, kinds: Collection[str], until: int) -> list[RawEvent]:
    id_ = bytes.fromhex(contact)
    found = []
    if SENT in kinds:
        for key, at, flow, step, template, topic in _MAILS.rows(driver, id_):
            facts = {"flow": flow, "step": step, "template": template, "topic": topic}
            found.append(RawEvent(0, key.hex(), SENT, at, at, facts))
    for seq, id_text, kind, at, received, data in _EVENTS.rows(driver, id_):
        if seq <= until or received == _EMITTED:
            heard = at if received == _EMITTED else received
            facts = rows.data_of(data) if kind in kinds else {}
            found.append(RawEvent(seq, id_text or f"inbox-{seq}", kind, at, heard, facts))
    return found


def keep_asked(connection: Connection, new: Asked) -> dict[str, Asked]:
    """Write down what is asked for from now on; all that ever was, by digest."""
    known = {digest: asked_from_json(body) for digest, body in connection.execute(select(asked)).all()}
    if new.digest not in known:
        connection.execute(insert(asked), {"digest": new.digest, "body": asked_to_json(new)})
    return {**known, new.digest: new}


_inbox, _mail, _kind = t.inbox.c, t.mail.c, t.mail_kind.c
_EVENTS = Statement(
    select(_inbox.seq, _inbox.id, _inbox.kind, _inbox.at, _inbox.received, _inbox.data)
    .where(_inbox.contact == bindparam("contact_"))
    .order_by(_inbox.seq)
)
_MAILS = Statement(
    select(_mail.key, _mail.at, _kind.flow, _kind.step, _kind.template, _kind.topic)
    .join(t.mail_kind, _kind.id == _mail.kind)
    .where(_mail.contact == bindparam("contact_"))
    .order_by(_mail.at, _mail.key)
)
